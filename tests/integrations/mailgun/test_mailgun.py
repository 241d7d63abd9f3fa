"""Mail through Mailgun over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from core.errors import (
    AuthenticationFailed,
    Invalid,
    Rejected,
    TransientError,
    Unauthorized,
    VendorRateLimited,
)
from core.protocols.email import EmailSender
from core.protocols.vendor import VendorContext
from integrations.mailgun.email import MailgunEmail, check_connection
from integrations.mailgun.settings import MailgunSettings
from integrations.mailgun.webhook import receive
from tests.contracts.email import MAIL as PLAIN
from tests.contracts.email import EmailSenderContract
from tests.integrations.mailing import NOW, TENANT, build_context, build_webhook
from tests.vendors.mailgun import DOMAIN, MailgunStandIn
from tests.vendors.standin import Fault

MAIL = replace(PLAIN, tenant_id=TENANT)
FAILED = {
    "event": "failed",
    "severity": "permanent",
    "id": "event-1",
    "timestamp": NOW.timestamp() - 20,
    "recipient": "ana@silva.example",
    "user-variables": {"mail_key": MAIL.idempotency_key},
    "delivery-status": {"message": "550 no such user", "code": 550},
}


@pytest.fixture
def mailgun() -> Iterator[MailgunStandIn]:
    with MailgunStandIn() as running:
        yield running
        assert running.errors == []


def build(server: MailgunStandIn, **changes: Any) -> VendorContext:
    settings = MailgunSettings.model_validate({**server.settings(), **changes})
    context = build_context(settings, server.credentials())
    context.credentials.stored[""] = dict(server.credentials())  # type: ignore[attr-defined]
    return context


class TestMailgunKeepsThePromises(EmailSenderContract):
    """All of them: it takes our own MIME text."""

    @pytest.fixture
    def sender(self, mailgun: MailgunStandIn) -> EmailSender:
        self._server = mailgun
        return MailgunEmail(build(mailgun))

    def inbox(self) -> list[EmailMessage]:
        return self._server.mails


async def test_the_key_travels_with_the_mail(mailgun: MailgunStandIn) -> None:
    await MailgunEmail(build(mailgun)).send(MAIL)
    assert mailgun.fields[0]["v:mail_key"] == [MAIL.idempotency_key]
    assert mailgun.fields[0]["to"] == ["ana@silva.example"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), TransientError),
        (Fault(status=429, retry_after=7), VendorRateLimited),
        (Fault(status=401), AuthenticationFailed),
        (Fault(status=400), Rejected),
        (Fault(status=404), Rejected),
        (Fault("cut_before"), TransientError),
    ],
)
async def test_every_failure_says_who_acts_next(
    mailgun: MailgunStandIn, fault: Fault, error: type[Exception]
) -> None:
    mailgun.faults.order(fault)
    sender = MailgunEmail(build(mailgun))
    with pytest.raises(error) as raised:
        await sender.send(MAIL)
    assert mailgun.credentials()["api_key"] not in str(raised.value)
    await sender.send(MAIL)
    assert len(mailgun.mails) == 1


@pytest.mark.parametrize("kind", ["cut_after", "half"])
async def test_a_lost_answer_may_send_twice_with_one_message_id(
    mailgun: MailgunStandIn, kind: Any
) -> None:
    """Mailgun knows no idempotency key: README. Mail programs show one of the two."""
    mailgun.faults.order(Fault(kind))
    sender = MailgunEmail(build(mailgun))
    with pytest.raises(TransientError):
        await sender.send(MAIL)
    await sender.send(MAIL)
    assert len({mail["Message-ID"] for mail in mailgun.mails}) == 1


async def test_the_region_says_where_the_api_is() -> None:
    assert MailgunSettings(domain=DOMAIN, region="eu").address == "https://api.eu.mailgun.net"
    assert MailgunSettings(domain=DOMAIN).address == "https://api.mailgun.net"


async def test_an_admin_can_try_key_and_domain(mailgun: MailgunStandIn) -> None:
    assert "active" in await check_connection(build(mailgun), TENANT)
    for domain, problem in (("", "not set"), ("mg.other.example", "no domain")):
        with pytest.raises(Rejected, match=problem):
            await check_connection(build(mailgun, domain=domain), TENANT)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "bounced"),
        ({"severity": "temporary"}, "delayed"),
        ({"event": "delivered"}, "delivered"),
        ({"event": "opened"}, "opened"),
        ({"event": "clicked"}, "clicked"),
        ({"event": "complained"}, "complained"),
        ({"event": "unsubscribed"}, "unsubscribed"),
    ],
)
async def test_an_event_comes_back_in_our_words(
    mailgun: MailgunStandIn, change: dict[str, Any], kind: str
) -> None:
    body = mailgun.sign({**FAILED, **change}, NOW)
    (event,) = (await receive(build(mailgun), build_webhook({}, body))).events
    assert (event.kind, event.id, event.subject) == (kind, "t" * 50, MAIL.idempotency_key)


async def test_forged_old_and_unreadable_events_are_refused(mailgun: MailgunStandIn) -> None:
    context = build(mailgun)
    forged = mailgun.sign(FAILED, NOW).replace(b'"token": "t', b'"token": "x')
    old = mailgun.sign(FAILED, NOW - timedelta(minutes=6))
    for body in (forged, old):
        with pytest.raises(Unauthorized):
            await receive(context, build_webhook({}, body))
    for body in (b"", b"{}", b"[]", b'{"signature": {}, "event-data": {}}'):
        with pytest.raises(Invalid):
            await receive(context, build_webhook({}, body))
    with pytest.raises(Unauthorized):
        await receive(
            build_context(context.settings, None),
            build_webhook({}, mailgun.sign(FAILED, NOW)),
        )


async def test_events_of_foreign_mails_are_none_of_ours(mailgun: MailgunStandIn) -> None:
    body = mailgun.sign({**FAILED, "user-variables": {}}, NOW)
    assert (await receive(build(mailgun), build_webhook({}, body))).events == ()

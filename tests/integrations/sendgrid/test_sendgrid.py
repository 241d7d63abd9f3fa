"""Mail through SendGrid, with its own library over real HTTP."""

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
from integrations.sendgrid.email import SendGridEmail, check_connection
from integrations.sendgrid.settings import SendGridSettings
from integrations.sendgrid.webhook import receive
from tests.contracts.email import MAIL as PLAIN
from tests.contracts.email import EmailSenderContract
from tests.integrations.mailing import NOW, TENANT, build_context, build_webhook
from tests.vendors.sendgrid import SendGridStandIn
from tests.vendors.standin import Fault

MAIL = replace(PLAIN, tenant_id=TENANT)
BOUNCE = {
    "event": "bounce",
    "type": "bounce",
    "email": "ana@silva.example",
    "sg_event_id": "event-1",
    "mail_key": MAIL.idempotency_key,
    "reason": "550 no such user",
    "timestamp": int(NOW.timestamp()) - 20,
}


@pytest.fixture
def sendgrid() -> Iterator[SendGridStandIn]:
    with SendGridStandIn() as running:
        yield running
        assert running.errors == []


def build(server: SendGridStandIn, **changes: Any) -> VendorContext:
    settings = SendGridSettings.model_validate({**server.settings(), **changes})
    context = build_context(settings, server.credentials())
    context.credentials.stored[""] = dict(server.credentials())  # type: ignore[attr-defined]
    return context


class TestSendGridKeepsThePromises(EmailSenderContract):
    """But for what its API cannot carry."""

    # SendGrid writes the Date itself, when it takes the mail.
    keeps_date = False
    # Its API refuses parameters of a content type; the method stands in the calendar file.
    keeps_invitation = False

    @pytest.fixture
    def sender(self, sendgrid: SendGridStandIn) -> EmailSender:
        self._server = sendgrid
        return SendGridEmail(build(sendgrid))

    def inbox(self) -> list[EmailMessage]:
        return self._server.mails()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=500), TransientError),
        (Fault(status=429, retry_after=7), VendorRateLimited),
        (Fault(status=401), AuthenticationFailed),
        (Fault(status=403), Rejected),
        (Fault(status=400, body='{"errors":[{"message":"from is not verified"}]}'), Rejected),
        (Fault("cut_before"), TransientError),
        (Fault("slow", seconds=2, done=False), TransientError),
    ],
)
async def test_every_failure_says_who_acts_next(
    sendgrid: SendGridStandIn, fault: Fault, error: type[Exception]
) -> None:
    sendgrid.faults.order(fault)
    sender = SendGridEmail(build(sendgrid, timeout_seconds=fault.patience))
    with pytest.raises(error) as raised:
        await sender.send(MAIL)
    assert sendgrid.credentials()["api_key"] not in str(raised.value)
    if fault.retry_after:
        assert raised.value.retry_after == timedelta(seconds=7)  # type: ignore[attr-defined]
    await sender.send(MAIL)
    assert len(sendgrid.bodies) == 1


async def test_the_words_of_a_refusal_reach_staff(sendgrid: SendGridStandIn) -> None:
    sendgrid.faults.order(Fault(status=400, body='{"errors":[{"message":"not verified"}]}'))
    with pytest.raises(Rejected, match="not verified"):
        await SendGridEmail(build(sendgrid)).send(MAIL)


async def test_links_are_not_rewritten_and_opening_is_not_watched(
    sendgrid: SendGridStandIn,
) -> None:
    await SendGridEmail(build(sendgrid)).send(MAIL)
    (body,) = sendgrid.bodies
    assert body["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}
    assert body["tracking_settings"]["open_tracking"] == {"enable": False}


async def test_an_admin_can_try_the_key(sendgrid: SendGridStandIn) -> None:
    assert "accepted" in await check_connection(build(sendgrid), TENANT)
    context = build_context(SendGridSettings(**sendgrid.settings()), {"api_key": "SG.wrong"})
    with pytest.raises(AuthenticationFailed):
        await check_connection(context, TENANT)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({}, "bounced"),
        ({"type": "blocked"}, "refused"),
        ({"event": "dropped"}, "bounced"),
        ({"event": "delivered"}, "delivered"),
        ({"event": "open"}, "opened"),
        ({"event": "click"}, "clicked"),
        ({"event": "deferred"}, "delayed"),
        ({"event": "spamreport"}, "complained"),
        ({"event": "unsubscribe"}, "unsubscribed"),
    ],
)
async def test_an_event_comes_back_in_our_words(
    sendgrid: SendGridStandIn, change: dict[str, Any], kind: str
) -> None:
    headers, body = sendgrid.sign([{**BOUNCE, **change}], NOW)
    answer = await receive(build(sendgrid), build_webhook(headers, body))
    (event,) = answer.events
    assert (event.kind, event.id, event.subject) == (kind, "event-1", MAIL.idempotency_key)
    assert event.payload["recipient"] == "ana@silva.example"


async def test_what_is_not_ours_or_unknown_is_no_event(sendgrid: SendGridStandIn) -> None:
    others = [{**BOUNCE, "mail_key": None}, {**BOUNCE, "event": "processed"}, "odd", {"event": []}]
    headers, body = sendgrid.sign(others, NOW)  # type: ignore[arg-type]
    assert (await receive(build(sendgrid), build_webhook(headers, body))).events == ()


async def test_forged_old_and_unreadable_events_are_refused(sendgrid: SendGridStandIn) -> None:
    context = build(sendgrid)
    headers, body = sendgrid.sign([BOUNCE], NOW)
    older, old_body = sendgrid.sign([BOUNCE], NOW - timedelta(minutes=6))
    timestamp = "x-twilio-email-event-webhook-timestamp"
    for changed, content in (
        (headers, body.replace(b"ana@", b"bob@")),
        ({}, body),
        ({**headers, timestamp: "x"}, body),
        ({**headers, timestamp: str(int(NOW.timestamp()) + 1)}, body),
        (older, old_body),
    ):
        with pytest.raises(Unauthorized):
            await receive(context, build_webhook(changed, content))
    odd, odd_body = sendgrid.sign({"not": "a list"}, NOW)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        await receive(context, build_webhook(odd, odd_body))


async def test_without_a_verification_key_nobody_is_believed(sendgrid: SendGridStandIn) -> None:
    headers, body = sendgrid.sign([BOUNCE], NOW)
    for known in (None, {"api_key": "SG.x"}, {"verification_key": "no key at all"}):
        context = build_context(SendGridSettings(), known)
        with pytest.raises(Unauthorized):
            await receive(context, build_webhook(headers, body))

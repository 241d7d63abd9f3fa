"""Mail through a mail server, with the real library and a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage

import pytest

from core.errors import AuthenticationFailed, PermanentError, Rejected, TransientError
from core.protocols.email import EmailSender
from integrations.smtp.email import SmtpEmail, check_connection
from integrations.smtp.settings import SmtpSettings
from tests.contracts.email import MAIL as PLAIN
from tests.contracts.email import EmailSenderContract
from tests.integrations.mailing import TENANT, build_context
from tests.vendors.smtp import SmtpStandIn

MAIL = replace(PLAIN, tenant_id=TENANT)


@pytest.fixture(params=["starttls", "tls"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpStandIn]:
    with SmtpStandIn(request.param) as running:
        yield running


def build(server: SmtpStandIn, **changes: str) -> SmtpEmail:
    settings = SmtpSettings.model_validate(server.settings())
    return SmtpEmail(build_context(settings, {**server.credentials(), **changes}))


class TestSmtpKeepsThePromises(EmailSenderContract):
    """Over STARTTLS and over TLS."""

    @pytest.fixture
    def sender(self, server: SmtpStandIn) -> EmailSender:
        self._server = server
        settings = SmtpSettings.model_validate(server.settings())
        context = build_context(settings, server.credentials())
        context.credentials.stored[""] = dict(server.credentials())  # type: ignore[attr-defined]
        return SmtpEmail(context)

    def inbox(self) -> list[EmailMessage]:
        return self._server.mails


async def test_the_envelope_names_sender_and_every_recipient(server: SmtpStandIn) -> None:
    await build(server).send(MAIL)
    (envelope,) = server.envelopes
    assert envelope.mail_from == MAIL.sender.email
    assert envelope.rcpt_tos == [person.email for person in MAIL.recipients]


@pytest.mark.parametrize(
    ("answer", "error"),
    [("451 4.3.0 Come back later", TransientError), ("554 5.7.1 No spam here", Rejected)],
)
async def test_the_servers_word_says_who_acts_next(
    server: SmtpStandIn, answer: str, error: type[Exception]
) -> None:
    server.answers.append(answer)
    sender = build(server)
    with pytest.raises(error, match=answer[4:9]):
        await sender.send(MAIL)
    await sender.send(MAIL)
    assert len(server.mails) == 1


async def test_a_refused_recipient_is_named_without_the_address(server: SmtpStandIn) -> None:
    server.refused[MAIL.recipients[0].email] = "550 5.1.1 <ana@silva.example> no such user"
    with pytest.raises(Rejected) as raised:
        await build(server).send(MAIL)
    assert "no such user" in raised.value.excerpt
    assert "ana@silva.example" not in str(raised.value)
    assert server.mails == []


async def test_a_wrong_password_is_no_reason_to_try_again(server: SmtpStandIn) -> None:
    with pytest.raises(AuthenticationFailed) as raised:
        await build(server, password="wrong secret words").send(MAIL)
    assert "wrong secret words" not in str(raised.value)


async def test_the_password_never_travels_in_the_clear() -> None:
    """A server that offers no STARTTLS is refused before anything is said."""
    with SmtpStandIn("none") as server:
        settings = SmtpSettings.model_validate({**server.settings(), "security": "starttls"})
        sender = SmtpEmail(build_context(settings, server.credentials()))
        with pytest.raises((PermanentError, TransientError)):
            await sender.send(MAIL)
        assert server.mails == []


async def test_an_unknown_certificate_is_refused(server: SmtpStandIn) -> None:
    settings = SmtpSettings.model_validate({**server.settings(), "ca_file": ""})
    with pytest.raises((PermanentError, TransientError), match=r"(?i)certificate"):
        await SmtpEmail(build_context(settings, server.credentials())).send(MAIL)


async def test_a_server_that_is_gone_is_tried_again_later() -> None:
    settings = SmtpSettings(host="127.0.0.1", port=1, security="none", timeout_seconds=2)
    with pytest.raises(TransientError):
        await SmtpEmail(build_context(settings, None)).send(MAIL)


async def test_an_admin_can_try_the_connection(server: SmtpStandIn) -> None:
    context = build_context(SmtpSettings.model_validate(server.settings()), server.credentials())
    assert "answers 250" in await check_connection(context, TENANT)

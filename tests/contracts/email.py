"""What every `EmailSender` promises. A vendor's tests subclass this and say how to look at what
arrived; `tests/integrations/local/test_email.py` is the first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from core.errors import PermanentError
from core.protocols.email import CalendarPart, EmailSender, MailAddress, OutgoingMail

CALENDAR = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX-TEXT:größer\r\nEND:VCALENDAR\r\n"
MAIL = OutgoingMail(
    idempotency_key="summary-visitor.0199",
    sender=MailAddress("hello@larkmere.example", "Larkmere Instruments"),
    recipients=(MailAddress("ana@silva.example", "Ana Conceição, PhD"),),
    subject="Your meeting with Larkmère Instruments: Monday 21 December, "
    "10:00–10:30 (Europe/Berlin, UTC+1)",
    text="Olá Ana,\n\n.\nFrom here on: €5.\n" + "long " * 60,
    html="<!doctype html><p>Olá <b>Ana</b> – €5</p>" + "<i>long</i> " * 100,
    written_at=datetime(2026, 11, 22, 10, 0, tzinfo=UTC),
    language="pt",
    reply_to=MailAddress("sales@larkmere.example"),
)


class EmailSenderContract:
    """Subclasses give `sender` and `inbox`, a function that returns what arrived.

    What a vendor cannot keep is said here, with the reason beside the value: `keeps_date`, the
    moment of writing; `keeps_invitation`, the invitation as a part with its method.
    """

    keeps_date = True
    keeps_invitation = True

    @pytest.fixture
    def sender(self) -> EmailSender:
        raise NotImplementedError

    def inbox(self) -> list[EmailMessage]:
        raise NotImplementedError

    async def test_a_mail_arrives_as_it_was_written(self, sender: EmailSender) -> None:
        message_id = await sender.send(MAIL)
        (mail,) = self.inbox()
        assert mail["Message-ID"] == message_id
        assert mail["Subject"] == MAIL.subject
        assert mail["From"].addresses[0].display_name == "Larkmere Instruments"
        assert mail["To"].addresses[0].display_name == "Ana Conceição, PhD"
        assert mail["To"].addresses[0].addr_spec == "ana@silva.example"
        assert mail["Reply-To"].addresses[0].addr_spec == "sales@larkmere.example"
        if self.keeps_date:
            assert mail["Date"].datetime == MAIL.written_at
        assert mail["Content-Language"] == "pt"
        assert read_body(mail, "plain") == MAIL.text
        assert read_body(mail, "html") == MAIL.html

    async def test_the_same_key_arrives_once(self, sender: EmailSender) -> None:
        first = await sender.send(MAIL)
        assert await sender.send(MAIL) == first
        await asyncio.gather(*(sender.send(MAIL) for _ in range(5)))
        assert len(self.inbox()) == 1

    async def test_another_key_is_another_mail(self, sender: EmailSender) -> None:
        keys = ("summary-visitor.0199", "summary-visitor.0200", "Summary/Visitor 0200", "../0200")
        ids = {await sender.send(replace(MAIL, idempotency_key=key)) for key in keys}
        assert len(ids) == len(self.inbox()) == 4

    async def test_an_invitation_is_one_that_mail_programs_know(self, sender: EmailSender) -> None:
        await sender.send(replace(MAIL, calendar=CalendarPart(CALENDAR, "REQUEST")))
        (mail,) = self.inbox()
        part = next(p for p in mail.walk() if p.get_content_type() == "text/calendar")
        if self.keeps_invitation:
            assert part["Content-Type"].params["method"] == "REQUEST"
            assert part["Content-Type"].params["charset"].lower() == "utf-8"
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        content = content.decode()
        assert content.replace("\r\n", "\n") == CALENDAR.replace("\r\n", "\n")
        assert read_body(mail, "plain") == MAIL.text

    async def test_one_click_unsubscribing_is_offered_whole(self, sender: EmailSender) -> None:
        address = "https://chat.larkmere.example/u/" + "abcdefghij" * 30
        await sender.send(replace(MAIL, unsubscribe_url=address))
        (mail,) = self.inbox()
        assert mail["List-Unsubscribe"] == f"<{address}>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"subject": "Hello\r\nBcc: everybody@example.com"},
            {"recipients": (MailAddress("ana@silva.example\r\nBcc: x@example.com"),)},
            {"recipients": (MailAddress("ana@silva.example", "Ana\r\nBcc: x@example.com"),)},
            {"recipients": (MailAddress("no address"),)},
            {"recipients": ()},
            {"reply_to": MailAddress("a@example.com\nX-More: yes")},
            {"unsubscribe_url": "https://x.example/\r\nX-More: yes"},
            {"language": "en\r\nX-More: yes"},
        ],
    )
    async def test_no_header_can_be_smuggled_in(
        self, sender: EmailSender, wrong: dict[str, object]
    ) -> None:
        with pytest.raises(PermanentError):
            await sender.send(replace(MAIL, **wrong))  # type: ignore[arg-type]
        assert self.inbox() == []


def read_body(mail: EmailMessage, kind: str) -> str:
    """The text of a part, with the line ends of mail made plain ones."""
    part = mail.get_body((kind,))
    assert part is not None
    content = str(part.get_content()).replace("\r\n", "\n")
    # A part ends with a line end of its own.
    return content.removesuffix("\n") if not MAIL.text.endswith("\n") else content

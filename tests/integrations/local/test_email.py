"""Mail as files."""

from __future__ import annotations

import email.policy
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest

from core.errors import TransientError
from core.protocols.email import CalendarPart, EmailSender, MailAddress
from integrations.local.email import LocalEmailSender
from tests.contracts.email import CALENDAR, MAIL, EmailSenderContract

STANDARD = email.policy.default.clone(raise_on_defect=True)


class TestLocalEmailSender(EmailSenderContract):
    folder: Path

    @pytest.fixture
    def sender(self, tmp_path: Path) -> EmailSender:
        self.folder = tmp_path / "mail"
        return LocalEmailSender(self.folder)

    def inbox(self) -> list[EmailMessage]:
        paths = sorted(self.folder.iterdir()) if self.folder.exists() else []
        assert all(path.suffix == ".eml" and not path.name.startswith(".") for path in paths)
        return [message_from_bytes(path.read_bytes(), policy=STANDARD) for path in paths]


def find_only(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


async def test_a_repeat_writes_the_same_bytes(tmp_path: Path) -> None:
    mail = replace(MAIL, calendar=CalendarPart(CALENDAR, "REQUEST"))
    sender = LocalEmailSender(tmp_path)
    await sender.send(mail)
    path = find_only(tmp_path)
    before = path.read_bytes()
    await sender.send(mail)
    assert path.read_bytes() == before
    assert path.name == "summary-visitor.0199.eml"


async def test_a_file_is_standard_mail(tmp_path: Path) -> None:
    await LocalEmailSender(tmp_path).send(replace(MAIL, calendar=CalendarPart(CALENDAR, "CANCEL")))
    path = find_only(tmp_path)
    content = path.read_bytes()
    assert content.isascii()
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, content.split(b"\r\n"))) <= 998
    mail = message_from_bytes(content, policy=STANDARD)
    kinds = [part.get_content_type() for part in mail.walk()]
    assert kinds == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
        "application/ics",
    ]
    assert path.stat().st_mode & 0o077 == 0


async def test_a_domain_in_other_letters_is_sent_to_its_ascii_form(tmp_path: Path) -> None:
    mail = replace(MAIL, recipients=(MailAddress("jo@bücher.example"),))
    await LocalEmailSender(tmp_path).send(mail)
    path = find_only(tmp_path)
    assert b"jo@xn--bcher-kva.example" in path.read_bytes()


async def test_a_folder_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("in the way")
    with pytest.raises(TransientError):
        await LocalEmailSender(tmp_path / "mail").send(MAIL)

"""A mail as it travels: RFC 5322 and MIME, byte for byte the same at every attempt."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email.generator import BytesGenerator
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from io import BytesIO
from typing import Any

from core.errors import Rejected
from core.protocols.email import MailAddress, OutgoingMail

_VENDOR = "mail"
_ONE_CLICK = "List-Unsubscribe=One-Click"


class _MailPolicy(EmailPolicy):
    """Standard mail, but for two headers that the library folds badly.

    An address longer than a line must stay in one piece: as encoded words it is no link any
    more. And a subject that is encoded in part gets a second space where its line breaks.
    """

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header as it stands in the file."""
        if name.lower() == "list-unsubscribe":
            return f"{name}: {value}\r\n".encode("ascii")
        if name.lower() == "subject" and not str(value).isascii():
            words = Header(str(value), "utf-8", header_name=name).encode(linesep="\r\n")
            return f"{name}: {words}\r\n".encode("ascii")
        return super().fold_binary(name, value)


_POLICY = _MailPolicy(linesep="\r\n", raise_on_defect=True)


def build_message_id(mail: OutgoingMail) -> str:
    """The same for the same key, so that a repeat is known as one."""
    host = _plain_host(mail.sender.email)
    return f"<{hashlib.sha256(mail.idempotency_key.encode()).hexdigest()[:32]}@{host}>"


def encode_mail(mail: OutgoingMail) -> bytes:
    """The mail in the form of RFC 5322 and MIME, with CRLF.

    Raises:
        Rejected: an address or the subject cannot stand in a mail.
    """
    message = EmailMessage(policy=_POLICY)
    try:
        message["From"] = _address(mail.sender)
        message["To"] = _addresses(mail.recipients)
        if mail.reply_to:
            message["Reply-To"] = _address(mail.reply_to)
        message["Subject"] = mail.subject
        message["Date"] = mail.written_at
        message["Message-ID"] = build_message_id(mail)
        # RFC 3834: no vacation note in reply to what a program wrote.
        message["Auto-Submitted"] = "auto-generated"
        if mail.unsubscribe_url:
            _check_url(mail.unsubscribe_url)
            message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = _ONE_CLICK
        _add_parts(message, mail)
        # Last: whatever sets a content takes headers of the content before away.
        message["Content-Language"] = mail.language
        return _as_bytes(message, mail.idempotency_key)
    except (ValueError, IndexError, UnicodeError) as error:
        raise Rejected(_VENDOR, "encode", str(error)) from None


def _add_parts(message: EmailMessage, mail: OutgoingMail) -> None:
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    if mail.calendar is None:
        return
    part = mail.calendar
    message.add_alternative(
        part.content, subtype="calendar", cte="base64", params={"method": part.method}
    )
    # Once more as a file: programs that know no invitations offer it for opening.
    message.add_attachment(
        part.content.encode(), maintype="application", subtype="ics", filename="invite.ics"
    )


def _as_bytes(message: EmailMessage, key: str) -> bytes:
    # Boundaries are random by default; the same mail shall be the same file.
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        digest = hashlib.sha256(f"{key} {number}".encode()).hexdigest()[:24]
        part.set_boundary(f"=_{digest}")
    buffer = BytesIO()
    BytesGenerator(buffer, policy=_POLICY, mangle_from_=False).flatten(message)
    return buffer.getvalue()


def _addresses(people: Sequence[MailAddress]) -> list[Address]:
    if not people:
        raise ValueError("there is no recipient")
    return [_address(person) for person in people]


def _address(person: MailAddress) -> Address:
    local, at, _ = person.email.rpartition("@")
    if not at or not local.isascii() or any(sign.isspace() for sign in person.email):
        raise ValueError("an address is none, or needs SMTPUTF8")
    name = person.name
    if any(not sign.isprintable() for sign in name):
        raise ValueError("a name has signs that cannot be printed")
    return Address(display_name=name, addr_spec=f"{local}@{_plain_host(person.email)}")


def _plain_host(email: str) -> str:
    return email.rpartition("@")[2].encode("idna").decode()


def _check_url(url: str) -> None:
    if not url.isascii() or not url.isprintable() or any(sign in url for sign in " <>"):
        raise ValueError("the unsubscribe address is none")

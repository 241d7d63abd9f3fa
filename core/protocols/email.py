"""Mail that leaves us: what one mail holds, and who sends it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An address and the name shown beside it."""

    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """A calendar file (RFC 5545). `method` is what it asks: REQUEST or CANCEL (RFC 6047)."""

    content: str
    method: str


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A whole mail. The same `idempotency_key` is the same mail, however often it is sent.

    `tenant_id` says whose account at the vendor it leaves from. `unsubscribe_url` takes a POST
    with `List-Unsubscribe=One-Click` (RFC 8058).
    """

    idempotency_key: str
    sender: MailAddress
    recipients: tuple[MailAddress, ...]
    subject: str
    text: str
    html: str
    written_at: datetime
    language: str = "en"
    reply_to: MailAddress | None = None
    calendar: CalendarPart | None = None
    unsubscribe_url: str = ""
    tenant_id: str = ""


class EmailSender(Protocol):
    """Hands mail to whoever delivers it."""

    async def send(self, mail: OutgoingMail) -> str:
        """Send it; returns its Message-ID. Safe to repeat: a mail that was handed over under
        the same key before reaches its recipients once.

        Raises:
            TransientError: it cannot be handed over now.
            PermanentError: it is refused, e.g. because an address is none.
        """
        ...

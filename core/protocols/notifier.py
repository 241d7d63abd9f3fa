"""A notice to staff: something happened that a person should know now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Level = Literal["info", "warning", "critical"]


@dataclass(frozen=True, slots=True)
class NoticeAction:
    """A button. Pressing it brings `value` back to us, signed by the vendor."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice. The same `idempotency_key` is the same notice, however often it is sent.

    `recipient` is the vendor's own way to name one: a channel or member of Slack, an e-mail
    address, or an endpoint. `facts` are shown as label and value. `kind` is a stable name for
    machines, e.g. `lead.qualified`.
    """

    idempotency_key: str
    kind: str
    title: str
    text: str
    recipient: str
    happened_at: datetime
    level: Level = "info"
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""
    actions: tuple[NoticeAction, ...] = ()


class Notifier(Protocol):
    """Tells staff."""

    async def notify(self, tenant_id: str, notice: Notice) -> str:
        """Send it; returns the vendor's id of the message.

        Raises:
            TransientError: it cannot be sent now.
            PermanentError: it is refused, e.g. because the channel does not exist.
        """
        ...

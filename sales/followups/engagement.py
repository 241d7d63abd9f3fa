"""Whether a person opened what was mailed to them, as far as the mails' carrier tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select

from core.db import Database, keep
from sales.followups.models import Mail
from sales.followups.rules import SEEN
from sales.followups.schemas import MailKind

_TO_VISITORS: tuple[MailKind, ...] = (
    "summary_visitor",
    "appointment_booked",
    "appointment_rescheduled",
    "appointment_cancelled",
)
# Asked for every package: each by its own index.
_BY_LEAD, _BY_CONVERSATION = (
    keep(
        select(Mail.recipients, Mail.delivery, Mail.delivery_at).where(
            column == bindparam("key"),
            or_(*(Mail.kind == kind for kind in _TO_VISITORS)),
            or_(*(Mail.delivery == seen for seen in SEEN)),
        )
    )
    for column in (Mail.lead_id, Mail.conversation_id)
)


@dataclass(frozen=True, slots=True)
class MailEngagement:
    """What a person did with mails. `clicked` is None where no click was told: not every carrier
    follows links. `last_opened_at` (UTC): the latest opening or click that was told."""

    clicked: bool | None
    last_opened_at: datetime | None


async def find_engagement(
    database: Database, tenant_id: str, lead_id: str, email: str, conversation_ids: Sequence[str]
) -> MailEngagement | None:
    """What the person with this address did with the mails of a lead and its conversations. None:
    nothing was told, which does not say that nothing was opened."""
    found = await database.fetch(
        tenant_id,
        (_BY_LEAD, {"key": lead_id}),
        *((_BY_CONVERSATION, {"key": conversation_id}) for conversation_id in conversation_ids),
    )
    own = [
        (row[1], row[2])
        for rows in found
        for row in rows
        if any(str(one["email"]).casefold() == email.casefold() for one in row[0])
    ]
    if not own:
        return None
    clicked = True if any(delivery == "clicked" for delivery, _ in own) else None
    return MailEngagement(clicked, max((at for _, at in own if at is not None), default=None))

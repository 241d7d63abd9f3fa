"""Which conversations staff may see, and whose they are: conversations have no owner, leads do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, not_, select

from core.db import Database
from sales.leads.models import Lead, LeadConversation
from sales.leads.repository import build_scope
from sales.organization.schemas import Scope


@dataclass(frozen=True, slots=True)
class ConversationLead:
    """The lead of a conversation, as a list of conversations shows it."""

    lead_id: str
    name: str
    company: str
    tier: str
    score: int


def restrict_to(scope: Scope) -> Callable[[Any], Sequence[ColumnElement[bool]]]:
    """Everybody sees a conversation that is no lead's yet: it may need somebody now. That of a
    lead is seen by those who see the lead."""

    def restrict(conversation_id: Any) -> Sequence[ColumnElement[bool]]:
        conditions = build_scope(scope)
        if not conditions:
            return ()
        theirs = exists().where(
            LeadConversation.conversation_id == conversation_id,
            Lead.id == LeadConversation.lead_id,
            not_(conditions[0]),
        )
        return (not_(theirs),)

    return restrict


async def list_leads_of(
    database: Database, tenant_id: str, conversation_ids: Sequence[str]
) -> dict[str, ConversationLead]:
    """The leads of some conversations, by the conversation's id."""
    query = (
        select(
            LeadConversation.conversation_id,
            Lead.id,
            Lead.first_name,
            Lead.last_name,
            Lead.company,
            Lead.tier,
            Lead.qualification_score,
        )
        .join(Lead, Lead.id == LeadConversation.lead_id)
        .where(LeadConversation.conversation_id.in_(conversation_ids))
    )
    async with database.reading(tenant_id) as uow:
        rows = (await uow.session.execute(query)).all()
    return {
        row[0]: ConversationLead(row[1], f"{row[2]} {row[3]}".strip(), row[4] or "", row[5], row[6])
        for row in rows
    }

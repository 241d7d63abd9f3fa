"""What sales tried with a person, in the words of S0 3.1's `previousInteractions`. Pure but for the
reading of facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from core.db import Database
from sales.feedback.repository import FeedbackRepository, read_fact
from sales.feedback.rules import NOT_READY, sort_facts
from sales.feedback.schemas import Fact
from sales.handoffs.package import Contact
from sales.leads.outside_changes import find_known

# S0 3.1 has no word for a text message.
_KINDS: dict[str, Literal["call", "email"]] = {"phone": "call", "email": "email"}
_LATEST = 50


async def list_contacts(database: Database, tenant_id: str, lead_id: str) -> tuple[Contact, ...]:
    """The attempts to reach a lead that sales told of, oldest first."""
    async with database.reading(tenant_id) as uow:
        lead = await find_known(uow, lead_id)
        if lead is None:
            return ()
        rows = await FeedbackRepository(uow).list_facts(lead.ids)
    return read_contacts([read_fact(row) for row in rows])


def read_contacts(facts: Sequence[Fact]) -> tuple[Contact, ...]:
    """Attempts as the package names them. What sales thought of the person stands with the talk
    before it; where S0 has no word for an outcome there is none."""
    found: list[Contact] = []
    talked: int | None = None
    for fact in sort_facts(facts):
        kind = _KINDS.get(str(fact.data.get("method")))
        if fact.kind == "attempt" and kind is not None:
            missed = fact.data.get("outcome") == "no-answer"
            found.append(Contact(fact.happened_at, kind, "no-response" if missed else None))
            if fact.data.get("outcome") == "contacted":
                talked = len(found) - 1
        elif fact.kind == "qualification" and talked is not None:
            outcome = _judge(fact)
            if outcome is not None:
                found[talked] = Contact(found[talked].at, found[talked].kind, outcome)
                talked = None
    return tuple(found[-_LATEST:])


def _judge(fact: Fact) -> Literal["not-ready", "qualified"] | None:
    status = fact.data.get("qualificationStatus")
    if status == "qualified":
        return "qualified"
    put_off = status == "nurture" or fact.data.get("disqualificationReason") == NOT_READY
    return "not-ready" if put_off else None

"""What is sent when, in what state that leaves a lead, and how fast. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from core.errors import PermanentError, ProviderError
from sales.crm_sync.schemas import LeadState, State
from sales.crm_sync.settings import Outcome
from sales.leads.schemas import LeadView

# The most pressing one speaks for the lead.
_ORDER: tuple[State, ...] = ("failed", "deleted", "waiting", "in_step")


def choose_lead_state(states: Iterable[State]) -> LeadState:
    """A lead's state in one CRM by those of all that goes there: its person, deal, activities."""
    found = set(states)
    for state in _ORDER:
        if state in found:
            return state
    return "never"


def should_sync(lead: LeadView, *, only_qualified: bool) -> bool:
    """Whether a lead goes to the CRM by itself: somebody can be reached, and it qualified, where
    that is asked for."""
    if lead.merged_into is not None or not (lead.email or lead.phone):
        return False
    return not only_qualified or lead.qualified_at is not None


def choose_outcome(lead: LeadView, *, has_meeting: bool) -> Outcome | None:
    """What became of a lead so far; None: nothing that a deal would show."""
    if lead.status == "converted":
        return "converted"
    if lead.status in ("lost", "unqualified"):
        return "lost"
    if has_meeting:
        return "meeting"
    return "qualified" if lead.qualified_at is not None else None


def describe_failure(error: Exception) -> str:
    """Why something failed, with the vendor's own words where there are any."""
    if not isinstance(error, ProviderError):
        return type(error).__name__
    words = error.excerpt or "no reason given"
    advice = "" if isinstance(error, PermanentError) else " It will be tried again."
    return f"{error.vendor}, {error.operation}: {words}.{advice}".replace("..", ".")


def count_room(
    used: int, started_at: datetime, now: datetime, *, calls: int, per: timedelta
) -> tuple[int, datetime, datetime]:
    """How many calls may be made now, when the span of time that counts began, and when the next
    one begins."""
    if now - started_at >= per or now < started_at:
        return calls, now, now + per
    return max(0, calls - used), started_at, started_at + per


def list_changes(
    sent: Mapping[str, str], now: Mapping[str, str], noted: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Fields that somebody changed in the CRM: (ours, theirs), those noted before left out."""
    return {
        name: (ours, now[name])
        for name, ours in sent.items()
        if name in now and now[name] != ours and noted.get(name) != now[name]
    }

"""Values that cross the border of `leads`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sales.leads.fields import Value
from sales.leads.profile import Profile

Status = Literal["new", "contacted", "qualified", "unqualified", "converted", "lost"]
STATUSES: tuple[Status, ...] = (
    "new",
    "contacted",
    "qualified",
    "unqualified",
    "converted",
    "lost",
)
OPEN_STATUSES: tuple[Status, ...] = ("new", "contacted", "qualified")
Purpose = Literal["answering", "contact", "marketing"]
PURPOSES: tuple[Purpose, ...] = ("answering", "contact", "marketing")
Interaction = Literal["viewed", "configured", "quoted", "asked", "recommended"]


@dataclass(frozen=True, slots=True)
class ConsentView:
    """A yes or a no to a purpose, with the words it was said to."""

    id: str
    purpose: str
    text: str
    version: str
    how: str
    message_id: str | None
    conversation_id: str
    given_at: datetime | None
    refused_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def holds(self) -> bool:
        """Whether it is a yes that was not taken back."""
        return self.given_at is not None and self.withdrawn_at is None


@dataclass(frozen=True, slots=True)
class VisitorProfile:
    """What is known of a visitor, and what they agreed to; the latest consent of a purpose
    counts."""

    visitor_id: str
    profile: Profile = field(default_factory=Profile)
    consents: tuple[ConsentView, ...] = ()

    def consent_to(self, purpose: str) -> ConsentView | None:
        """The latest word on a purpose."""
        said = [one for one in self.consents if one.purpose == purpose]
        return said[-1] if said else None


@dataclass(frozen=True, slots=True)
class Owner:
    """The member of staff a lead is given to."""

    id: str
    name: str
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class LeadView:
    """A lead as lists show it and as S2 and S1 name its parts."""

    id: str
    status: str
    source: str
    first_name: str
    last_name: str
    email: str | None
    phone: str | None
    company: str | None
    title: str | None
    industry: str | None
    employee_count: int | None
    annual_revenue: float | None
    company_size: str | None
    budget_range: str | None
    timeline: str | None
    decision_maker: bool | None
    preferred_contact_method: str | None
    preferred_contact_time: str | None
    custom_fields: dict[str, Any]
    metadata: dict[str, Any]
    score: int
    parts: dict[str, int]
    tier: str
    priority: str
    urgency: str
    assigned_to: Owner | None
    team_id: str | None
    territory_id: str | None
    crm_lead_id: str | None
    session_id: str | None
    conversation_id: str | None
    sla_due_at: datetime | None
    contacted_at: datetime | None
    qualified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    merged_into: str | None
    handoff_state: str | None = None
    site_id: str | None = None
    flag: str | None = None

    @property
    def name(self) -> str:
        """First and last name, as far as they are known."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class Touch:
    """A time the person came, and what brought them."""

    conversation_id: str | None
    channel: str
    page_url: str
    page_path: str
    page_title: str
    referrer: str
    referrer_domain: str
    utm: dict[str, str]
    touched_at: datetime


@dataclass(frozen=True, slots=True)
class InteractionView:
    """What somebody did with a product."""

    conversation_id: str
    product_id: str
    product_name: str
    interaction_type: str
    requirements: dict[str, Any]
    recommendations: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a lead."""

    kind: str
    actor: str
    data: dict[str, Any]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class MergeView:
    """Two leads that became one."""

    id: str
    source_id: str
    target_id: str
    merged_by: str
    merged_at: datetime
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class LeadDetail:
    """A lead with everything that is known of it. `reasons`: each point of the score with its
    rule and quotes; `next_gains`: what would make it hot; `briefing`: interests, objections,
    competitors, next steps and talking points, each with its quotes."""

    lead: LeadView
    reasons: list[dict[str, Any]]
    next_gains: list[dict[str, Any]]
    briefing: dict[str, Any]
    conversation_ids: tuple[str, ...]
    touches: tuple[Touch, ...]
    interactions: tuple[InteractionView, ...]
    history: tuple[HistoryEntry, ...]
    merges: tuple[MergeView, ...]
    visitor_profiles: tuple[VisitorProfile, ...]

    @property
    def first_touch(self) -> Touch | None:
        """What brought them first."""
        return self.touches[0] if self.touches else None

    @property
    def last_touch(self) -> Touch | None:
        """What brought them last."""
        return self.touches[-1] if self.touches else None


SORTS = ("priority", "created_at", "updated_at", "score")
Sort = Literal["priority", "created_at", "updated_at", "score"]


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads a list holds. `q` is looked for in names, company, e-mail and phone."""

    status: str | None = None
    assigned_to: str | None = None
    unassigned: bool = False
    tier: str | None = None
    min_score: int | None = None
    q: str = ""
    created_from: datetime | None = None
    created_to: datetime | None = None
    # Only these; None: no such condition.
    ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class LeadPage:
    """A part of a list."""

    leads: tuple[LeadView, ...]
    total: int
    limit: int
    offset: int

    @property
    def has_more(self) -> bool:
        """Whether there are leads after these."""
        return self.offset + len(self.leads) < self.total


@dataclass(frozen=True, slots=True)
class NewLead:
    """A lead as a machine or a member of staff enters it (S2)."""

    source: str = "api"
    first_name: str = ""
    last_name: str = ""
    email: str | None = None
    phone: str | None = None
    company: str | None = None
    title: str | None = None
    industry: str | None = None
    employee_count: int | None = None
    annual_revenue: float | None = None
    score: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CreatedLead:
    """A lead just entered; `existed`: the person was a lead already."""

    lead: LeadView
    existed: bool


FieldChanges = dict[str, Value | None]

"""What follows from what: states of a handoff, acknowledgements, endpoints, deadlines. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from core.errors import (
    AuthenticationFailed,
    Conflict,
    ProviderError,
    Rejected,
    VendorRateLimited,
)
from core.outbox import Priority, RetryPolicy
from core.protocols.sales_system import Acknowledgement, AckStatus, LeadStanding
from sales.handoffs.package_verticals import PACKS
from sales.handoffs.schemas import LABELS, HandoffView, OverrideAction, State
from sales.handoffs.settings import HandoffSettings
from sales.leads.schemas import LeadView
from sales.leads.settings import ProfileCaptureSettings

# three attempts right away inside the time of one; then these waits; then for ever.
FAST_ATTEMPTS = 3
FAST_PAUSE = timedelta(milliseconds=100)
RETRY = RetryPolicy(
    delays=tuple(timedelta(seconds=seconds) for seconds in (1, 2, 4, 8, 16)),
    ceiling=timedelta(minutes=2),
    max_attempts=None,
)
PRIORITIES: Mapping[str, Priority] = {
    "critical": Priority.CRITICAL,
    "high": Priority.HIGH,
    "standard": Priority.NORMAL,
    "low": Priority.LOW,
}
WINDOW = timedelta(minutes=1)
# How long a lead that was put off without a new time is left before it is asked for again.
DEFER_PAUSE = timedelta(minutes=15)
_LOOK_AGAIN = timedelta(seconds=15)
_FIRST_OPENING = timedelta(seconds=2)
_LONGEST_OPENING = timedelta(minutes=1)

Happening = Literal["accepted", "rejected", "deferred", "failed", "resend", "settle", "erase"]

# From each state what may come, and where it leads. What does not stand here does not happen.
TRANSITIONS: Mapping[State, Mapping[Happening, State]] = {
    "queued": {
        "accepted": "accepted",
        "rejected": "rejected",
        "deferred": "deferred",
        "failed": "queued",
        "resend": "queued",
        "settle": "settled",
        "erase": "erased",
    },
    "deferred": {
        "accepted": "accepted",
        "rejected": "rejected",
        "deferred": "deferred",
        "failed": "deferred",
        "resend": "queued",
        "settle": "settled",
        "erase": "erased",
    },
    # The sales system may change its mind: its word counts (S0 4.2).
    "accepted": {
        "accepted": "accepted",
        "rejected": "rejected",
        "deferred": "deferred",
        "failed": "accepted",
        "erase": "erased",
    },
    "rejected": {
        "accepted": "accepted",
        "rejected": "rejected",
        "deferred": "deferred",
        "failed": "rejected",
        "resend": "queued",
        "settle": "settled",
        "erase": "erased",
    },
    "invalid": {"resend": "queued", "settle": "settled", "erase": "erased"},
    # A person's word stands until a person takes it back.
    "settled": {
        "accepted": "settled",
        "rejected": "settled",
        "deferred": "settled",
        "failed": "settled",
        "resend": "queued",
        "erase": "erased",
    },
    "erased": {
        "accepted": "erased",
        "rejected": "erased",
        "deferred": "erased",
        "failed": "erased",
        "erase": "erased",
    },
}
_ACK_RANKS: Mapping[str, int] = {"deferred": 0, "rejected": 1, "accepted": 2}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a handoff stands. `revision` is the package's; `heard` the latest acknowledgement:
    of which revision, when by the sales system's clock, and which."""

    state: State
    revision: int = 1
    heard: tuple[int, datetime, AckStatus] | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What follows from an acknowledgement. `news`: it was not known yet and is not late."""

    standing: Standing
    news: bool


def hear(standing: Standing, status: AckStatus, at: datetime, revision: int) -> Heard:
    """Take an acknowledgement over. One that is repeated, or older than what is known, changes
    nothing; so the order in which they arrive does not matter. One for an earlier package than
    the present one is late too."""
    key = (revision, at, _ACK_RANKS[status])
    known = standing.heard
    is_late = revision < standing.revision or (
        known is not None and key <= (known[0], known[1], _ACK_RANKS[known[2]])
    )
    following = TRANSITIONS[standing.state].get(status)
    if is_late or following is None:
        return Heard(standing, news=False)
    heard = (revision, at, status)
    return Heard(replace(standing, state=following, heard=heard), news=True)


def override(standing: Standing, action: OverrideAction) -> Standing:
    """What a person decides.

    Raises:
        Conflict: in this state there is nothing to decide.
    """
    happening: Happening = "resend" if action == "resend" else "settle"
    following = TRANSITIONS[standing.state].get(happening)
    if following is None:
        raise Conflict(
            f"This handoff is in the state {LABELS[standing.state]}: {action} does not apply."
        )
    # A package that was never answered keeps its key: it may have arrived, and is then found.
    again = happening == "resend" and standing.state != "queued"
    revision = standing.revision + 1 if again else standing.revision
    return replace(standing, state=following, revision=revision)


def erase(standing: Standing) -> Standing:
    """The person is to be forgotten. Nothing leads out of it."""
    return replace(standing, state="erased")


def build_key(handoff_id: str, revision: int) -> str:
    """The idempotency key of a package."""
    return f"{handoff_id}.{revision}"


def choose_wait(lead: LeadView, settings: HandoffSettings, now: datetime) -> datetime | None:
    """When to look again at a qualified lead whom nobody can reach yet, because the talk may
    still bring an address; None: it goes now."""
    if lead.email or lead.phone or lead.qualified_at is None:
        return None
    until = lead.qualified_at + timedelta(minutes=settings.wait_for_contact_minutes)
    return min(now + _LOOK_AGAIN, until) if now < until else None


def is_put_off(handoff: HandoffView, expected_at: datetime) -> bool:
    """Whether a lead is still put off until `expected_at`; a later word has a look of its own."""
    known = handoff.expected_contact_at
    return handoff.state == "deferred" and (known is None or known <= expected_at)


def as_acknowledgement(standing: LeadStanding) -> Acknowledgement:
    """Where a lead stands, as the word that was or would have been said on its package."""
    return Acknowledgement(
        lead_id=standing.lead_id,
        status=standing.acknowledgement,
        acknowledged_at=standing.acknowledged_at,
        sales_lead_id=standing.sales_lead_id,
        assigned_to=standing.assigned_to,
        estimated_contact_at=standing.estimated_contact_at,
        rejection_reason=standing.rejection_reason,
    )


def describe_failure(error: ProviderError) -> str:
    """A failure in one stable word, for the trail and the figures."""
    if isinstance(error, VendorRateLimited):
        return "rate_limited"
    if isinstance(error, AuthenticationFailed):
        return "credentials_refused"
    if isinstance(error, Rejected):
        return "refused"
    return "no_acknowledgement"


@dataclass(frozen=True, slots=True)
class EndpointState:
    """How an endpoint does. `failures` and `openings` are in a row."""

    name: str
    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether it is left alone just now."""
        return self.open_until is not None and now < self.open_until

    @property
    def is_probed(self) -> bool:
        """Whether it failed and nobody knows yet that it works again."""
        return self.open_until is not None


def choose_endpoint(
    endpoints: tuple[EndpointState, ...], now: datetime
) -> tuple[EndpointState | None, datetime | None]:
    """The first one that is not left alone, so that a primary that works again is gone back to.
    Where all are: None, and from when on the first may be tried."""
    for endpoint in endpoints:
        if not endpoint.is_open(now):
            return endpoint, None
    return None, min(one.open_until for one in endpoints if one.open_until)


def note_failure(endpoint: EndpointState, threshold: int, now: datetime) -> EndpointState:
    """After a call without an answer. One that was being probed is left alone again, longer."""
    failures = endpoint.failures + 1
    if failures < threshold and not endpoint.is_probed:
        return replace(endpoint, failures=failures)
    pause = min(_FIRST_OPENING * 2 ** min(endpoint.openings, 10), _LONGEST_OPENING)
    return replace(
        endpoint, failures=failures, openings=endpoint.openings + 1, open_until=now + pause
    )


def note_success(endpoint: EndpointState) -> EndpointState:
    """After an answer."""
    return EndpointState(endpoint.name)


def is_breached(due_at: datetime, contacted_at: datetime | None, now: datetime) -> bool:
    """Whether a deadline passed without a contact."""
    return now >= due_at and (contacted_at is None or contacted_at > due_at)


def build_sla(settings: HandoffSettings) -> dict[str, timedelta]:
    """The time to contact a lead, by priority."""
    minutes = settings.sla_minutes.model_dump()
    return {priority: timedelta(minutes=value) for priority, value in minutes.items()}


def list_verticals(settings: HandoffSettings) -> tuple[str, ...]:
    """Every vertical that some site has, in a stable order."""
    used = {settings.vertical, *settings.verticals.values()}
    return tuple(name for name in PACKS if name in used)


def extend_capture(
    capture: ProfileCaptureSettings, settings: HandoffSettings
) -> ProfileCaptureSettings:
    """The profile's fields with those of the domain packs; one with a question is asked for where
    interest shows. A field that `app.yaml` declares itself stays as it is there."""
    if not settings.enabled:
        return capture
    own = {field.id for field in capture.custom_fields}
    more = [
        field
        for name in list_verticals(settings)
        for field in PACKS[name].custom_fields
        if field.id not in own
    ]
    if not more:
        return capture
    unique = {field.id: field for field in reversed(more)}
    added = [unique[name] for name in dict.fromkeys(field.id for field in more)]
    chosen = {*capture.required_fields, *capture.optional_fields}
    asked = [field.id for field in added if field.question and field.id not in chosen]
    return capture.model_copy(
        update={
            "custom_fields": (*capture.custom_fields, *added),
            "optional_fields": (*capture.optional_fields, *asked),
        }
    )

"""How handing over goes: figures, alarms and one colour (S0 8). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sales.handoffs.events import Audience
from sales.handoffs.rules import EndpointState
from sales.handoffs.settings import AlarmSettings, BusinessHours

AlarmKind = Literal["consecutive_failures", "slow", "queue_depth", "silence", "unavailable"]
Colour = Literal["green", "yellow", "red"]

# Who is told of what (S0-8-k to S0-8-m).
AUDIENCES: Mapping[AlarmKind, Audience] = {
    "consecutive_failures": "integration",
    "slow": "integration",
    "unavailable": "integration",
    "queue_depth": "marketing",
    "silence": "sales",
}
_GRAVE: frozenset[AlarmKind] = frozenset({"consecutive_failures", "unavailable"})
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A probe that failed too: the first opening of the breaker is not yet an outage.
_OPENINGS_OF_AN_OUTAGE = 2
# An alarm of the queue ends well below where it began, so that it does not come and go.
_RELIEF = 0.8


@dataclass(frozen=True, slots=True)
class Push:
    """One push that ended. `milliseconds` for all of its `attempts` calls; `calls` of all pushes
    of this package so far; `kind` of a failure, empty where it was acknowledged."""

    at: datetime
    attempts: int
    milliseconds: int
    calls: int = 1
    kind: str = ""

    @property
    def seconds(self) -> float:
        """Of one call, on the average."""
        return self.milliseconds / 1000 / max(self.attempts, 1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What can be seen of a tenant's handoffs at one moment. `pushes`: the latest ones, oldest
    first. `counts`: handoffs by state."""

    pushes: tuple[Push, ...] = ()
    counts: Mapping[str, int] | None = None
    endpoints: tuple[EndpointState, ...] = ()
    last_success_at: datetime | None = None

    @property
    def depth(self) -> int:
        """Unsent leads."""
        return (self.counts or {}).get("queued", 0)


@dataclass(frozen=True, slots=True)
class Rates:
    """Of the latest pushes. Rates from 0 to 1, None where there was nothing; times in seconds of
    one call. `first_attempt`: acknowledged by the first call of all; `eventual`: of all
    handoffs that were to be sent, those that are not waiting. `validation_errors`: of all
    packages, those that did not fit."""

    success: float | None
    first_attempt: float | None
    eventual: float | None
    timeouts: float | None
    validation_errors: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    errors: Mapping[str, int]


def count_rates(seen: Seen) -> Rates:
    """The figures of S0-8-a to S0-8-e."""
    good = [one for one in seen.pushes if not one.kind]
    errors: dict[str, int] = {}
    for one in seen.pushes:
        if one.kind:
            errors[one.kind] = errors.get(one.kind, 0) + 1
    counts = seen.counts or {}
    total = sum(counts.values())
    invalid = counts.get("invalid", 0)
    times = sorted(one.seconds for one in seen.pushes)
    return Rates(
        success=_share(len(good), len(seen.pushes)),
        first_attempt=_share(sum(one.calls == 1 for one in good), len(good)),
        eventual=_share(total - invalid - seen.depth, total - invalid),
        timeouts=_share(errors.get("no_acknowledgement", 0), len(seen.pushes)),
        validation_errors=_share(invalid, total),
        p50_seconds=_rank(times, 0.5),
        p95_seconds=_rank(times, 0.95),
        errors=errors,
    )


def find_alarms(
    seen: Seen, rules: AlarmSettings, now: datetime, raised: frozenset[str] = frozenset()
) -> dict[AlarmKind, str]:
    """What is wrong now, each in one line without personal data. `raised`: what was wrong
    already."""
    found: dict[AlarmKind, str] = {}
    failing = [one for one in _list_failing(seen) if one.failures >= rules.failures_in_a_row]
    if failing:
        found["consecutive_failures"] = f"{failing[0].failures} in a row at {failing[0].name}"
    if seen.endpoints and all(one.openings >= _OPENINGS_OF_AN_OUTAGE for one in seen.endpoints):
        found["unavailable"] = f"no answer from {', '.join(one.name for one in seen.endpoints)}"
    since = _slow_since(seen.pushes, rules.slow_seconds)
    slow = timedelta(minutes=rules.slow_minutes)
    if since is not None and now - since >= slow and now - seen.pushes[-1].at < slow:
        found["slow"] = f"each answer took more than {rules.slow_seconds:g} s since {since:%H:%M}"
    limit = rules.queue_depth * (_RELIEF if "queue_depth" in raised else 1)
    if seen.depth > limit:
        found["queue_depth"] = f"{seen.depth} leads wait to be sent"
    if _is_silent(seen, rules, now):
        found["silence"] = f"no lead was sent for {rules.silent_minutes} minutes"
    return found


def choose_colour(seen: Seen, alarms: Mapping[AlarmKind, str]) -> Colour:
    """red: leads do not get through. yellow: something is wrong, or an endpoint fails just now,
    and another one takes them."""
    failing = _list_failing(seen)
    if _GRAVE & alarms.keys() and len(failing) == len(seen.endpoints):
        return "red"
    return "yellow" if alarms or failing else "green"


def is_business_time(hours: BusinessHours, at: datetime) -> bool:
    """Whether leads are expected to flow at that time."""
    local = at.astimezone(ZoneInfo(hours.timezone))
    return _DAYS[local.weekday()] in hours.days and hours.opens <= local.time() < hours.closes


def _list_failing(seen: Seen) -> list[EndpointState]:
    """Endpoints that fail before the first one that does not: what comes after it is not asked,
    so nobody knows how it does."""
    failing = []
    for one in seen.endpoints:
        if not one.failures and not one.is_probed:
            break
        failing.append(one)
    return failing


def _is_silent(seen: Seen, rules: AlarmSettings, now: datetime) -> bool:
    """Whether a whole stretch of business hours passed without a lead sent. An installation that
    never sent any is not silent: it has not begun."""
    if not rules.silent_minutes or seen.last_success_at is None:
        return False
    since = now - timedelta(minutes=rules.silent_minutes)
    hours = rules.business_hours
    in_hours = is_business_time(hours, since) and is_business_time(hours, now)
    same_day = since.astimezone(ZoneInfo(hours.timezone)).date() == (
        now.astimezone(ZoneInfo(hours.timezone)).date()
    )
    return in_hours and same_day and seen.last_success_at < since


def _slow_since(pushes: tuple[Push, ...], limit: float) -> datetime | None:
    """When the first of the slow calls came that no fast one followed."""
    since = None
    for one in reversed(pushes):
        if one.seconds <= limit:
            break
        since = one.at
    return since


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rank(ordered: list[float], share: float) -> float | None:
    """Nearest rank."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]

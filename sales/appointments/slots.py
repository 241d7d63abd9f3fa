"""Which starts can be booked: working hours, holidays, buffers, notice and reach. Pure.

Working hours are wall-clock times of the rep's zone. A moment is open when its wall clock lies
inside them, so on the days when clocks change an hour may be missing or come twice; the length
of a slot is always exact time. Every instant here is UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

DAY = timedelta(days=1)
SLOT_ID_FORM = "%Y%m%dT%H%M"
_PROBE = timedelta(hours=6)
# Longer than any holidays, and than two weeks of working time.
_NOTICE_DAYS = 100


@dataclass(frozen=True, slots=True)
class Busy:
    """A time in which a rep cannot meet. `is_appointment`: booked here, so it has buffers too."""

    starts_at: datetime
    ends_at: datetime
    is_appointment: bool = False


@dataclass(frozen=True, slots=True)
class RepHours:
    """When a rep works and when not.

    `weekly` maps a weekday (Monday is 0) to stretches of wall-clock time in `zone`; one that ends
    at or before its start runs past midnight. `holidays` are days of that zone.
    """

    rep_id: str
    zone: tzinfo
    weekly: Mapping[int, Sequence[tuple[time, time]]]
    holidays: frozenset[date] = frozenset()
    busy: Sequence[Busy] = ()
    not_before: datetime | None = None
    """No meeting with this rep begins earlier; see `find_notice_end`."""
    starts: frozenset[datetime] | None = None
    """Where the rep's calendar decides itself when meetings begin: those starts, in UTC. They
    count within the working hours only."""


@dataclass(frozen=True, slots=True)
class SlotRules:
    """What every slot obeys (S1: `default_duration`, `advance_booking_days`)."""

    duration: timedelta = timedelta(minutes=30)
    step: timedelta = timedelta(minutes=30)
    """Starts lie this far apart, counted from the start of each stretch of working hours."""
    buffer_before: timedelta = timedelta()
    buffer_after: timedelta = timedelta()
    """Between two appointments the longer of the two buffers is kept, whichever came first."""
    minimum_notice: timedelta = timedelta(hours=2)
    advance_booking_days: int = 14
    """The last bookable day, counted from today in the rep's zone."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everybody who may take a meeting, and the rules."""

    reps: tuple[RepHours, ...]
    rules: SlotRules = SlotRules()


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """A bookable time and the reps who could take it, in the order of the schedule."""

    starts_at: datetime
    ends_at: datetime
    rep_ids: tuple[str, ...]

    @property
    def id(self) -> str:
        """What it is called: its start in UTC and its minutes, "20261203T1300Z-30"."""
        minutes = (self.ends_at - self.starts_at) // timedelta(minutes=1)
        return f"{self.starts_at.astimezone(UTC):{SLOT_ID_FORM}}Z-{minutes}"


class Refusal(StrEnum):
    """Why a time cannot be booked; the first that holds, in this order."""

    PAST = "past"
    TOO_SOON = "too_soon"
    BEYOND_WINDOW = "beyond_window"
    HOLIDAY = "holiday"
    OUTSIDE_HOURS = "outside_hours"
    TAKEN = "taken"
    NO_SUCH_TIME = "no_such_time"
    """On the wall clock of that day this time is left out, or no slot starts then."""


def build_slots(schedule: Schedule, now: datetime) -> list[Slot]:
    """Every bookable slot, ascending, each start once with all its reps.

    Raises ValueError when `now` is naive, or the duration or the step is not positive.
    """
    _check(schedule.rules, now)
    reps: dict[datetime, list[str]] = {}
    for rep in schedule.reps:
        for start in _rep_starts(rep, schedule.rules, now):
            if not _is_taken(rep, schedule.rules, start):
                reps.setdefault(start, []).append(rep.rep_id)
    duration = schedule.rules.duration
    return [Slot(start, start + duration, tuple(ids)) for start, ids in sorted(reps.items())]


def check_start(schedule: Schedule, now: datetime, starts_at: datetime) -> Refusal | None:
    """Why nobody can be met at `starts_at`; None when somebody can."""
    _check(schedule.rules, now)
    start = starts_at.astimezone(UTC)
    reasons = [_check_rep(rep, schedule.rules, now.astimezone(UTC), start) for rep in schedule.reps]
    if None in reasons:
        return None
    # The rep who comes closest explains best: "taken" by one rather than "not at work" of another.
    order = list(Refusal)
    return max((one for one in reasons if one), key=order.index, default=Refusal.OUTSIDE_HOURS)


def check_day(schedule: Schedule, now: datetime, day: date) -> Refusal | None:
    """Why nobody can be met on a day (of each rep's zone) at all; None when somebody can."""
    _check(schedule.rules, now)
    reasons = [
        _check_rep_day(rep, schedule.rules, now.astimezone(UTC), day) for rep in schedule.reps
    ]
    if None in reasons:
        return None
    order = list(Refusal)
    return max((one for one in reasons if one), key=order.index, default=Refusal.OUTSIDE_HOURS)


def _check(rules: SlotRules, now: datetime) -> None:
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    if rules.duration <= timedelta() or rules.step <= timedelta():
        raise ValueError("duration and step must be positive")


def _last_day(rep: RepHours, rules: SlotRules, now: datetime) -> date:
    return now.astimezone(rep.zone).date() + DAY * rules.advance_booking_days


def _earliest(rep: RepHours, rules: SlotRules, now: datetime) -> datetime:
    return max(now + rules.minimum_notice, rep.not_before or now)


def _rep_starts(rep: RepHours, rules: SlotRules, now: datetime) -> list[datetime]:
    """The starts of a rep's slots, whether taken or not, in ascending order and each once."""
    earliest = _earliest(rep, rules, now.astimezone(UTC))
    last = _last_day(rep, rules, now)
    # A stretch past midnight began on the day before.
    first = now.astimezone(rep.zone).date() - DAY
    open_times, starts = _open_times(rep, rules, first, last + DAY)
    found = []
    stretches = iter(open_times)
    stretch = next(stretches, None)
    for start in starts:
        while stretch and stretch[1] <= start:
            stretch = next(stretches, None)
        if stretch is None:
            break
        inside = stretch[0] <= start and start + rules.duration <= stretch[1]
        if inside and start >= earliest and start.astimezone(rep.zone).date() <= last:
            found.append(start)
    return found


def _open_times(
    rep: RepHours, rules: SlotRules, first: date, last: date
) -> tuple[list[tuple[datetime, datetime]], list[datetime]]:
    """The moments of working hours between two days as stretches of UTC, and the grid of starts."""
    stretches: list[tuple[datetime, datetime]] = []
    starts: set[datetime] = set()
    for begin, end, offset in _segments(rep.zone, first, last):
        local_begin, local_end = begin + offset, end + offset
        day = local_begin.date() - DAY
        while day <= local_end.date():
            for opened, closed in _hours_of(rep, day):
                low, high = max(opened, local_begin), min(closed, local_end)
                if low < high:
                    stretches.append(((low - offset), (high - offset)))
                    starts.update(at - offset for at in _grid(opened, low, high, rules.step))
            day += DAY
    return _merge(stretches), sorted(starts if rep.starts is None else rep.starts)


def _segments(
    zone: tzinfo, first: date, last: date
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Stretches of UTC in which the zone's offset stays the same.

    They reach a day further on both sides, because no zone is further than that from UTC.
    """
    begin = datetime.combine(first, time(), UTC) - DAY
    end = datetime.combine(last, time(), UTC) + 2 * DAY
    at, offset = begin, _offset(zone, begin)
    while at < end:
        probe = min(at + _PROBE, end)
        if _offset(zone, probe) != offset:
            low, high = at, probe
            while high - low > timedelta(seconds=1):
                middle = low + (high - low) // 2
                middle = middle.replace(microsecond=0)
                low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
            yield begin, high, offset
            begin, offset = high, _offset(zone, high)
        at = probe
    yield begin, end, offset


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _hours_of(rep: RepHours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """The working hours that begin on a day, less the holidays, as wall-clock times marked UTC.

    Wall-clock times carry UTC here only so that they can be compared; the offset is added apart.
    """
    for opens, closes in rep.weekly.get(day.weekday(), ()):
        opened = datetime.combine(day, opens, UTC)
        closed = datetime.combine(day + DAY * (closes <= opens), closes, UTC)
        for holiday in (day, day + DAY):
            if holiday in rep.holidays:
                midnight = datetime.combine(holiday, time(), UTC)
                if holiday == day:
                    opened = midnight + DAY
                else:
                    closed = min(closed, midnight)
        if opened < closed:
            yield opened, closed


def _grid(opened: datetime, low: datetime, high: datetime, step: timedelta) -> Iterator[datetime]:
    skipped = -((opened - low) // step)
    at = opened + step * max(0, skipped)
    while at < high:
        if at >= low:
            yield at
        at += step


def _merge(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted(stretches):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _is_taken(rep: RepHours, rules: SlotRules, start: datetime) -> bool:
    end = start + rules.duration
    both = max(rules.buffer_before, rules.buffer_after)
    for busy in rep.busy:
        before, after = rules.buffer_before, rules.buffer_after
        if busy.is_appointment:
            before = after = both
        if start - before < busy.ends_at and busy.starts_at < end + after:
            return True
    return False


def _check_rep(rep: RepHours, rules: SlotRules, now: datetime, start: datetime) -> Refusal | None:
    day = start.astimezone(rep.zone).date()
    if start < _earliest(rep, rules, now):
        return Refusal.PAST if start < now else Refusal.TOO_SOON
    closed = _check_date(rep, rules, now, day)
    if closed:
        return closed
    open_times, starts = _open_times(rep, rules, day, day)
    if not any(low <= start and start + rules.duration <= high for low, high in open_times):
        return Refusal.OUTSIDE_HOURS
    # A start that the calendar does not offer is one that somebody has, as far as one can tell.
    if _is_taken(rep, rules, start) or (rep.starts is not None and start not in rep.starts):
        return Refusal.TAKEN
    return None if start in starts else Refusal.NO_SUCH_TIME


def _check_date(rep: RepHours, rules: SlotRules, now: datetime, day: date) -> Refusal | None:
    if day > _last_day(rep, rules, now):
        return Refusal.BEYOND_WINDOW
    return Refusal.HOLIDAY if day in rep.holidays else None


def _check_rep_day(rep: RepHours, rules: SlotRules, now: datetime, day: date) -> Refusal | None:
    if day < now.astimezone(rep.zone).date():
        return Refusal.PAST
    closed = _check_date(rep, rules, now, day)
    if closed:
        return closed
    open_times, grid = _open_times(rep, rules, day, day)
    starts = [
        start
        for start in grid
        if start.astimezone(rep.zone).date() == day
        and any(low <= start and start + rules.duration <= high for low, high in open_times)
    ]
    if not starts:
        return Refusal.OUTSIDE_HOURS
    late = [start for start in starts if start >= _earliest(rep, rules, now)]
    if not late:
        return Refusal.TOO_SOON
    return Refusal.TAKEN if all(_is_taken(rep, rules, start) for start in late) else None


def find_notice_end(rep: RepHours, notice: timedelta, now: datetime) -> datetime:
    """The moment when the rep has worked for `notice` from now on.

    "4 business hours from now", asked late on a Friday, is on Monday.
    """
    today = now.astimezone(rep.zone).date()
    open_times, _ = _open_times(rep, SlotRules(), today - DAY, today + DAY * _NOTICE_DAYS)
    left = notice
    for begin, end in open_times:
        begun = max(begin, now.astimezone(UTC))
        if end - begun >= left:
            return begun + left
        left -= max(end - begun, timedelta())
    return now + DAY * _NOTICE_DAYS


def choose_rep(slot: Slot, booked: Mapping[str, int], keep: str | None = None) -> str:
    """The rep for a slot: the one who had the appointment before, else the least booked.

    `booked` counts each rep's coming appointments. Equal counts go by id, so that the same
    question has the same answer. Raises ValueError when the slot has no rep.
    """
    if not slot.rep_ids:
        raise ValueError("a slot without a rep cannot be booked")
    if keep in slot.rep_ids:
        return str(keep)
    return min(slot.rep_ids, key=lambda rep_id: (booked.get(rep_id, 0), rep_id))

"""Which slots to offer for a wish, and which offer was chosen. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sales.appointments.slots import Refusal, Schedule, Slot, check_day, check_start
from sales.appointments.time_wish import (
    LAST_OFFER,
    MIDDLE_OFFER,
    DayWish,
    Preference,
    TimeWindow,
    TimeWish,
)

# A day away from the wish weighs as much as this many hours on the wished day: who asked for
# Thursday at 3 is served as well by Friday at 3 as by Thursday at 11.
_DAY_WEIGHT = timedelta(hours=4)
# What a further offer on a day that has one already costs, and one less than an hour apart.
_SAME_DAY = timedelta(hours=2)
_APART = timedelta(hours=1)
_HALF_DAY = timedelta(hours=12)
_MAX_REFUSAL_DAYS = 14
_MAX_STARTS = 24


@dataclass(frozen=True, slots=True)
class Offers:
    """Slots to show, ascending. `refusal` says why the wish itself could not be met."""

    slots: tuple[Slot, ...]
    is_met: bool
    refusal: Refusal | None = None


def choose_offers(
    wish: TimeWish,
    slots: Sequence[Slot],
    zone: tzinfo,
    schedule: Schedule,
    now: datetime,
    *,
    limit: int = 3,
    shown: Sequence[Slot] = (),
) -> Offers:
    """Up to `limit` slots for a wish, spread over days and halves of days.

    `zone` is the visitor's, unless the wish names one. `shown` are the offers on the table, which
    "something else", "earlier" and "later" are measured against. Without a match the nearest
    slots are offered, and the reason is told.
    """
    zone = wish.zone or zone
    left = [slot for slot in _turn_from(wish, slots, shown) if not _is_refused(wish, slot, zone)]
    matching = [slot for slot in left if _matches(wish, slot, zone)]
    if not matching and any(window.guessed_half for window in wish.windows):
        other = _other_half(wish)
        matching = [slot for slot in left if _matches(other, slot, zone)]
    if matching:
        return Offers(tuple(_spread(matching, wish, zone, limit)), is_met=True)
    refusal = _explain(wish, zone, schedule, now)
    return Offers(tuple(_nearest(left, wish, zone, limit)), is_met=False, refusal=refusal)


def find_chosen(wish: TimeWish, shown: Sequence[Slot], zone: tzinfo) -> Slot | None:
    """The one offer on the table that a message names, by its place, day or time; else None.

    Several that fit are no choice: nothing is booked on a guess.
    """
    if wish.choice is not None:
        places = {LAST_OFFER: len(shown), MIDDLE_OFFER: (len(shown) + 1) // 2}
        place = places.get(wish.choice, wish.choice)
        if wish.choice == MIDDLE_OFFER and len(shown) % 2 == 0:
            return None
        return shown[place - 1] if 1 <= place <= len(shown) else None
    if not wish.options:
        return None
    zone = wish.zone or zone
    fitting = [
        slot for slot in shown if not _is_refused(wish, slot, zone) and _matches(wish, slot, zone)
    ]
    if not fitting and any(window.guessed_half for window in wish.windows):
        other = _other_half(wish)
        fitting = [slot for slot in shown if _matches(other, slot, zone)]
    return fitting[0] if len(fitting) == 1 else None


def _turn_from(wish: TimeWish, slots: Sequence[Slot], shown: Sequence[Slot]) -> list[Slot]:
    """The slots that "earlier", "later" or "another" leave, once offers have been shown."""
    if not shown or wish.preference is None:
        return list(slots)
    first, last = min(shown).starts_at, max(shown).starts_at
    seen = {slot.starts_at for slot in shown}
    if wish.preference is Preference.EARLIER:
        return [slot for slot in slots if slot.starts_at < first]
    if wish.preference is Preference.LATER and not wish.options:
        return [slot for slot in slots if slot.starts_at > last]
    if wish.preference in (Preference.OTHER, Preference.LATER):
        return [slot for slot in slots if slot.starts_at not in seen]
    return list(slots)


def _is_refused(wish: TimeWish, slot: Slot, zone: tzinfo) -> bool:
    start = slot.starts_at.astimezone(zone)
    day = start.date()
    return (
        day in wish.excluded_days
        or day.weekday() in wish.excluded_weekdays
        or any(_is_within(window, start.time()) for window in wish.excluded_windows)
        or any(
            day in option.days and any(_is_within(one, start.time()) for one in option.windows)
            for option in wish.excluded_options
        )
    )


def _is_within(window: TimeWindow, clock: time) -> bool:
    if window.is_exact:
        return clock == window.earliest
    return window.earliest <= clock < window.latest


def _matches(wish: TimeWish, slot: Slot, zone: tzinfo) -> bool:
    return not wish.options or any(_fits(option, slot, zone) for option in wish.options)


def _fits(option: DayWish, slot: Slot, zone: tzinfo) -> bool:
    start, end = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
    if option.days and start.date() not in option.days:
        return False
    return not option.windows or any(_fits_window(one, start, end) for one in option.windows)


def _fits_window(window: TimeWindow, start: datetime, end: datetime) -> bool:
    clock = start.time()
    if window.is_exact:
        return clock == window.earliest
    if window.target is not None:
        return window.earliest <= clock <= window.latest
    if not window.earliest <= clock < window.latest:
        return False
    # The meeting ends within the range too, where the range is long enough for it.
    room = _clock_distance(window.latest, window.earliest)
    ends_inside = end.date() == start.date() and end.time() <= window.latest
    return ends_inside or room < end - start or window.latest == time(23, 59)


def _clock_distance(one: time, other: time) -> timedelta:
    day = date(2000, 1, 1)
    return abs(datetime.combine(day, one, UTC) - datetime.combine(day, other, UTC))


def _other_half(wish: TimeWish) -> TimeWish:
    """The wish with every guessed "at 7" read as the other seven o'clock."""

    def turn(window: TimeWindow) -> TimeWindow:
        if not (window.guessed_half and window.target and window.is_exact):
            return window
        other = window.target.replace(hour=(window.target.hour + 12) % 24)
        return TimeWindow(other, other, other)

    options = tuple(
        DayWish(option.days, tuple(turn(window) for window in option.windows))
        for option in wish.options
    )
    return replace(wish, options=options)


def _distance(wish: TimeWish, slot: Slot, zone: tzinfo) -> timedelta:
    """How far a slot is from the nearest alternative of the wish."""
    start = slot.starts_at.astimezone(zone)
    return min((_option_distance(option, start) for option in wish.options), default=timedelta())


def _option_distance(option: DayWish, start: datetime) -> timedelta:
    days = min((abs((day - start.date()).days) for day in option.days), default=0)
    clock = start.time()
    hours = min(
        (
            timedelta()
            if window.earliest <= clock <= window.latest
            else min(_clock_distance(clock, window.earliest), _clock_distance(clock, window.latest))
            for window in option.windows
        ),
        default=timedelta(),
    )
    return _DAY_WEIGHT * days + hours


def _spread(slots: Sequence[Slot], wish: TimeWish, zone: tzinfo, limit: int) -> list[Slot]:
    """Slots of different days and halves of days, the nearest to the wish first; ascending."""
    if wish.preference is Preference.EARLIEST:
        return sorted(slots)[:limit]
    if wish.preference is Preference.LATEST:
        return sorted(slots)[-limit:]
    left = list(slots)
    chosen: list[Slot] = []
    days: Counter[date] = Counter()
    halves: Counter[bool] = Counter()
    while left and len(chosen) < limit:

        def rank(slot: Slot) -> tuple[int, int, timedelta, timedelta, datetime]:
            start = slot.starts_at.astimezone(zone)
            apart = min((abs(slot.starts_at - one.starts_at) for one in chosen), default=_HALF_DAY)
            # Within one half of one day, offers an hour or more apart are worth more.
            near = timedelta() if apart >= _APART else _APART
            half = start.hour >= 12
            return (
                days[start.date()],
                halves[half],
                near,
                _distance(wish, slot, zone),
                slot.starts_at,
            )

        best = min(left, key=rank)
        left.remove(best)
        chosen.append(best)
        start = best.starts_at.astimezone(zone)
        days[start.date()] += 1
        halves[start.hour >= 12] += 1
    return sorted(chosen)


def _nearest(slots: Sequence[Slot], wish: TimeWish, zone: tzinfo, limit: int) -> list[Slot]:
    """The slots nearest to a wish that cannot be met, not all of one day; ascending."""
    distances = {slot: _distance(wish, slot, zone) for slot in slots}
    chosen: list[Slot] = []
    while distances and len(chosen) < limit:

        def rank(slot: Slot) -> tuple[timedelta, Slot]:
            day = slot.starts_at.astimezone(zone).date()
            same_day = sum(one.starts_at.astimezone(zone).date() == day for one in chosen)
            crowded = any(abs(slot.starts_at - one.starts_at) < _APART for one in chosen)
            return distances[slot] + _SAME_DAY * same_day + _APART * crowded, slot

        best = min(distances, key=rank)
        del distances[best]
        chosen.append(best)
    return sorted(chosen)


def _explain(wish: TimeWish, zone: tzinfo, schedule: Schedule, now: datetime) -> Refusal | None:
    """Why no slot meets the wish; of several reasons the one that comes closest to a yes."""
    reasons: list[Refusal] = []
    for option in wish.options:
        for day in option.days[:_MAX_REFUSAL_DAYS]:
            starts = [at for window in option.windows for at in _starts_in(window, schedule)]
            found = [_explain_start(day, clock, zone, schedule, now) for clock in starts]
            if not starts:
                found = [check_day(schedule, now, day)]
            reasons += [reason for reason in found if reason]
    order = list(Refusal)
    return max(reasons, key=order.index, default=Refusal.OUTSIDE_HOURS if wish.options else None)


def _starts_in(window: TimeWindow, schedule: Schedule) -> list[time]:
    """The wall-clock times whose refusal explains that of the window."""
    if window.target is not None:
        return [window.target]
    at = datetime.combine(date(2000, 1, 1), window.earliest, UTC)
    count = _clock_distance(window.earliest, window.latest) // schedule.rules.step
    steps = range(min(count, _MAX_STARTS))
    return [(at + schedule.rules.step * step).time() for step in steps] or [window.earliest]


def _explain_start(
    day: date, clock: time, zone: tzinfo, schedule: Schedule, now: datetime
) -> Refusal | None:
    start = datetime.combine(day, clock, zone)
    # A time that clocks leave out comes back from UTC as another one (PEP 495).
    if start.astimezone(UTC).astimezone(zone).time() != clock:
        return Refusal.NO_SUCH_TIME
    return check_start(schedule, now, start)

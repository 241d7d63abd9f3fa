"""Slots hold in every zone: none outside working hours, none doubled, none lost."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sales.appointments.slot_words import describe_slot
from sales.appointments.slots import (
    Busy,
    Refusal,
    RepHours,
    Schedule,
    Slot,
    SlotRules,
    build_slots,
    check_day,
    check_start,
    choose_rep,
)

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = {weekday: [(time(9), time(17))] for weekday in range(5)}
MINUTE = timedelta(minutes=1)
ZONES = sorted(zone for zone in available_timezones() if zone != "localtime")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def office(**changes: object) -> RepHours:
    values = {"rep_id": "anna", "zone": BERLIN, "weekly": OFFICE} | changes
    return RepHours(**values)  # type: ignore[arg-type]


def starts(schedule: Schedule, now: datetime) -> list[str]:
    return [f"{slot.starts_at:%m-%d %H:%M}" for slot in build_slots(schedule, now)]


@cache
def clock_changes(zone: str) -> tuple[datetime, ...]:
    """The hours before the zone's offset changes, 1973 to 2037."""
    found = []
    at, last = utc("1973-01-01"), None
    while at < utc("2037-12-01"):
        offset = at.astimezone(ZoneInfo(zone)).utcoffset()
        if last is not None and offset != last:
            found.append(at)
        at, last = at + timedelta(days=1), offset
    return tuple(found)


@st.composite
def situations(draw: st.DrawFn) -> tuple[RepHours, SlotRules, datetime]:
    """A rep in any zone, mostly about a change of the clocks."""
    zone = draw(st.sampled_from(ZONES))
    changes = clock_changes(zone)
    near_a_change = draw(st.integers(0, 3))
    if changes and near_a_change:
        now: datetime = draw(st.sampled_from(changes)) - timedelta(hours=draw(st.integers(0, 60)))
    else:
        now = utc("1973-01-02") + timedelta(hours=draw(st.integers(0, 560_000)))
    quarter = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
    stretch = st.tuples(quarter, quarter).filter(lambda pair: pair[0] != pair[1])
    weekly = {weekday: draw(st.lists(stretch, max_size=2)) for weekday in range(7)}
    today = now.astimezone(ZoneInfo(zone)).date()
    holidays = frozenset(
        today + timedelta(days=days) for days in draw(st.sets(st.integers(0, 3), max_size=1))
    )
    minutes = st.sampled_from([15, 20, 30, 45, 60])
    rules = SlotRules(
        duration=draw(minutes) * MINUTE,
        step=draw(minutes) * MINUTE,
        minimum_notice=draw(st.sampled_from([0, 90])) * MINUTE,
        advance_booking_days=draw(st.integers(0, 2)),
    )
    return RepHours("anna", ZoneInfo(zone), weekly, holidays), rules, now


def stretches_at(rep: RepHours, wall: datetime) -> list[datetime]:
    """The openings of the stretches of working hours that a wall-clock time lies in."""
    found = []
    if wall.date() in rep.holidays:
        return []
    for day in (wall.date(), wall.date() - timedelta(days=1)):
        for opens, closes in rep.weekly.get(day.weekday(), ()):
            opened = datetime.combine(day, opens)
            closed = datetime.combine(day, closes)
            closed += timedelta(days=closes <= opens)
            if day in rep.holidays:
                opened = datetime.combine(wall.date(), time())
            if opened <= wall < closed:
                found.append(opened)
    return found


@settings(max_examples=60, deadline=None)
@given(situations())
def test_slots_are_those_a_minute_by_minute_search_finds(
    situation: tuple[RepHours, SlotRules, datetime],
) -> None:
    rep, rules, now = situation
    expected = []
    last = now.astimezone(rep.zone).date() + timedelta(days=rules.advance_booking_days)
    length = rules.duration // MINUTE
    first = now.replace(second=0, microsecond=0)
    clock = {}
    for offset in range((rules.advance_booking_days + 3) * 1440 + length):
        at = first + offset * MINUTE
        clock[at] = at.astimezone(rep.zone).replace(tzinfo=None, fold=0)
    openings = {at: stretches_at(rep, wall) for at, wall in clock.items()}
    for at, wall in clock.items():
        on_grid = any((wall - opened) % rules.step == timedelta() for opened in openings[at])
        if not on_grid or at < now + rules.minimum_notice or wall.date() > last:
            continue
        if all(openings.get(at + minute * MINUTE) for minute in range(length)):
            expected.append(at)
    slots = build_slots(Schedule((rep,), rules), now)
    assert [slot.starts_at for slot in slots] == expected


@settings(max_examples=80, deadline=None)
@given(situations(), st.sampled_from(ZONES))
def test_slots_are_exact_distinct_and_named_apart(
    situation: tuple[RepHours, SlotRules, datetime], visitor: str
) -> None:
    rep, rules, now = situation
    slots = build_slots(Schedule((rep,), rules), now)
    told = set()
    for slot in slots:
        assert slot.ends_at - slot.starts_at == rules.duration
        assert slot.starts_at.astimezone(rep.zone).astimezone(UTC) == slot.starts_at
        assert slot.starts_at.astimezone(ZoneInfo(visitor)).astimezone(UTC) == slot.starts_at
        assert check_start(Schedule((rep,), rules), now, slot.starts_at) is None
        told.add(describe_slot(slot, ZoneInfo(visitor), "en"))
    assert len(told) == len(slots)
    assert len({slot.starts_at for slot in slots}) == len(slots)


@settings(max_examples=100, deadline=None)
@given(situations(), st.integers(0, 3 * 1440))
@example(
    (RepHours("anna", ZoneInfo("Pacific/Apia"), OFFICE), SlotRules(), utc("2011-12-29T08:00")), 60
)
def test_what_is_not_a_slot_has_a_reason(
    situation: tuple[RepHours, SlotRules, datetime], minutes: int
) -> None:
    rep, rules, now = situation
    start = now.replace(second=0, microsecond=0) + minutes * MINUTE
    offered = {slot.starts_at for slot in build_slots(Schedule((rep,), rules), now)}
    reason = check_start(Schedule((rep,), rules), now, start)
    assert (reason is None) == (start in offered)


def test_a_working_day_is_cut_into_slots() -> None:
    schedule = Schedule((office(),), SlotRules(advance_booking_days=0))
    found = starts(schedule, utc("2026-03-02T00:00"))
    assert found[0] == "03-02 08:00"
    assert found[-1] == "03-02 15:30"
    assert len(found) == 16


def test_the_wall_clock_stays_when_summer_time_begins() -> None:
    schedule = Schedule((office(),), SlotRules(advance_booking_days=3))
    found = starts(schedule, utc("2026-03-27T00:00"))
    assert "03-27 08:00" in found
    assert "03-30 07:00" in found
    assert "03-30 15:00" not in found


def test_a_missing_hour_offers_nothing_and_a_doubled_hour_offers_both() -> None:
    night = office(weekly={6: [(time(1, 30), time(3, 30))]})
    rules = SlotRules(advance_booking_days=0, minimum_notice=timedelta())
    spring = starts(Schedule((night,), rules), utc("2026-03-29T00:00"))
    autumn = starts(Schedule((night,), rules), utc("2026-10-24T23:00"))
    assert spring == ["03-29 00:30", "03-29 01:00"]
    assert autumn == [f"10-{at}" for at in (
        "24 23:30", "25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00"
    )]  # fmt: skip


def test_a_day_left_out_at_the_date_line_has_no_slots() -> None:
    apia = office(zone=ZoneInfo("Pacific/Apia"), weekly={4: [(time(9), time(10))]})
    schedule = Schedule((apia,), SlotRules(advance_booking_days=8))
    # Friday 30 December 2011 never came in Samoa.
    assert starts(schedule, utc("2011-12-28T00:00")) == []
    assert check_day(schedule, utc("2011-12-28T00:00"), date(2011, 12, 30)) is Refusal.OUTSIDE_HOURS


def test_hours_past_midnight_belong_to_the_evening_they_began() -> None:
    late = office(weekly={4: [(time(23), time(1))]})
    rules = SlotRules(advance_booking_days=1, minimum_notice=timedelta())
    assert starts(Schedule((late,), rules), utc("2026-03-06T12:00")) == [
        "03-06 22:00",
        "03-06 22:30",
        "03-06 23:00",
        "03-06 23:30",
    ]


def test_a_holiday_has_no_slots() -> None:
    schedule = Schedule((office(holidays=frozenset({date(2026, 3, 3)})),), SlotRules())
    now = utc("2026-03-02T00:00")
    assert not any(start.startswith("03-03") for start in starts(schedule, now))
    assert check_start(schedule, now, utc("2026-03-03T09:00")) is Refusal.HOLIDAY


@pytest.mark.parametrize(
    ("busy", "free"),
    [
        (Busy(utc("2026-03-02T10:00"), utc("2026-03-02T10:30")), ["09:30", "11:00"]),
        (Busy(utc("2026-03-02T10:00"), utc("2026-03-02T10:30"), True), ["09:00", "11:00"]),
        (Busy(utc("2026-03-02T09:59"), utc("2026-03-02T10:00")), ["09:00", "10:30"]),
    ],
)
def test_buffers_are_kept(busy: Busy, free: list[str]) -> None:
    rules = SlotRules(buffer_before=timedelta(minutes=10), advance_booking_days=0)
    schedule = Schedule((office(busy=[busy]),), rules)
    found = [start[6:] for start in starts(schedule, utc("2026-03-02T00:00"))]
    before, after = free
    assert found[found.index(before) + 1] == after


def test_a_start_right_after_another_without_buffers_is_free() -> None:
    busy = Busy(utc("2026-03-02T10:00"), utc("2026-03-02T10:30"), True)
    schedule = Schedule((office(busy=[busy]),), SlotRules(advance_booking_days=0))
    found = [start[6:] for start in starts(schedule, utc("2026-03-02T00:00"))]
    assert "09:30" in found
    assert "10:00" not in found
    assert "10:30" in found


def test_reps_share_a_slot_and_each_keeps_its_zone() -> None:
    lisbon = RepHours("luis", ZoneInfo("Europe/Lisbon"), OFFICE)
    slots = build_slots(
        Schedule((office(), lisbon), SlotRules(advance_booking_days=0)), utc("2026-03-02T00:00")
    )
    reps = {f"{slot.starts_at:%H:%M}": slot.rep_ids for slot in slots}
    assert reps["08:00"] == ("anna",)
    assert reps["09:00"] == ("anna", "luis")
    assert reps["16:30"] == ("luis",)


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        ("2026-03-02T07:00", Refusal.PAST),
        ("2026-03-02T09:00", Refusal.TOO_SOON),
        ("2026-03-02T12:00", None),
        ("2026-03-02T18:00", Refusal.OUTSIDE_HOURS),
        ("2026-03-07T10:00", Refusal.OUTSIDE_HOURS),
        ("2026-03-17T10:00", Refusal.BEYOND_WINDOW),
        ("2026-03-02T13:00", Refusal.TAKEN),
        ("2026-03-02T12:10", Refusal.NO_SUCH_TIME),
    ],
)
def test_each_refusal_has_its_reason(start: str, reason: Refusal | None) -> None:
    busy = Busy(utc("2026-03-02T13:00"), utc("2026-03-02T13:30"))
    schedule = Schedule((office(busy=[busy]),), SlotRules())
    assert check_start(schedule, utc("2026-03-02T08:00"), utc(start)) is reason


def test_a_rep_without_working_hours_is_never_offered() -> None:
    schedule = Schedule((office(weekly={}),))
    assert build_slots(schedule, utc("2026-03-02T08:00")) == []
    assert build_slots(Schedule(()), utc("2026-03-02T08:00")) == []


def test_the_least_booked_rep_is_chosen_and_a_change_keeps_the_rep() -> None:
    slot = Slot(utc("2026-03-02T12:00"), utc("2026-03-02T12:30"), ("zoe", "anna", "luis"))
    assert choose_rep(slot, {"zoe": 1, "anna": 2, "luis": 1}) == "luis"
    assert choose_rep(slot, {}) == "anna"
    assert choose_rep(slot, {"zoe": 9}, keep="zoe") == "zoe"
    assert choose_rep(slot, {}, keep="gone") == "anna"
    with pytest.raises(ValueError, match="without a rep"):
        choose_rep(Slot(slot.starts_at, slot.ends_at, ()), {})


def test_bookings_spread_evenly_over_reps() -> None:
    slot = Slot(utc("2026-03-02T12:00"), utc("2026-03-02T12:30"), ("a", "b", "c"))
    booked: dict[str, int] = {}
    for _ in range(30):
        rep = choose_rep(slot, booked)
        booked[rep] = booked.get(rep, 0) + 1
    assert set(booked.values()) == {10}


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        build_slots(Schedule((office(),)), datetime(2026, 3, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="positive"):
        build_slots(Schedule((), SlotRules(step=timedelta())), utc("2026-03-02T08:00"))


@pytest.mark.parametrize(
    ("locale", "zone", "text"),
    [
        ("en-GB", "Europe/Berlin", "Thursday 3 December, 14:00–14:30 (Europe/Berlin, UTC+1)"),
        (
            "de-DE",
            "Europe/Berlin",
            "Donnerstag, 3. Dezember, 14:00–14:30 Uhr (Europe/Berlin, UTC+1)",
        ),
        ("es", "America/Lima", "jueves 3 de diciembre, 08:00–08:30 (America/Lima, UTC-5)"),
        ("fr", "Asia/Kolkata", "Thursday 3 December, 18:30–19:00 (Asia/Kolkata, UTC+5:30)"),
        ("en", "UTC", "Thursday 3 December, 13:00–13:30 (UTC)"),
    ],
)
def test_a_slot_is_described_with_its_zone(locale: str, zone: str, text: str) -> None:
    slot = Slot(utc("2026-12-03T13:00"), utc("2026-12-03T13:30"), ("anna",))
    assert describe_slot(slot, ZoneInfo(zone), locale) == text


def test_a_description_names_the_year_and_the_change_of_clocks() -> None:
    slot = Slot(utc("2026-10-25T00:45"), utc("2026-10-25T01:15"), ("anna",))
    assert describe_slot(slot, BERLIN, "en", date(2025, 12, 31)) == (
        "Sunday 25 October 2026, 02:45–02:15 (Europe/Berlin, UTC+2 → UTC+1)"
    )

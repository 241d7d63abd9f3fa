"""What is offered for a wish, and which offer a message chooses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales.appointments.offers import Offers, choose_offers, find_chosen
from sales.appointments.slots import (
    Busy,
    Refusal,
    RepHours,
    Schedule,
    Slot,
    SlotRules,
    build_slots,
)
from sales.appointments.time_phrases import read_time_phrases

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 10, tzinfo=BERLIN)  # a Wednesday
WEEKLY = {weekday: [(time(9), time(12)), (time(13), time(17))] for weekday in range(5)}
TAKEN = (
    Busy(datetime(2026, 3, 5, 15, tzinfo=BERLIN), datetime(2026, 3, 5, 15, 30, tzinfo=BERLIN)),
    Busy(datetime(2026, 3, 9, 9, tzinfo=BERLIN), datetime(2026, 3, 9, 17, tzinfo=BERLIN)),
)
REP = RepHours("anna", BERLIN, WEEKLY, frozenset({date(2026, 3, 10)}), TAKEN)
SCHEDULE = Schedule((REP,), SlotRules(minimum_notice=timedelta(hours=4)))
SLOTS = build_slots(SCHEDULE, NOW)


def offer(
    text: str, zone: ZoneInfo = BERLIN, limit: int = 3, shown: list[Slot] | None = None
) -> Offers:
    wish = read_time_phrases(text, NOW, zone, locale="en-GB")
    return choose_offers(wish, SLOTS, zone, SCHEDULE, NOW, limit=limit, shown=shown or [])


def at(offers: Offers, zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{slot.starts_at.astimezone(zone):%m-%d %H:%M}" for slot in offers.slots]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thursday at 10", ["03-05 10:00"]),
        ("tomorrow at half past 2", ["03-05 14:30"]),
        ("Friday afternoon", ["03-06 13:00", "03-06 14:00", "03-06 15:00"]),
        ("Thursday or Friday at 11", ["03-05 11:00", "03-06 11:00"]),
        ("10 GMT on Friday", ["03-06 11:00"]),
        ("earliest you have", ["03-04 14:00", "03-04 14:30", "03-04 15:00"]),
        ("before 10 on Friday", ["03-06 09:00", "03-06 09:30"]),
        ("Friday between 2 and 3", ["03-06 14:00", "03-06 14:30"]),
        ("Thursday around 11", ["03-05 10:30", "03-05 11:00", "03-05 11:30"]),
    ],
)
def test_a_wish_that_can_be_met_is_met(text: str, expected: list[str]) -> None:
    offers = offer(text)
    assert offers.is_met
    assert offers.refusal is None
    assert at(offers) == expected


@pytest.mark.parametrize(
    ("text", "reason", "nearest"),
    [
        ("tomorrow at 3pm", Refusal.TAKEN, "03-05 14:30"),
        ("today at 11 for a call", Refusal.TOO_SOON, "03-04 14:00"),
        ("today at 9am", Refusal.PAST, "03-04 14:00"),
        ("Tuesday at 10", Refusal.HOLIDAY, "03-11 10:00"),
        ("Saturday morning", Refusal.OUTSIDE_HOURS, "03-06 10:00"),
        ("Friday at 7pm", Refusal.OUTSIDE_HOURS, "03-06 16:30"),
        ("20 May at 10am", Refusal.BEYOND_WINDOW, "03-18 10:00"),
        ("Monday", Refusal.TAKEN, None),
        ("Monday morning", Refusal.TAKEN, None),
        ("Friday at 12:15", Refusal.OUTSIDE_HOURS, "03-06 13:00"),
        ("Friday at 10:10", Refusal.NO_SUCH_TIME, "03-06 10:00"),
    ],
)
def test_a_wish_that_cannot_be_met_gets_a_reason_and_the_nearest(
    text: str, reason: Refusal, nearest: str | None
) -> None:
    offers = offer(text, limit=5)
    assert not offers.is_met
    assert offers.refusal is reason
    assert offers.slots
    assert nearest is None or nearest in at(offers)


def test_no_wish_gets_a_good_spread() -> None:
    offers = offer("hello", limit=4)
    days = {slot.starts_at.astimezone(BERLIN).date() for slot in offers.slots}
    halves = [slot.starts_at.astimezone(BERLIN).hour >= 12 for slot in offers.slots]
    assert len(days) == 4
    assert halves.count(True) == 2


def test_refused_days_and_hours_are_not_offered() -> None:
    offers = offer("any time next week but not Wednesday, and no mornings please", limit=5)
    assert offers.is_met
    for slot in offers.slots:
        start = slot.starts_at.astimezone(BERLIN)
        assert start.date() != date(2026, 3, 11)
        assert start.hour >= 12
        assert date(2026, 3, 9) <= start.date() <= date(2026, 3, 15)


def test_a_morning_is_the_visitors_morning() -> None:
    lima = ZoneInfo("America/Lima")
    offers = offer("Friday morning", zone=lima)
    assert offers.is_met
    assert all("06:00" <= start[6:] < "12:00" for start in at(offers, lima))


def test_a_guessed_half_of_the_day_gives_way_to_the_other() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    # Seven is read as 7:00; for this visitor the office is open from 17:00 to 1:00.
    offers = offer("Thursday at 7", zone=tokyo)
    assert offers.is_met
    assert at(offers, tokyo) == ["03-05 19:00"]


def test_earlier_later_and_another_go_from_what_was_shown() -> None:
    shown = list(offer("Friday afternoon").slots)
    assert all(slot < shown[0] for slot in offer("anything earlier?", shown=shown).slots)
    assert all(slot > shown[-1] for slot in offer("something later please", shown=shown).slots)
    assert not set(offer("another time please", shown=shown).slots) & set(shown)


def test_nothing_free_offers_nothing_and_says_so() -> None:
    wish = read_time_phrases("Thursday at 10", NOW, BERLIN)
    offers = choose_offers(wish, [], BERLIN, SCHEDULE, NOW)
    assert offers.slots == ()
    assert not offers.is_met


def test_a_time_that_the_clocks_leave_out_is_told() -> None:
    now = datetime(2026, 3, 27, 10, tzinfo=BERLIN)
    wish = read_time_phrases("Sunday at 2:30 am", now, BERLIN)
    offers = choose_offers(wish, build_slots(SCHEDULE, now), BERLIN, SCHEDULE, now)
    assert offers.refusal is Refusal.NO_SUCH_TIME


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("the second one", 1),
        ("3", 2),
        ("the last one please", 3),
        ("10:30 works", 0),
        ("the Friday one", 2),
        ("Thursday at 2 then", 1),
        ("at 9 is fine", 2),
        ("the 9th", 3),
        ("Thursday", None),
        ("the fifth one", None),
        ("none of these", None),
        ("hello", None),
        ("yes", None),
        ("not Friday", None),
        ("11:30", None),
    ],
)
def test_an_offer_is_chosen_only_when_one_is_meant(text: str, index: int | None) -> None:
    shown = [
        Slot(start.astimezone(UTC), start.astimezone(UTC) + timedelta(minutes=30), ("anna",))
        for start in (
            datetime(2026, 3, 5, 10, 30, tzinfo=BERLIN),
            datetime(2026, 3, 5, 14, tzinfo=BERLIN),
            datetime(2026, 3, 6, 9, tzinfo=BERLIN),
            datetime(2026, 3, 9, 16, tzinfo=BERLIN),
        )
    ]
    wish = read_time_phrases(text, NOW, BERLIN, offered=[slot.starts_at for slot in shown])
    assert find_chosen(wish, shown, BERLIN) == (None if index is None else shown[index])


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["Thursday", "next week", "at 4", "mornings", "not Friday", "asap", "", "8pm"]),
    st.integers(1, 5),
    st.sampled_from(["Europe/Berlin", "Asia/Tokyo", "America/Lima", "Pacific/Apia"]),
)
def test_offers_are_bookable_ascending_and_within_the_limit(
    text: str, limit: int, zone: str
) -> None:
    offers = offer(text, ZoneInfo(zone), limit)
    assert len(offers.slots) <= limit
    assert list(offers.slots) == sorted(set(offers.slots))
    assert set(offers.slots) <= set(SLOTS)

"""What the time grammar reads, and what it leaves alone."""

from __future__ import annotations

import json
import os
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sales.appointments.time_phrases import is_month_first, read_time_phrases
from sales.appointments.time_wish import Preference
from tests.sales.appointments.phrase_table import PhraseCase, load_phrases, show_wish

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = datetime(2026, 3, 4, 10, tzinfo=BERLIN)
CASES = list(load_phrases())
NO_TIMES = Path(__file__).with_name("no_times.txt").read_text("utf-8").splitlines()
FRAGMENTS = """at 4 the 7th of march next week 3 - pm tuesday or not 14:30 31st / may 5 in two days
until after between and 10 halb uhr am mañana a las first one 99 2/30 , . ? ¤ 's 0"""
DEV_SET = os.environ.get("SALES_AGENT_APPOINTMENTS_DEV")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.text)
def test_a_phrase_is_read(case: PhraseCase) -> None:
    assert case.read() == case.expected


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 200
    assert len(NO_TIMES) >= 100


@pytest.mark.parametrize("locale", ["en-US", "en-GB", "en", "de-DE", "es-ES"])
@pytest.mark.parametrize("text", NO_TIMES)
def test_a_message_without_a_time_says_nothing(text: str, locale: str) -> None:
    wish = read_time_phrases(text, WEDNESDAY, BERLIN, locale=locale)
    assert show_wish(wish, 2026) == "nothing"


@pytest.mark.skipif(not DEV_SET, reason="SALES_AGENT_APPOINTMENTS_DEV names no folder")
def test_the_development_set_is_read() -> None:
    zone = ZoneInfo("America/Los_Angeles")
    now = datetime(2019, 3, 1, 9, tzinfo=zone)
    right = false = labelled = messages = 0
    for line in (Path(DEV_SET or "") / "messages.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        wish = read_time_phrases(row["text"], now, zone)
        read = {
            "date": wish.date.isoformat() if wish.date else None,
            "time": wish.time.strftime("%H:%M") if wish.time else None,
        }
        messages += 1
        for name, value in read.items():
            labelled += row[name] is not None
            right += row[name] is not None and value == row[name]
            false += row[name] is None and value is not None
    assert right / labelled >= 0.99
    assert false / messages < 0.01


@pytest.mark.parametrize(
    ("locale", "month_first"),
    [("en-US", True), ("en_US", True), ("en-GB", False), ("de", False), ("es-MX", False)],
)
def test_the_locale_decides_the_order_of_a_numeric_date(locale: str, month_first: bool) -> None:
    assert is_month_first(locale) is month_first
    wish = read_time_phrases("5/6 at 10 works", WEDNESDAY, BERLIN, locale=locale)
    assert wish.date == (date(2026, 5, 6) if month_first else date(2026, 6, 5))


def test_an_ambiguous_numeric_date_without_a_country_is_left_alone() -> None:
    assert read_time_phrases("5/6 for a call?", WEDNESDAY, BERLIN, locale="en").dates == ()
    assert read_time_phrases("25/6 for a call?", WEDNESDAY, BERLIN, locale="en").date == date(
        2026, 6, 25
    )


@pytest.mark.parametrize("text", ["13/13 for a call", "31/2/2026 at 10", "the 32nd", "30 February"])
def test_an_impossible_date_is_left_alone(text: str) -> None:
    assert read_time_phrases(text, WEDNESDAY, BERLIN).dates == ()


def test_a_bare_number_chooses_only_among_offers() -> None:
    offers = [WEDNESDAY + timedelta(days=day) for day in (1, 2, 3)]
    assert read_time_phrases("2", WEDNESDAY, BERLIN, offered=offers).choice == 2
    assert read_time_phrases("2", WEDNESDAY, BERLIN).choice is None
    assert read_time_phrases("the first", WEDNESDAY, BERLIN, offered=offers).choice == 1


def test_the_2nd_is_a_choice_or_a_day_by_what_is_offered() -> None:
    april = [datetime(2026, 4, day, 10, tzinfo=BERLIN) for day in (1, 2, 3)]
    march = [datetime(2026, 3, day, 10, tzinfo=BERLIN) for day in (5, 6)]
    assert read_time_phrases("the 2nd", WEDNESDAY, BERLIN, offered=april).date == date(2026, 4, 2)
    assert read_time_phrases("the 2nd", WEDNESDAY, BERLIN, offered=march).choice == 2
    assert read_time_phrases("the 2nd", WEDNESDAY, BERLIN).date == date(2026, 4, 2)


def test_today_is_the_visitors_today() -> None:
    late = datetime(2026, 3, 4, 23, 30, tzinfo=ZoneInfo("UTC"))
    assert read_time_phrases("today", late, ZoneInfo("Asia/Tokyo")).date == date(2026, 3, 5)
    assert read_time_phrases("today", late, ZoneInfo("America/Lima")).date == date(2026, 3, 4)


def test_your_time_is_the_business_zone() -> None:
    lima = ZoneInfo("America/Lima")
    wish = read_time_phrases("3pm your time", WEDNESDAY, BERLIN, business_zone=lima)
    assert wish.zone == lima
    assert wish.time == time(15)


def test_a_guess_of_am_or_pm_is_marked() -> None:
    assert read_time_phrases("at 4", WEDNESDAY, BERLIN).windows[0].guessed_half
    assert not read_time_phrases("at 4pm", WEDNESDAY, BERLIN).windows[0].guessed_half


def test_the_visitors_words_are_kept() -> None:
    wish = read_time_phrases("Hi, could we say Thursday at 4?", WEDNESDAY, BERLIN)
    assert wish.quotes == ("Thursday", "at 4")


def test_a_naive_now_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        read_time_phrases("today", datetime(2026, 3, 4), BERLIN)  # noqa: DTZ001


def test_openness_is_a_preference() -> None:
    wish = read_time_phrases("whenever you like", WEDNESDAY, BERLIN)
    assert wish.preference is Preference.ANY


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(FRAGMENTS.split()),
        max_size=14,
    ).map(" ".join)
    | st.text(max_size=60)
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    for locale in ("en-US", "de-DE", "es-ES"):
        wish = read_time_phrases(text, WEDNESDAY, BERLIN, locale=locale)
        for window in wish.windows:
            assert window.earliest <= window.latest


def test_a_long_message_is_read_in_time() -> None:
    started = datetime.now(BERLIN)
    read_time_phrases("between 2 and 4 pm or 5 to 6 on Tuesday the 7th, " * 400, WEDNESDAY, BERLIN)
    assert datetime.now(BERLIN) - started < timedelta(seconds=3)

from __future__ import annotations

from datetime import date

import pytest

from sales.leads.timelines import read_timeline

SUNDAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("words", "timeline"),
    [
        ("asap", "immediate"),
        ("as soon as possible", "immediate"),
        ("this week", "immediate"),
        ("next week", "immediate"),
        ("in two weeks", "1-month"),
        ("next month", "1-month"),
        ("end of the month", "1-month"),
        ("by december", "1-month"),
        ("by the end of the year", "3-months"),
        ("within the next six weeks", "3-months"),
        ("in 2 to 3 months", "3-months"),
        ("next quarter", "3-months"),
        ("by march", "6-months"),
        ("before q2", "6-months"),
        ("by may 2027", "6-months"),
        ("in the spring", "6-months"),
        ("next year", "exploring"),
        ("by october 2027", "exploring"),
        ("exploring", "exploring"),
        ("by november", "immediate"),
        ("when it suits", None),
    ],
)
def test_words_for_when_are_sorted_as_of_the_day_they_were_said(
    words: str, timeline: str | None
) -> None:
    assert read_timeline(words, SUNDAY) == timeline

"""A visitor's own words for when, as S0's timeline and urgency. Pure; dates are arguments."""

from __future__ import annotations

import re
from datetime import date
from typing import Literal

from sales.leads.company_words import NUMBER_WORDS
from sales.leads.fields import EXPLORING

Timeline = Literal["immediate", "1-month", "3-months", "6-months", "exploring"]
Urgency = Literal["critical", "high", "standard", "low"]
URGENCY: dict[str, Urgency] = {
    "immediate": "critical",
    "1-month": "high",
    "3-months": "standard",
    "6-months": "low",
    "exploring": "low",
}

_I = re.IGNORECASE
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The first month of each, on the northern half; Christmas and the like where they fall.
_SEASONS = {
    "spring": 3,
    "summer": 6,
    "autumn": 9,
    "fall": 9,
    "winter": 12,
    "christmas": 12,
    "holidays": 12,
    "easter": 4,
    "black friday": 11,
    "year-end": 12,
    "year end": 12,
}
_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
_NUMBERS = {
    **NUMBER_WORDS,
    "a": 1,
    "an": 1,
    "a couple of": 2,
    "couple of": 2,
    "a few": 3,
    "few": 3,
    "several": 4,
}
_COUNT = "|".join(sorted(map(re.escape, _NUMBERS), key=len, reverse=True))
_SPAN = re.compile(
    rf"(?P<count>\d+|{_COUNT})?(?:\s*(?:-|–|to|or)\s*(?P<high>\d+|{_COUNT}))?\s*(?:next "
    rf")?\b(?P<unit>day|week|month|quarter|year)s?\b",
    _I,
)
_MONTH = re.compile(
    rf"\b(?P<month>{'|'.join(_MONTHS)})(?:[a-z]*)\b\.?(?:\s+\d{{1,2}}(?!\d)(?:st|nd|rd|"
    rf"th)?)?(?:,?\s+(?P<year>20\d\d))?",
    _I,
)
_QUARTER = re.compile(r"\bq(?P<quarter>[1-4])\b(?:\s+(?P<year>20\d\d))?", _I)


def read_timeline(words: str, said_on: date) -> Timeline | None:
    """S0's `serviceRequest.timeline` for the visitor's words, as meant on the day of saying."""
    days = days_until(words, said_on)
    if words.strip().lower() == EXPLORING:
        return "exploring"
    if days is None:
        return None
    for limit, name in ((7, "immediate"), (31, "1-month"), (92, "3-months"), (184, "6-months")):
        if days <= limit:
            return name  # type: ignore[return-value]
    return "exploring"


def days_until(words: str, said_on: date) -> int | None:
    """About how many days from `said_on` until what the words name; None when they name no time."""
    text = words.lower()
    if re.search(
        r"asap|a\.s\.a|as soon|immediate|right away|straight|urgent|now\b|today|tomorrow|"
        r"yesterday",
        text,
    ):
        return 0
    if re.search(
        r"\b(?:mon|tues|wednes|thurs|fri)day\b|\b(?:this|end of the|end of this) week\b", text
    ):
        return 7
    for pattern in (_QUARTER, _MONTH):
        match = pattern.search(text)
        if match:
            month = (
                3 * int(match["quarter"]) - 2
                if pattern is _QUARTER
                else _MONTHS.index(match["month"]) + 1
            )
            late = 2 if pattern is _QUARTER and "end" in text else 0
            return _days_to_month(month + late, match["year"], said_on)
    for season, month in _SEASONS.items():
        if re.search(rf"\b{season}\b", text):
            return _days_to_month(month, None, said_on)
    year = re.search(r"\b(20\d\d)\b", text)
    if year:
        return max(0, (date(int(year[1]), 12 if "end" in text else 1, 1) - said_on).days)
    return _span(text, said_on)


def _days_to_month(month: int, year: str | None, said_on: date) -> int:
    chosen = int(year) if year else said_on.year + (month < said_on.month)
    return max(0, (date(chosen, month, 1) - said_on).days)


def _span(text: str, said_on: date) -> int | None:
    whole = re.search(
        r"\b(?:this|end of (?:the |this )?|close of (?:the |this )?|eo)\s*(?P<unit>month|"
        r"quarter|year|m\b|y\b)",
        text,
    )
    if whole:
        return _days_left(whole["unit"], said_on)
    match = _SPAN.search(text)
    if match is None:
        return None
    if match["count"] is None and not re.search(r"\b(?:next|in|within|coming|following)\b", text):
        return None
    count = match["high"] or match["count"] or "1"
    number = int(count) if count.isdigit() else _NUMBERS[count.lower()]
    return number * _DAYS[match["unit"].lower()]


def _days_left(unit: str, said_on: date) -> int:
    if unit.startswith("y"):
        return (date(said_on.year, 12, 31) - said_on).days
    last = said_on.month if unit.startswith("m") else (said_on.month + 2) // 3 * 3
    after = date(said_on.year + (last == 12), last % 12 + 1, 1)
    return (after - said_on).days

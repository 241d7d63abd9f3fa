"""Calendar arithmetic of wishes: which day "next Thursday" or "the 7th" is. Pure."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
# A day named without its year and gone by not longer ago than this is a slip, not next year's.
RECENT = timedelta(days=30)


def week_start(day: date) -> date:
    """The Monday of the week of `day` (ISO 8601)."""
    return day - timedelta(days=day.weekday())


def next_weekday(today: date, weekday: int, *, today_counts: bool = False) -> date:
    """The first such weekday after today, or today itself where that counts."""
    ahead = (weekday - today.weekday()) % 7
    return today + timedelta(days=ahead if ahead or today_counts else 7)


def span(first: date, last: date) -> tuple[date, ...]:
    """Every day from `first` to `last`; none when they are the wrong way round."""
    return tuple(first + DAY * offset for offset in range((last - first).days + 1))


def make_date(year: int, month: int, day: int) -> date | None:
    """The date, or None where the calendar has none such."""
    if not (1 <= month <= 12 and 1 <= year <= 9998) or not 1 <= day <= days_in(year, month):
        return None
    return date(year, month, day)


def days_in(year: int, month: int) -> int:
    """Length of a month in days."""
    return calendar.monthrange(year, month)[1]


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, days_in(year, month)))


def month_days(year: int, month: int, part: str = "") -> tuple[date, ...]:
    """The days of a month, or of its "early", "mid" or "end" third."""
    length = days_in(year, month)
    first, last = {"early": (1, 10), "mid": (11, 20), "end": (length - 9, length)}.get(
        part, (1, length)
    )
    return span(date(year, month, first), date(year, month, last))


def week_days(monday: date, part: str = "") -> tuple[date, ...]:
    """The days of a week, or of its "early" (Mon, Tue), "mid" (Tue to Thu) or "end" (Thu, Fri)."""
    first, last = {"early": (0, 1), "mid": (1, 3), "end": (3, 4), "late": (2, 4)}.get(part, (0, 6))
    return span(monday + DAY * first, monday + DAY * last)


def resolve_day(today: date, day: int) -> date | None:
    """The next month's day of this number, today included; months that lack it are passed over."""
    if not 1 <= day <= 31:
        return None
    first = today.replace(day=1)
    found = (make_date(month.year, month.month, day) for month in _months_from(first, 3))
    return next((one for one in found if one and one >= today), None)


def _months_from(first: date, count: int) -> list[date]:
    return [add_months(first, offset) for offset in range(count)]


def resolve_month_day(today: date, month: int, day: int, year: int | None) -> date | None:
    """The day meant by a day and a month; without a year the coming one, or one just gone by."""
    if year is not None:
        return make_date(year, month, day)
    here = make_date(today.year, month, day)
    if here and here >= today - RECENT:
        # In January "28 December" is last week's, in November it is this year's.
        before = make_date(today.year - 1, month, day)
        return before if before and before >= today - RECENT else here
    later = (make_date(today.year + ahead, month, day) for ahead in (1, 2, 3, 4))
    return next((one for one in later if one), None)


def resolve_month(today: date, month: int, year: int | None) -> tuple[int, int]:
    """Year and number of the coming month of this name, or of the present one."""
    return (year or today.year + (month < today.month), month)


def read_year(text: str | None) -> int | None:
    """A year of two or four digits; None for none and for one nobody books in."""
    if not text:
        return None
    year = int(text) + (2000 if len(text) == 2 else 0)
    return year if 1990 <= year <= 2100 else None

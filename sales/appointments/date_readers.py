"""What each pattern of a day means: "the 7th of March", "Thursday next week", "in two weeks". Pure.

A reader answers None where the words turn out to be no day after all.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from sales.appointments.date_math import (
    DAY,
    WEEK,
    add_months,
    make_date,
    month_days,
    next_weekday,
    read_year,
    resolve_day,
    resolve_month,
    resolve_month_day,
    span,
    week_days,
    week_start,
)
from sales.appointments.time_neighbours import has_cue, is_counting, may_follow
from sales.appointments.time_words import MONTHS, WEEKDAYS, read_number, read_ordinal

HIDDEN = "\x00"


@dataclass(frozen=True, slots=True)
class DatePhrase:
    """Days that were named, and where. What is None does not apply."""

    start: int
    end: int
    days: tuple[date, ...] = ()
    weekday: int | None = None
    """A weekday whose week was not named."""
    number: int | None = None
    """A day whose month was not named."""
    month: tuple[int, int] | None = None
    """The year and month that were named; lends itself to neighbours ("the 5th or 6th of May")."""
    week: date | None = None
    """The Monday of the week that was named."""
    is_period: bool = False
    is_plural: bool = False
    is_vague: bool = False
    """Counts only in a sentence about meeting ("in two weeks", "this month")."""


@dataclass(frozen=True, slots=True)
class DateContext:
    """What dates are read against."""

    today: date
    month_first: bool | None
    """Order of "3/7"; None: unknown, so that only unambiguous ones are read."""


Builder = Callable[[re.Match[str], DateContext], DatePhrase | None]


def _month_number(word: str) -> int:
    return next(number for number, name in enumerate(MONTHS, 1) if name.startswith(word[:3]))


def _day_number(word: str) -> int:
    return read_ordinal(word) or 0


def _count(words: str) -> int:
    return read_number(words.replace(" of", "").split()[-1]) or 0


def _one(match: re.Match[str], day: date | None, **more: object) -> DatePhrase | None:
    if day is None:
        return None
    found = DatePhrase(match.start(), match.end(), (day,))
    return replace(found, **more)  # type: ignore[arg-type]  # names are checked by the tests


def _period(
    match: re.Match[str], days: tuple[date, ...], *, week: date | None = None, vague: bool = False
) -> DatePhrase | None:
    if not days:
        return None
    return DatePhrase(match.start(), match.end(), days, week=week, is_period=True, is_vague=vague)


def read_nothing(match: re.Match[str], _context: DateContext) -> DatePhrase:
    """Words about days that are no wish: read so that nothing else reads them."""
    return DatePhrase(match.start(), match.end())


def read_iso(match: re.Match[str], _context: DateContext) -> DatePhrase | None:
    """2019-03-07, the same everywhere (ISO 8601)."""
    year, month, day = (int(part) for part in re.split("[-/]", match.group()))
    return _one(match, make_date(year, month, day))


def read_dated(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """3/7/2019 in the locale's order; the other order only where this one cannot be."""
    first, second = int(match["a"]), int(match["b"])
    year = read_year(match["y"]) if match["y"] else None
    if match["y"] and year is None:
        return None
    month_first = context.month_first if match["sep"] == "/" else context.month_first or False
    if match["sep"] == ".":
        month_first = False
    orders = {True: (first, second), False: (second, first)}
    readings = {
        order: resolve_month_day(context.today, month, day, year)
        for order, (month, day) in orders.items()
    }
    if month_first is None:
        possible = {day for day in readings.values() if day}
        return _one(match, possible.pop()) if len(possible) == 1 else None
    chosen = readings[month_first] or readings[not month_first]
    return _one(match, chosen, month=(chosen.year, chosen.month) if chosen else None)


_BEFORE_PAIR = ("on", "for", "by", "until", "before", "after", ",", *WEEKDAYS)
_BESIDE_PAIR = re.compile(
    r" (?:at|@|works|please|around|in the (?:m|a|e)|morning|afternoon|evening"
    r"|(?:between |after |before |from )?\d{1,2}(?: am| pm|:))"
)


def read_pair(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """3/7 without a year: also a fraction, so only in a sentence about meeting."""
    before = match.string[: match.start()].split()[-1:]
    beside = before and (before[0][0] == HIDDEN or before[0] in _BEFORE_PAIR)
    if not may_follow(match.string, match.end()) or is_counting(match.string):
        return None
    alone = match.string.strip() == match.group()
    timed = _BESIDE_PAIR.match(match.string, match.end())
    if not (beside or alone or timed or has_cue(match.string)):
        return None
    return read_dated(match, context)


def read_month_day(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "the 7th of March", "March 7, 2019"."""
    word, month = match["day"], _month_number(match["mon"])
    # "we may 5 times", "users march 5 miles": the verbs are followed by a count.
    verb = match["mon"] in ("may", "march") and word.isdigit() and not match["year"]
    if verb and not may_follow(match.string, match.end()):
        return None
    day = resolve_month_day(context.today, month, _day_number(word), read_year(match["year"]))
    return _one(match, day, month=(day.year, day.month) if day else None)


def read_month_range(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "March 5 to 8", "the 5th or 6th of May"."""
    month, year = _month_number(match["mon"]), read_year(match["year"])
    first = resolve_month_day(context.today, month, _day_number(match["first"]), year)
    last = resolve_month_day(context.today, month, _day_number(match["last"]), year)
    if not first or not last:
        return None
    days = (first, last) if match["join"] in ("or", "and") else span(first, last)
    return replace(_period(match, days) or read_nothing(match, context), is_period=len(days) > 2)


def read_weekday_date(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """A weekday and a number: where they disagree, both days are kept (and repeated back)."""
    groups = match.groupdict()
    weekday, number = WEEKDAYS.index(groups["wd"]), _day_number(groups["day"])
    month, today = None, context.today
    if groups.get("mon"):
        month = _month_number(groups["mon"])
        day = resolve_month_day(today, month, number, read_year(groups.get("year")))
        later = None
    else:
        day = resolve_day(today, number)
        later = resolve_day(add_months(day.replace(day=1), 1), number) if day else None
    if day is None:
        return None
    if later and day.weekday() != weekday and later.weekday() == weekday:
        day = later
    if day.weekday() == weekday:
        return _one(match, day, month=(day.year, day.month))
    if not groups.get("mon") and groups["day"].isdigit():
        return None
    near = min(
        (day + DAY * offset for offset in range(-3, 4)), key=lambda d: d.weekday() != weekday
    )
    return DatePhrase(match.start(), match.end(), tuple(sorted({day, near})))


def read_this_month_day(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "the 7th of this month"."""
    if match["which"] == "the":
        return _one(match, resolve_day(context.today, _day_number(match["day"])))
    start = add_months(context.today.replace(day=1), int(match["which"] == "next"))
    return _one(match, make_date(start.year, start.month, _day_number(match["day"])))


def read_lone_ordinal(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "the 7th", unless a noun makes it the 7th of something."""
    number = _day_number(match["day"])
    after = match.string[match.end() :].lstrip()[:1]
    strong = (
        match["on"]
        and has_cue(match.string)
        and not _COUNTED_ORDINAL.match(match.string, match.end())
    )
    listed = re.match(r" (?:/|-) \d", match.string[match.end() :])
    if not (may_follow(match.string, match.end()) or after.isdigit() or strong or listed):
        return None
    if match["day"][0].isalpha() and not match["on"] and number < 6:
        return None  # "the second" is a choice, "the third" a place in a row
    return _one(match, resolve_day(context.today, number), number=number)


_COUNTED_ORDINAL = re.compile(
    r" (?:floor|time|attempt|try|year|month|day|grade|gen\w*|place|quarter|edition|version|street"
    r"|avenue|row|line|item|page|slide|question|party|century|person|user|employee|office|location"
    r"|store|option|one|slot|email|call|message|week|tier|league|birthday|anniversary|hour|minute"
    r"|choice|warehouse|site|product|plan|attempt|phase|sprint|level|step|base|hand|side|round) "
)


def read_relative_day(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "today", "tomorrow", "the day after tomorrow", "tomorrow week"."""
    text = match.group()
    ahead = 0 if "today" in text or "this" in text else 2 if "after" in text else 1
    return _one(match, context.today + DAY * (ahead + 7 * text.endswith(" week")))


def read_tomorrow_and_after(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "tomorrow or the day after"."""
    days = (context.today + DAY, context.today + 2 * DAY)
    return DatePhrase(match.start(), match.end(), days)


def read_ahead(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "in three days", "two weeks from now"."""
    count, unit = _count(match["n"]), match["unit"]
    if unit.startswith("month"):
        day = add_months(context.today, min(count, 60))
    else:
        size = {"d": 1, "w": 7, "f": 14}[unit[0]]
        day = context.today + DAY * min(count * size, 1000)
    return _one(match, day, is_vague=True)


def read_within(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "within the next two weeks", "the next few days"."""
    count = _count(match["n"]) if match["n"] else 3
    if match["unit"] == "hours":
        count = -(-count // 24)
    size = 7 if match["unit"].startswith("week") else 1
    last = context.today + DAY * min(count * size, 366)
    return _period(match, span(context.today + DAY, last), vague=True)


def _named_week(words: str, today: date) -> date:
    """The Monday of "this week", "next week" and their kin."""
    ahead = 0 if words.endswith("this week") else 2 if "after next" in words else 1
    return week_start(today) + WEEK * ahead


_PARTS = {"early": "early", "beginning": "early", "start": "early", "mid": "mid", "middle": "mid"}


def _part_name(words: str | None) -> str:
    first = (words or "").split(" ")[0]
    return _PARTS.get(first, {"end": "end", "late": "end", "later": "late"}.get(first, "")) or (
        "end" if first == "latter" else ""
    )


def read_week(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "next week", "early next week", "later this week"."""
    monday = _named_week(match["week"], context.today)
    days = week_days(monday, _part_name(match["part"]))
    left = tuple(day for day in days if day >= context.today)
    if match["part"] and match["part"].startswith("later") and monday <= context.today:
        left = span(context.today + DAY, monday + DAY * 6)
    return _period(match, left or days, week=monday)


def read_this_week_part(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "end of the week", "rest of the week": this week's while it lasts, then the next's."""
    monday = week_start(context.today)
    if match["part"].startswith(("rest", "remainder")):
        return _period(match, span(context.today, monday + DAY * 6), week=monday)
    days = tuple(day for day in week_days(monday, "end") if day >= context.today)
    return _period(match, days or week_days(monday + WEEK, "end"), week=monday)


def read_weekday_in_week(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "Thursday next week", "next week on Tuesday"."""
    monday = _named_week(match["week"], context.today)
    weekday = WEEKDAYS.index(match["wd"])
    return _one(match, monday + DAY * weekday, week=monday)


def read_weekday(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "Thursday", "this Thursday"; "next Thursday" is the one of the next calendar week."""
    which, weekday = match["which"] or "", WEEKDAYS.index(match["wd"])
    if which.endswith("next"):
        day = week_start(context.today) + WEEK + DAY * weekday
    else:
        day = next_weekday(context.today, weekday, today_counts="this" in which)
    if which.endswith("next"):
        return _one(match, day, week=week_start(day))
    return _one(match, day, weekday=None if which else weekday)


def read_weekday_later(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "Thursday week", "a week on Thursday", "Monday after next", "two weeks from tomorrow"."""
    anchor = match["wd"]
    if anchor in WEEKDAYS:
        start = next_weekday(context.today, WEEKDAYS.index(anchor))
    else:
        start = context.today + DAY * (anchor == "tomorrow")
    weeks = 2 if "fortnight" in match.group() else 1
    if "after next" not in match.group() and match.groupdict().get("n"):
        weeks = _count(match["n"])
    return _one(match, start + WEEK * min(weeks, 60))


def read_plural(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "Mondays": the next four."""
    weekday = WEEKDAYS.index(match["wd"])
    first = next_weekday(context.today, weekday)
    days = tuple(first + WEEK * index for index in range(4))
    return DatePhrase(match.start(), match.end(), days, weekday, is_plural=True, is_vague=True)


def read_weekend(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "the weekend", "next weekend"."""
    monday = week_start(context.today) + WEEK * ("next" in match.group())
    days = span(max(context.today, monday + DAY * 5), monday + DAY * 6)
    return _period(match, days, week=monday, vague="weekends" in match.group())


def read_weekdays(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "weekdays": those of the next two weeks."""
    days = span(context.today + DAY, context.today + DAY * 14)
    return _period(match, tuple(day for day in days if day.weekday() < 5), vague=True)


def read_week_of(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "the week of the 14th"."""
    word = match["day"] or match["day2"] or ""
    month = match["mon"] or match["mon2"]
    if match["wd"]:
        day: date | None = next_weekday(context.today, WEEKDAYS.index(match["wd"]))
    elif month:
        day = resolve_month_day(context.today, _month_number(month), _day_number(word), None)
    else:
        day = resolve_day(context.today, _day_number(word))
    return _period(match, week_days(week_start(day)), week=week_start(day)) if day else None


def read_calendar_week(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "KW 12", a week by its number (ISO 8601)."""
    number = int(match["n"])
    for year in (context.today.year, context.today.year + 1):
        try:
            monday = date.fromisocalendar(year, number, 1)
        except ValueError:
            continue
        if monday + DAY * 6 >= context.today:
            return _period(match, week_days(monday), week=monday)
    return None


def read_week_of_month(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "the first week of April"."""
    year, month = resolve_month(context.today, _month_number(match["mon"]), None)
    days = month_days(year, month)
    if match["nth"] == "last":
        return _period(match, days[-7:])
    start = 7 * (_day_number(match["nth"]) - 1)
    return _period(match, days[start : start + 7])


def read_month(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "in April", "early May"."""
    number, year = _month_number(match["mon"]), read_year(match["year"])
    year, number = resolve_month(context.today, number, year)
    days = month_days(year, number, _part_name(match["part"]))
    coming = tuple(day for day in days if day >= context.today)
    return _period(match, coming, vague=True)


def read_near_month(match: re.Match[str], context: DateContext) -> DatePhrase | None:
    """ "next month", "the end of the month"."""
    start = add_months(context.today.replace(day=1), int(match["which"] == "next"))
    days = month_days(start.year, start.month, _part_name(match["part"]))
    return _period(match, tuple(day for day in days if day >= context.today), vague=True)

"""Reads when-phrases out of a chat message: a hint which slots to offer, never a booking.

Out of its reach the grammar says nothing: what it reads is repeated back to the visitor before
anything is booked, but a date read from "the 7th floor" would already be a nuisance.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from sales.appointments.choice_phrases import find_choice, find_duration, find_preference
from sales.appointments.clock_patterns import TimePhrase, find_times
from sales.appointments.date_math import RECENT
from sales.appointments.date_patterns import find_dates
from sales.appointments.date_readers import DateContext, DatePhrase
from sales.appointments.time_groups import Mention, build_options, exclude, join_dates
from sales.appointments.time_negation import split_refused
from sales.appointments.time_neighbours import has_cue, is_other_matter, is_story
from sales.appointments.time_tokens import Line, read_line
from sales.appointments.time_wish import DAY_END, TimeWindow, TimeWish
from sales.appointments.zone_phrases import find_zone

_MONTH_FIRST = frozenset("US PH PR GU AS VI FM MH PW".split())


def is_month_first(locale: str) -> bool | None:
    """Whether 3/7 is 7 March; None where the locale names no country and the language does not say.

    Month first is written in the United States and the places that follow them (Unicode CLDR).
    """
    language, _, country = locale.replace("_", "-").partition("-")
    if country:
        return country.rpartition("-")[2].upper() in _MONTH_FIRST
    return None if language.lower() in ("", "en") else False


def read_time_phrases(
    text: str,
    now: datetime,
    timezone: tzinfo,
    *,
    locale: str = "en-US",
    offered: Sequence[datetime] = (),
    business_zone: tzinfo | None = None,
) -> TimeWish:
    """What a message wishes about the time of a meeting; a false TimeWish where it says nothing.

    `now` is aware; `timezone` is the visitor's. `offered` are the starts of the slots on the
    table, in their order, so that "2" and "the 2nd" can be a choice. `business_zone` is what
    "your time" means. Raises ValueError when `now` is naive.
    """
    if now.tzinfo is None:
        raise ValueError("now must be aware")
    line = read_line(text, locale)
    zone, marked = find_zone(line, timezone, business_zone)
    local = now.astimezone(zone or timezone)
    choice, place = _choose(line.text, offered, zone or timezone)
    if place:
        marked = marked[: place[0]] + "\x02" * (place[1] - place[0]) + marked[place[1] :]
    duration, rest = find_duration(marked)
    dates, rest = find_dates(rest, DateContext(local.date(), is_month_first(locale)))
    times, _ = find_times(rest, line.text)
    dates, times = _plausible(line, dates, times, local.date())
    mentions = join_dates(line.text, dates, local.date())
    mentions += [_as_mention(phrase, local) for phrase in times]
    mentions.sort(key=lambda mention: mention.start)
    kept, refused = split_refused(line.text, mentions)
    wish = TimeWish(
        zone=zone if mentions or choice is not None or has_cue(line.text) else None,
        duration=duration,
        choice=choice,
        preference=find_preference(line.text),
        quotes=tuple(line.quote(mention.start, mention.end) for mention in kept),
    )
    wish = exclude(wish, line.text, refused)
    return replace(
        wish,
        options=build_options(line.text, kept, wish.excluded_days, wish.excluded_weekdays),
    )


def _choose(
    text: str, offered: Sequence[datetime], zone: tzinfo
) -> tuple[int | None, tuple[int, int] | None]:
    """The choice in a message; "the 2nd" is a day where one of the offers is on a 2nd."""
    choice, place = find_choice(text, len(offered))
    if place and re.search(r"\d(?:st|nd|rd|th)", text[place[0] : place[1]]):
        days = {start.astimezone(zone).day for start in offered}
        if choice in days and not text[place[0] : place[1]].endswith("one"):
            return None, None
    return choice, place


def _plausible(
    line: Line, dates: list[DatePhrase], times: list[TimePhrase], today: date
) -> tuple[list[DatePhrase], list[TimePhrase]]:
    """Without what tells a story, is another matter, or is vague in a message not about meeting."""
    text = line.text
    cue = has_cue(text)
    spans = [(one.start, one.end) for one in dates] + [(one.start, one.end) for one in times]
    spoken = sum(end - start for start, end in spans)
    # Long gone days are told, not wished.
    dates = [one for one in dates if not one.days or one.days[-1] >= today - RECENT]
    short = len(text) - spoken <= (20 if dates else 16)
    dates = [phrase for phrase in dates if not is_story(text, phrase.start)]
    times = [phrase for phrase in times if not is_story(text, phrase.start)]
    if is_other_matter(text) and not cue:
        return [], []
    firm = any(phrase.days and not phrase.is_vague for phrase in dates) or any(
        not phrase.is_vague for phrase in times
    )
    if cue or short or firm:
        return dates, times
    return [phrase for phrase in dates if not phrase.days], []


def _as_mention(phrase: TimePhrase, local: datetime) -> Mention:
    if phrase.ahead is None:
        return Mention(phrase.start, phrase.end, windows=phrase.windows, time=phrase)
    # Time runs in UTC: an hour from 01:30 may be 03:30 on the clock.
    later_on = (local.astimezone(UTC) + phrase.ahead).astimezone(local.tzinfo)
    moment = later_on.replace(second=0, microsecond=0)
    later = (moment + timedelta(minutes=30)).time()
    start = moment.time().replace(tzinfo=None)
    window = TimeWindow(start, later if later > start else DAY_END, start)
    return Mention(phrase.start, phrase.end, days=(moment.date(),), windows=(window,), time=phrase)

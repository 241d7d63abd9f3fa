"""Which days belong to which times: "Tuesday morning or Thursday after 3". Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from sales.appointments.clock_patterns import TimePhrase, shift_half
from sales.appointments.date_math import DAY, make_date, next_weekday, span
from sales.appointments.date_readers import DatePhrase
from sales.appointments.time_wish import DAY_END, DAY_START, DayWish, TimeWindow, TimeWish

_HORIZON = timedelta(days=28)
_RANGE = re.compile(r"-|to|through|thru|till|until|and|bis")
_LISTED = re.compile(r"|,|or|and|,? ?or(?: on)?(?: the)?|,? ?and(?: on)?(?: the)?|/|or|,? maybe")
_CHANGE = re.compile(
    r" (?:chang\w*|mov\w*|re ?schedul\w*|switch\w*|push\w*|shift\w*|postpone\w*|swap\w*|bring) "
)
_CORRECTION = re.compile(
    r" (?:no wait|wait|sorry|i mean|i meant|meant|make (?:that|it)|correction|scratch that"
    r"|or rather|oops|no , )(?= )"
)
_BOUND = re.compile(
    r" (?P<mark>between now and|(?:from )?now (?:until|till|to|through)|(?:not |no |nothing "
    r"|never )?(?<!apart )(?<!aside )(?:before"
    r"|after|by|until|till|later than|earlier than|from"
    r"|starting(?: from| on)?|as of"
    r"|beginning|past|since))(?: on)?(?: the)? $"
)
_ECHO = re.compile(r" ?(?:[,(] ?)?(?:(?:a|the|which is|is a|thats|on) ?)?")
_SIDE_BY_SIDE = re.compile(r"(?:(?:or|and|at|on|in|the|of) ?)*")
_ONWARD = re.compile(
    r" (?:onwards?|on(?! (?:the|a|my))(?= [.,?!]| $)|or later|or after|at the earliest"
    r"|and later)(?= )"
)
_BACKWARD = re.compile(r" (?:at the latest|or earlier|or before|or sooner)(?= )")


@dataclass(frozen=True, slots=True)
class Mention:
    """Days or times at a place of the line, ready to be grouped."""

    start: int
    end: int
    days: tuple[date, ...] = ()
    windows: tuple[TimeWindow, ...] = ()
    weekday: int | None = None
    is_plural: bool = False
    time: TimePhrase | None = None
    is_open: bool = False
    """Without an end of its own ("after the 15th")."""


def join_dates(text: str, phrases: Sequence[DatePhrase], today: date) -> list[Mention]:
    """The dates with what their neighbours say about them: lists, ranges, bounds, corrections."""
    named = [phrase for phrase in phrases if phrase.days]
    named = _drop_echoes(text, _inherit(text, named))
    named = _drop_corrected(text, named)
    mentions: list[Mention] = []
    index = 0
    while index < len(named):
        phrase = named[index]
        after = named[index + 1] if index + 1 < len(named) else None
        joined = _range(text, phrase, after, today) if after else None
        if joined:
            mentions.append(joined)
            index += 2
            continue
        mentions.append(_bound(text, phrase, today))
        index += 1
    return mentions


def _inherit(text: str, phrases: list[DatePhrase]) -> list[DatePhrase]:
    """ "the 5th or 6th of May", "Tuesday or Thursday next week": the month or week is shared."""
    result = list(phrases)
    count = len(result)
    for here, there in [*((i, i + 1) for i in reversed(range(count - 1))),
                        *((i, i - 1) for i in range(1, count))]:  # fmt: skip
        phrase, near = result[here], result[there]
        between = text[min(phrase.end, near.end) : max(phrase.start, near.start)].strip()
        listed = bool(_LISTED.fullmatch(between)) or between in ("-", "to", "through")
        if phrase.number and near.month and listed:
            day = make_date(*near.month, phrase.number)
            if day:
                result[here] = replace(phrase, days=(day,), month=near.month, number=None)
        elif (
            phrase.weekday is not None
            and near.week
            and listed
            and not (near.is_period and "or" in between.split())
        ):
            day = near.week + DAY * phrase.weekday
            result[here] = replace(phrase, days=(day,), weekday=None, week=near.week)
    return _intersect(text, result)


def _intersect(text: str, phrases: list[DatePhrase]) -> list[DatePhrase]:
    """A weekday beside a period ("a Tuesday in March", "next week, preferably Tuesday")."""
    result: list[DatePhrase] = []
    periods = [phrase for phrase in phrases if phrase.is_period]
    used: set[int] = set()
    for phrase in phrases:
        near = min(periods, key=lambda one: abs(one.start - phrase.start), default=None)
        between = text[min(phrase.end, near.end) : max(phrase.start, near.start)] if near else "."
        apart = re.search(
            r" (?:or|not|but|except|[.?!;]|cant|before|after|apart|aside|besides|excluding|other"
            r"|rather|instead|no) ",
            f" {between} ",
        )
        if near and not apart and not phrase.is_period and len(between) < 30:
            if phrase.weekday is not None:
                days = tuple(day for day in near.days if day.weekday() == phrase.weekday)
                result.append(replace(phrase, days=days or phrase.days, weekday=None))
                used.add(near.start)
                continue
            if phrase.week is not None and phrase.week == near.week:
                used.add(near.start)
        result.append(phrase)
    return [phrase for phrase in result if phrase.start not in used]


def _drop_echoes(text: str, phrases: list[DatePhrase]) -> list[DatePhrase]:
    """ "tomorrow (Thursday)", "5/3, a Thursday": the weekday only says again what the date is."""
    kept: list[DatePhrase] = []
    for index, phrase in enumerate(phrases):
        near = [*phrases[max(0, index - 1) : index], *phrases[index + 1 : index + 2]]
        echoed = phrase.weekday is not None and any(
            len(one.days) == 1
            and one.weekday is None
            and one.days[0].weekday() == phrase.weekday
            and _ECHO.fullmatch(text[min(phrase.end, one.end) : max(phrase.start, one.start)])
            for one in near
        )
        if not echoed:
            kept.append(phrase)
    return kept


def _drop_corrected(text: str, phrases: list[DatePhrase]) -> list[DatePhrase]:
    """ "the 7th, no wait, the 8th": the later one counts. In a change, "from A" and "my A" go."""
    if len(phrases) < 2:
        return phrases
    kept: list[DatePhrase] = []
    change = _CHANGE.search(text)
    for phrase, after in pairwise(phrases):
        between = text[phrase.end : after.start]
        marks = list(_CORRECTION.finditer(between))
        if marks and len(between[marks[-1].end() :].split()) <= 4:
            continue
        before = text[: phrase.start]
        old = re.search(
            r" (?:from|my|our|the|move|change|reschedule|switch|push)(?: the)? $", before
        )
        if (
            change
            and change.start() < phrase.start
            and old
            and re.search(r"^ (?:(?:\w+ ){0,4}(?:to|for|until) )(?:\w+ )?$", between)
        ):
            continue
        kept.append(phrase)
    return [*kept, phrases[-1]]


def _range(text: str, first: DatePhrase, last: DatePhrase, today: date) -> Mention | None:
    between = text[first.end : last.start].strip().removesuffix(" the").strip()
    if not _RANGE.fullmatch(between):
        return None
    before = text[: first.start].rstrip()
    opened = re.search(r" (?:between|from)(?: the)?$", before)
    if between == "and" and not (opened and "between" in opened.group()):
        return None
    start, end = first.days[0], last.days[-1]
    if (end < start and last.weekday is not None) or (
        first.weekday is not None and last.weekday is not None
    ):
        end = next_weekday(start, last.weekday)
    if end < start or (end - start) > timedelta(days=92):
        return None
    return Mention(first.start, last.end, span(max(start, min(today, end)), end))


def _bound(text: str, phrase: DatePhrase, today: date) -> Mention:
    """The mention of one phrase, widened by "before", "after", "until", "from ... on"."""
    plain = Mention(
        phrase.start, phrase.end, phrase.days, weekday=phrase.weekday, is_plural=phrase.is_plural
    )
    # A pattern may have read the preposition already ("by the 7th").
    head = text[: phrase.start] + " ".join(text[phrase.start : phrase.end].split()[:1]) + " "
    found = _BOUND.search(text[: phrase.start]) or _BOUND.search(head)
    tail = text[phrase.end :]
    mark = found["mark"] if found else ""
    first, last = phrase.days[0], phrase.days[-1]
    negated = mark.startswith(("not ", "no ", "nothing ", "never "))
    word = mark.split(" ", 1)[1] if negated else mark
    blocked = re.search(
        r" (?:busy|away|out|off|unavailable|booked|vacation|holiday|leave|cant|travell?ing"
        r"|not available"
        r"|not free)(?: \w+){0,3} (?:until|till|before|by)(?: the)? $",
        text[: phrase.start],
    )
    days: tuple[date, ...] | None = None
    if _ONWARD.match(tail) or (blocked and word in ("until", "till", "before", "by")):
        days = span(first, first + _HORIZON)
    elif _BACKWARD.match(tail):
        days = span(today, last)
    elif word in ("after", "past", "later than"):
        days = span(today, last) if negated else span(last + DAY, last + _HORIZON)
    elif word in ("before", "earlier than", "until", "till"):
        until = word in ("until", "till")
        days = (
            span(first, first + _HORIZON)
            if negated
            else span(today, last if until else first - DAY)
        )
    elif word == "by" or "now" in word:
        days = span(today, last)
    elif word.startswith(("from", "start", "as of", "beginning")) and not phrase.is_period:
        days = span(first, first + _HORIZON)
    if not days:
        return plain
    if word == "by" and len(phrase.days) == 1 and not found:
        return plain
    return replace(plain, days=days, weekday=None, is_open=True)


def build_options(
    text: str, mentions: Sequence[Mention], refused_days: Set[date], refused_weekdays: Set[int]
) -> tuple[DayWish, ...]:
    """The alternatives of a message, in its order, each with its days and windows."""
    named = {day for mention in mentions if not mention.is_open for day in mention.days}
    closed = [
        mention
        for mention in _replace_moved(text, list(mentions))
        # "I'm away until Monday, is Tuesday free?": the named day says what is wanted.
        if not (mention.is_open and named & set(mention.days))
    ]
    groups = _group(closed)
    options = []
    for days, windows in groups:
        left = tuple(
            day
            for day in dict.fromkeys(days)
            if day not in refused_days and (day.weekday() not in refused_weekdays or len(days) == 1)
        )
        if left or not days:
            options.append(DayWish(tuple(sorted(left)), _narrow(windows)))
    return tuple(dict.fromkeys(options))


def _replace_moved(text: str, mentions: list[Mention]) -> list[Mention]:
    """In a change "from 3 to 4" names the old time and the new one."""
    if not _CHANGE.search(text):
        return mentions
    return [
        replace(mention, windows=(mention.time.first_of_range,))
        if mention.time and mention.time.first_of_range
        else mention
        for mention in mentions
    ]


def _group(mentions: list[Mention]) -> list[tuple[list[date], list[TimePhrase | TimeWindow]]]:
    """Days and times that stand together. A day after a pair of day and time begins anew."""
    groups: list[tuple[list[date], list[TimePhrase | TimeWindow]]] = []
    starts_with_day = True
    last: Mention | None = None
    for index, mention in enumerate(mentions):
        is_time = not mention.days
        follower = mentions[index + 1] if index + 1 < len(mentions) else None
        begun = groups[-1] if groups else None
        full = bool(begun and begun[0] and begun[1])
        anew = begun is None
        if (begun and mention.days and mention.windows) or (
            full and not is_time and last and (not last.days or last.windows) and starts_with_day
        ):
            anew = True
        elif full and is_time and not starts_with_day and last and last.days:
            anew = bool(follower and follower.days)
        if anew:
            groups.append(([], []))
            starts_with_day = not is_time
        groups[-1][0].extend(mention.days)
        if mention.time and mention.time.windows == mention.windows:
            groups[-1][1].append(mention.time)
        else:
            groups[-1][1].extend(mention.windows)
        last = mention
    return groups


def _narrow(found: Sequence[TimePhrase | TimeWindow]) -> tuple[TimeWindow, ...]:
    """The windows of a group: a part of the day beside a clock time only says am or pm."""
    parts = [one.part for one in found if isinstance(one, TimePhrase) and one.part]
    exact: list[TimeWindow] = []
    wide: list[TimeWindow] = []
    for one in found:
        if isinstance(one, TimeWindow):
            exact.append(one)
        elif one.part:
            wide.extend(one.windows)
        else:
            exact.extend((shift_half(one, parts[0]) if parts else one).windows)
    return _overlap(exact or wide)


def _overlap(windows: Sequence[TimeWindow]) -> tuple[TimeWindow, ...]:
    """Ranges that overlap say the same thing twice ("after 3 but before 5"): what they share."""
    result: list[TimeWindow] = []
    for window in windows:
        last = result[-1] if result else None
        ranges = last and not last.target and not window.target
        if last and ranges and window.earliest < last.latest and last.earliest < window.latest:
            first, end = max(last.earliest, window.earliest), min(last.latest, window.latest)
            result[-1] = TimeWindow(first, end, None, last.guessed_half or window.guessed_half)
        elif window not in result:
            result.append(window)
    return tuple(result)


def _clusters(text: str, mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Mentions that stand side by side: "not Monday morning", but not "no Monday, no mornings"."""
    clusters: list[list[Mention]] = []
    for mention in mentions:
        last = clusters[-1][-1] if clusters else None
        if last and _SIDE_BY_SIDE.fullmatch(text[last.end : mention.start].strip()):
            clusters[-1].append(mention)
        else:
            clusters.append([mention])
    return clusters


def _is_whole_day(windows: Sequence[TimeWindow]) -> bool:
    return any((one.earliest, one.latest) == (DAY_START, DAY_END) for one in windows)


def exclude(wish: TimeWish, text: str, refused: Sequence[Mention]) -> TimeWish:
    """The wish with what was refused: days, weekdays, windows, or windows of some days."""
    days: set[date] = set()
    weekdays: set[int] = set()
    windows: list[TimeWindow] = []
    pairs: list[DayWish] = []
    for cluster in _clusters(text, refused):
        for group_days, found in _group(cluster):
            narrowed = _narrow(found)
            if group_days and narrowed and not _is_whole_day(narrowed):
                pairs.append(DayWish(tuple(sorted(set(group_days))), narrowed))
            elif not group_days:
                windows.extend(narrowed)
    paired = {day for pair in pairs for day in pair.days}
    for mention in refused:
        if paired.issuperset(mention.days):
            continue
        if mention.weekday is not None:
            weekdays.add(mention.weekday)
        else:
            days.update(mention.days)
    return replace(
        wish,
        excluded_days=frozenset(days),
        excluded_weekdays=frozenset(weekdays),
        excluded_windows=tuple(windows),
        excluded_options=tuple(pairs),
    )

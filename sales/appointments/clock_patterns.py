"""Times of day in a canonical line: "between 2 and 4 pm", "after lunch", "evening 5". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sales.appointments.clock_readers import ATOM, PARTS, ClockTime, part_window, read_atom, settle
from sales.appointments.date_readers import HIDDEN
from sales.appointments.time_neighbours import has_cue, is_counting, may_follow
from sales.appointments.time_wish import DAY_END, DAY_START, TimeWindow
from sales.appointments.zone_phrases import ZONED

_HALF = r"(?: (?P<half{n}>am|pm))?(?: (?P<clockword{n}>oclock|hours|h))?(?: (?P<late{n}>am|pm))?"
_IN_PART = (
    r"(?:(?: ,)? (?:(?:in|at|of) (?:the )?)?(?P<part{n}>morning|afternoon|evening|night)"
    r"(?! (?:or|and) ))?"
)
_TAIL = (
    rf"(?P<about>(?: -)? ish| or so)?(?P<sharp> sharp| on the dot)?(?:(?: \()? (?P<zone>{ZONED}+))?"
)
_PREPART = (
    r"(?:(?:in the |at )?(?P<before>morning|afternoon|evening|night) (?:, |- )?"
    r"(?=(?:at |around |about |from |between |after |before )?(?:\d|[a-z]+ )))?"
)
_FRAME = (
    r"(?:how about|what about|lets say|lets do|say|make it|is|does|would|maybe|perhaps|it (?:for"
    r"|to|on)"
    r"|that (?:for|to)|(?:appointment|time|meeting|call|visit|demo|slot|one|me|booking) (?:for|to"
    r"|on)"
    r"|change to|move to|works|prefer|rather|only|then|me at|or)"
)
_MARKS = (
    r"(?P<mark>(?:(?:not |no )?(?:after|before|past|until|till|later than|earlier than)"
    r"|at|@|around|(?<!how )(?<!what )about|approximately|roughly|approx|circa|by|from|starting|~)"
    r"(?: (?:at|around|about|like|say|the|from))?)"
)
_SINGLE = re.compile(
    rf"(?<=[ ]){_PREPART}(?:{_MARKS} )?(?:(?:a|the) )?(?P<atom>{ATOM})"
    + _HALF.format(n="")
    + _IN_PART.format(n="")
    + _TAIL
    + r"(?P<onward> onwards?| (?:or|and) (?:later|after|onwards?)| at the earliest| (?:or|and) "
    r"(?:earlier|before)| at the latest)?(?= )"
)
_DOUBLE = re.compile(
    rf"(?<=[ ]){_PREPART}(?P<mark>(?:somewhere |anytime |any time )?(?:between|from|at|around"
    rf"|either) "
    rf"(?:at )?)?(?P<atom>{ATOM})"
    + _HALF.format(n="")
    + _IN_PART.format(n="")
    + r" (?P<join>and|to|till|until|-|through|or|,(?: or)?) (?:at |around )?"
    + rf"(?P<atom2>{ATOM})"
    + _HALF.format(n="2")
    + _IN_PART.format(n="2")
    + _TAIL
    + r"(?= )"
)
_DAYPART = re.compile(
    r"(?<= )(?:(?P<late>(?:in the |during the |the )?(?:early|late|mid)(?: -)? (?:morning|afternoon"
    r"|evening)s?)|(?P<lunch>(?:(?:before|after|over|at|around|during) )?lunch(?: ?time| break)?)"
    r"|(?P<work>(?:before|after) work)|(?P<first>first thing|early doors)"
    r"|(?P<end>(?:by |at |before )?(?:the )?(?:end of (?:the )?(?:business )?day|eod|cob"
    r"|close of business))"
    r"|(?P<hours>(?:during |in |within )(?:the |your |normal |regular )?(?:business|office"
    r"|working) hours)"
    r"|(?P<all>all day|any time of (?:the )?day)"
    r"|(?P<part>(?:(?:in|during|by|for|at|of) (?:the )?|the |any )?(?:morning|afternoon|evening"
    r"|night)s?)"
    r"|(?P<half>(?:in the )?(?:am|pm)))(?= )"
)
_FROM_NOW = re.compile(
    r"(?<= )in (?:about |around )?(?P<n>\d{1,2}|an?|one|two|three|four|half an|a couple of)"
    r" (?P<unit>hours?|minutes)(?: time)?(?= )"
)
_TOLD = re.compile(r" (?:says|said|shows?|showed|reads?|logged|logs?|stamped|under|every) $")
_APPROXIMATE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class TimePhrase:
    """Times that were named, and where; `replaced` is the old time of "from 3 to 4" in a change."""

    start: int
    end: int
    windows: tuple[TimeWindow, ...]
    part: str | None = None
    is_vague: bool = False
    ahead: timedelta | None = None
    first_of_range: TimeWindow | None = None
    clock: ClockTime | None = None


def _around(moment: time, width: timedelta) -> tuple[time, time]:
    """`width` before and after, within the day."""
    day = datetime(2000, 1, 1)  # noqa: DTZ001  # only the clock's arithmetic is wanted
    middle = datetime.combine(day, moment)
    low, high = middle - width, middle + width
    return (
        low.time() if low.date() == day.date() else DAY_START,
        high.time() if high.date() == day.date() else DAY_END,
    )


def _bounded(moment: time, mark: str, guessed: bool) -> TimeWindow:
    """The window of "after 3", "before noon", "around 10" or plain "at 4"."""
    if any(
        word in mark for word in ("around", "about", "approx", "rough", "circa", "~", "ish", "so")
    ):
        return TimeWindow(*_around(moment, _APPROXIMATE), moment, guessed)
    forward = any(
        word in mark
        for word in ("after", "past", "from", "starting", "onward", "later", "earliest")
    )
    backward = any(word in mark for word in ("before", "until", "till", "by", "earlier", "latest"))
    if forward or backward:
        if mark.startswith(("not ", "no ")):
            forward = not forward
        return (
            TimeWindow(moment, DAY_END, None, guessed)
            if forward
            else TimeWindow(DAY_START, moment, None, guessed)
        )
    return TimeWindow(moment, moment, moment, guessed)


def _single(match: re.Match[str], source: str) -> TimePhrase | None:
    clock = read_atom(match["atom"])
    if clock is None or _is_length(match, clock):
        return None
    half = match["half"] or match["late"] or match["part"] or match["before"]
    mark = " ".join(match[name] or "" for name in ("mark", "about", "onward"))
    mark += " ish" * match["atom"].endswith("ish")
    said = half or any(match[name] for name in ("clockword", "zone", "sharp", "about"))
    if (match["half"] and clock.hour == 0) or _TOLD.search(match.string[: match.start()]):
        return None
    if clock.is_bare and not said and not _is_time(match, source, mark):
        return None
    if clock.is_dotted and not (said or match["mark"]):
        return None
    sure = match["half"] or match["clockword"] or match["part"] or match["zone"]
    loose = (clock.is_bare or clock.is_dotted) and not sure
    if loose and not may_follow(match.string, match.end()):
        return None
    moment, guessed = settle(clock, half)
    window = _bounded(moment, mark.strip(), guessed)
    bare = clock.is_bare and not said
    return TimePhrase(match.start(), match.end(), (window,), is_vague=bare, clock=clock)


def _is_length(match: re.Match[str], clock: ClockTime) -> bool:
    """ "2 hours" and "2 h" are lengths of time, "1430 hours" and "16 h" are not."""
    short = {"hours": 24, "h": 6}.get(match["clockword"] or "", -1)
    return clock.is_bare and len(match["atom"]) < 3 and clock.hour <= short


def _is_time(match: re.Match[str], source: str, mark: str) -> bool:
    """Whether a number alone stands where a time would ("at 4", "how about 4?", "Tuesday 4")."""
    text, start = match.string, match.start()
    counting = is_counting(source) and HIDDEN not in text
    if counting or is_counting(text[match.end() :][:25]) or not may_follow(text, match.end()):
        return False
    if match["atom"] in ("one", "a") and not mark.strip().startswith("at"):
        return False
    number = read_atom(match["atom"])
    if number and number.hour == 0:
        return False
    before = text[:start].rstrip(" ,")
    if before.endswith(HIDDEN):
        return True
    if match["mark"]:
        firm = mark.strip().startswith(("at", "@", "after", "before", "not", "no "))
        return has_cue(source) or HIDDEN in text or (firm and len(source.split()) <= 8)
    framed = re.search(rf" {_FRAME}$", text[:start].rstrip())
    behind = re.match(
        r" (?:works?|would (?:work|be|suit)|is (?:fine|good|ok|okay|great|perfect|better)|suits"
        r"|[?.!]? *$|please|sounds|if|instead|ok|okay|good|fine|possible|free|available|then)",
        text[match.end() :],
    )
    weak = re.match(r" [?.!]? *$", text[match.end() :]) and not framed
    return bool(behind and not weak and (framed or not before or before[-1] in ".,?!"))


def _double(match: re.Match[str], source: str) -> TimePhrase | None:
    first, last = read_atom(match["atom"]), read_atom(match["atom2"])
    if first is None or last is None:
        return None
    half2 = match["half2"] or match["late2"] or match["part2"]
    mark = (match["mark"] or "").strip()
    minutes = match["atom"] in ("five", "ten", "twenty") and match["join"] == "to"
    if minutes and mark == "at":
        return None  # "at ten to three" is one time
    half = match["half"] or match["late"] or match["part"]
    shared = half or half2 or match["before"]
    listed = match["join"].startswith((",", "or")) or (
        match["join"] == "and" and "between" not in (match["mark"] or "")
    )
    if not _is_range(match, source, first, last, bool(shared)):
        return None
    if listed:
        start, guessed = settle(first, half or half2 or match["before"])
        end, _ = settle(last, half2 or match["before"] or half)
        exact = (TimeWindow(start, start, start, guessed), TimeWindow(end, end, end, guessed))
        return TimePhrase(match.start(), match.end(), exact, clock=first)
    start, end, guessed = _order(first, last, half or match["before"], half2 or match["before"])
    if end <= start and not (first.is_settled and last.is_settled and end == DAY_START):
        return None
    window = TimeWindow(start, end if end > start else DAY_END, None, guessed)
    moved = TimeWindow(end, end, end, guessed)
    exchanged = moved if mark == "from" and match["join"] == "to" else None
    return TimePhrase(match.start(), match.end(), (window,), first_of_range=exchanged, clock=first)


def _order(
    first: ClockTime, last: ClockTime, half: str | None, half2: str | None
) -> tuple[time, time, bool]:
    """Start and end of a range, the half of the one taken from the other.

    "11 to 1 pm" begins in the morning: the start is the last such hour before the end.
    """
    guessed = not (half or half2 or first.is_settled or last.is_settled)
    if half2 and not half and not first.is_settled:
        end, _ = settle(last, half2)
        early, late = settle(first, "am")[0], settle(first, "pm")[0]
        return (late if late < end else early), end, guessed
    start, _ = settle(first, half)
    if half2 or last.is_settled:
        return start, settle(last, half2)[0], guessed
    early, late = settle(last, "am")[0], settle(last, "pm")[0]
    return start, (early if early > start else late), guessed


def _is_range(
    match: re.Match[str], source: str, first: ClockTime, last: ClockTime, has_half: bool
) -> bool:
    if not may_follow(match.string, match.end()) and not match["half2"] and not match["part2"]:
        return False
    if (first.is_dotted or last.is_dotted) and not (match["mark"] or has_half):
        return False
    sure = has_half or match["clockword"] or match["clockword2"] or match["zone"]
    if sure or not first.is_bare or not last.is_bare:
        # "at 3, 5 users": a bare number after a comma is no second time.
        return bool(sure or not last.is_bare or match["join"] not in (",", "and"))
    if is_counting(source) or first.hour == 0 or last.hour == 0:
        return False
    before = match.string[: match.start()].rstrip(" ,")
    if before.endswith(HIDDEN) and not match["join"].startswith(","):
        return True
    told = bool(match["mark"]) and (has_cue(source) or HIDDEN in match.string)
    told = told or (match["join"] in ("-", "to", "till", "until") and HIDDEN in match.string)
    return told and match["join"] != "," and max(first.hour, last.hour) <= 24


def _daypart(match: re.Match[str], _source: str) -> TimePhrase | None:
    kind, words = match.lastgroup or "", match.group()
    name = {"first": "first thing", "end": "end of day", "hours": "business hours"}.get(kind)
    beside = match.string[: match.start()].rstrip(" ,").endswith(HIDDEN)
    if kind == "all":
        name = "all day"
    elif kind == "work":
        name = words
    elif kind == "lunch":
        name = f"{words.split()[0]} lunch" if words.startswith(("before", "after")) else "lunch"
    elif name is None:
        plain = re.sub(r"in the |during the |the |for |of |by |at |in |during |any |- ", "", words)
        name = plain.rstrip("s")
    if name not in PARTS or (kind == "half" and not beside):
        return None
    if name == "night" and not (beside or words.startswith("at")):
        return None
    window, part = part_window(name), name.split()[-1]
    if words.startswith("by ") and name != "end of day":
        window = TimeWindow(DAY_START, window.latest)
    return TimePhrase(match.start(), match.end(), (window,), part, is_vague=not beside)


def _from_now(match: re.Match[str], source: str) -> TimePhrase | None:
    if not has_cue(source):
        return None
    count = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "half an": 0.5}
    number = count.get(match["n"], 2 if "couple" in match["n"] else None)
    amount = float(match["n"]) if number is None else number
    ahead = timedelta(minutes=amount) if match["unit"] == "minutes" else timedelta(hours=amount)
    return TimePhrase(match.start(), match.end(), (), ahead=ahead)


def find_times(text: str, source: str) -> tuple[list[TimePhrase], str]:
    """Every time of day in a line whose dates are hidden, and the line with the times hidden.

    `source` is the line before anything was hidden.
    """
    found: list[TimePhrase] = []
    for pattern, build in (
        (_FROM_NOW, _from_now),
        (_DOUBLE, _double),
        (_SINGLE, _single),
        (_DAYPART, _daypart),
    ):
        place = 0
        while match := pattern.search(text, place):
            phrase = build(match, source)
            if phrase is None:
                # A pattern that failed from here may still hold from the next word on.
                place = text.find(" ", match.start() + 1)
                continue
            found.append(phrase)
            text = (
                text[: match.start()] + HIDDEN * (match.end() - match.start()) + text[match.end() :]
            )
            place = match.end()
    return sorted(found, key=lambda phrase: phrase.start), text


def shift_half(phrase: TimePhrase, part: str) -> TimePhrase:
    """The phrase with am and pm as a part of the day says it ("tomorrow evening ... at 6")."""
    if phrase.clock is None or len(phrase.windows) != 1 or not phrase.windows[0].guessed_half:
        return phrase
    window = phrase.windows[0]
    moment, _ = settle(phrase.clock, part)
    if not window.target:
        bounds = (window.earliest, moment) if window.earliest == DAY_START else (moment, DAY_END)
        one_sided = window.earliest == DAY_START or window.latest == DAY_END
        return replace(phrase, windows=(TimeWindow(*bounds),)) if one_sided else phrase
    if window.is_exact:
        return replace(phrase, windows=(TimeWindow(moment, moment, moment),))
    return replace(phrase, windows=(TimeWindow(*_around(moment, _APPROXIMATE), moment),))

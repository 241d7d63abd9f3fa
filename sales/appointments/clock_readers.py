"""What the words of a clock time mean: "half past 3", "quarter to nine", "1430", "noon". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from sales.appointments.time_wish import DAY_END, DAY_START, TimeWindow
from sales.appointments.time_words import HOURS, read_number

_HOUR_WORD = "|".join(HOURS)
_HOUR = rf"(?:2[0-4]|1\d|0?\d|{_HOUR_WORD})"
# "10 to 5" with digits is a range of hours.
_MINUTE = r"(?:\d{1,2}(?= minutes| past)|five|ten|twenty|twenty[- ]five|fifteen)"
_MINUTE_WORD = (
    r"(?:oh five|ten|fifteen|twenty|thirty|forty|fifty|(?:twenty|thirty|forty|fifty)[- ]five)"
)

ATOM = (
    rf"(?:(?:half past|quarter past|quarter after|quarter to|quarter till|quarter of|quarter before"
    rf"|half-to|three-quarter-to|half|{_MINUTE} (?:minutes )?(?:past|to|till)) {_HOUR}"
    rf"|\d{{1,2}}[:.]\d{{2}}|\d{{3,4}}(?= (?:hours|am|pm))|(?<=at )\d{{4}}|12 noon|noonish|noon"
    rf"|midday|midnight"
    rf"|(?:{_HOUR_WORD}) {_MINUTE_WORD}|{_HOUR} (?:half-past|quarter-past|quarter-less)"
    rf"|{_HOUR} (?:oclock|hours) \d{{2}}(?! oclock)|{_HOUR})"
)
_FRACTION = re.compile(rf"(.+?) (?:minutes )?(past|after|to|till|of|before) ({_HOUR})")
_SHORT_FRACTION = re.compile(rf"(half-to|three-quarter-to|half) ({_HOUR})")
_SPANISH = re.compile(rf"({_HOUR}) (half-past|quarter-past|quarter-less)")
_OCLOCK = re.compile(rf"({_HOUR}) (?:oclock|hours) (\d{{2}})")


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time as it was said: whether am or pm is meant may be open."""

    hour: int
    minute: int
    is_bare: bool = False
    """A number alone ("at 4"), which only its neighbours make a time."""
    is_settled: bool = False
    """Noon, midnight, 09:30 and 15:00 need neither am nor pm."""
    is_dotted: bool = False


# Starts and ends of the parts of a day, as people who make appointments mean them.
PARTS = {
    "morning": (time(6), time(12)),
    "afternoon": (time(12), time(18)),
    "evening": (time(17), time(21)),
    "night": (time(18), time(23)),
    "early morning": (time(6), time(10)),
    "late morning": (time(10), time(12)),
    "mid morning": (time(9, 30), time(11, 30)),
    "early afternoon": (time(12), time(15)),
    "late afternoon": (time(15), time(18)),
    "mid afternoon": (time(14), time(16)),
    "early evening": (time(17), time(19)),
    "late evening": (time(19), time(22)),
    "lunch": (time(12), time(14)),
    "before lunch": (time(9), time(12)),
    "after lunch": (time(13), time(17)),
    "before work": (time(6, 30), time(9)),
    "after work": (time(17), time(21)),
    "first thing": (time(7), time(10)),
    "end of day": (time(15, 30), time(18)),
    "business hours": (time(9), time(17)),
    "all day": (DAY_START, DAY_END),
    "am": (DAY_START, time(12)),
    "pm": (time(12), DAY_END),
}


def part_window(name: str) -> TimeWindow:
    """The window of a part of the day; `name` is a key of PARTS."""
    return TimeWindow(*PARTS[name])


def read_atom(text: str) -> ClockTime | None:
    """A clock time in canonical words; None where hours or minutes are out of range."""
    found = _read_words(text)
    if found is None and (match := re.fullmatch(r"(\d{1,2})([:.])(\d{2})", text)):
        hour, minute = int(match[1]), int(match[3])
        settled = hour > 12 or match[1].startswith("0") or hour == 0
        found = ClockTime(hour, minute, is_settled=settled, is_dotted=match[2] == ".")
    if found is None and (match := re.fullmatch(r"(\d{1,2})(\d{2})", text)):
        # "at 0900" is a time, "at 1500" may be a price.
        bare, late = len(text) == 4 and text[0] != "0", int(match[1]) > 12
        found = ClockTime(int(match[1]), int(match[2]), bare, late or text[0] == "0")
    if found is None and (number := read_number(text)) is not None:
        found = ClockTime(number, 0, is_bare=True, is_settled=number > 12 or number == 0)
    if found is None or not (0 <= found.hour <= 24 and 0 <= found.minute < 60):
        return None
    return found


def _read_words(text: str) -> ClockTime | None:
    if text in ("noon", "noonish", "midday", "12 noon"):
        return ClockTime(12, 0, is_settled=True)
    if text == "midnight":
        return ClockTime(0, 0, is_settled=True)
    found = _read_fraction(text)
    if found is None and (match := _OCLOCK.fullmatch(text)):
        found = ClockTime(read_number(match[1]) or 0, int(match[2]), is_settled=True)
    head, _, tail = text.partition(" ")
    if found is None and tail and head in HOURS:
        minute = 5 if tail == "oh five" else read_number(tail) or 0
        found = ClockTime(read_number(head) or 0, minute)
    return found


def _read_fraction(text: str) -> ClockTime | None:
    """Half hours and quarters, which German and Spanish count their own way."""
    if match := _SHORT_FRACTION.fullmatch(text):
        hour = read_number(match[2]) or 0
        # English "half three" is 3:30, German "halb drei" 2:30 (and "dreiviertel drei" 2:45).
        before = 15 if match[1].startswith("three") else 30
        return _before(hour, before) if "to" in match[1] else ClockTime(hour, 30)
    if match := _FRACTION.fullmatch(text):
        minutes = {"quarter": 15, "half": 30}.get(match[1]) or read_number(match[1]) or 0
        hour = read_number(match[3]) or 0
        late = match[2] in ("past", "after")
        return ClockTime(hour, minutes, is_settled=hour > 12) if late else _before(hour, minutes)
    if match := _SPANISH.fullmatch(text):
        hour = read_number(match[1]) or 0
        if match[2] == "quarter-less":
            return _before(hour, 15)
        return ClockTime(hour, 30 if match[2] == "half-past" else 15, is_settled=hour > 12)
    return None


def _before(hour: int, minutes: int) -> ClockTime:
    return ClockTime((hour - 1) % 24 if hour != 1 else 12, 60 - minutes, is_settled=hour > 13)


def settle(clock: ClockTime, half: str | None) -> tuple[time, bool]:
    """The time meant, and whether am or pm was guessed.

    `half` is am, pm, or a part of the day. Without one the reading within business hours is
    taken: 1 to 6 are afternoon, 7 to 12 as they stand.
    """
    hour = clock.hour % 24
    guessed = False
    if half and 1 <= hour <= 12:
        hour = _halve(hour, half)
    elif not clock.is_settled and not half:
        guessed = True
        hour += 12 if 1 <= hour <= 6 else 0
    return time(hour, clock.minute), guessed


def _halve(hour: int, half: str) -> int:
    """The hour of 24 for an hour of 12 and "am", "pm", "morning", "evening" and so on."""
    if half in ("am", "morning"):
        return hour % 12
    if half in ("pm", "afternoon"):
        return hour % 12 + 12
    if half == "evening":
        return hour + 12 if hour < 12 else 0
    return hour % 12 if hour in (12, 1, 2, 3, 4) else hour + 12

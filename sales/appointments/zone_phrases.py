"""Time zones in a canonical line: "3 pm EST", "London time", "UTC+2", "my time". Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from sales.appointments.time_tokens import Line
from sales.appointments.time_words import ZONE_ABBREVIATIONS, ZONE_PLACES

ZONED = "\x01"
_AREAS = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
# Abbreviations that are also words (German `ist`, "wet", "et al."): only in capitals, or
# before "time".
_WORDLIKE = frozenset("ist wet west et ct mt pt gst adt".split())
_OFFSET = re.compile(r"(?<= )(?:utc|gmt) ([+-]) (\d{1,2})(?::(\d{2}))?(?= )")
_MINE = re.compile(
    r"(?<= )(?:my|local|our) (?:local )?(?:time|timezone|time zone)(?= )(?! (?:is|is\w+) (?!zone))"
)
_YOURS = re.compile(r"(?<= )your (?:local )?(?:time|timezone|time zone)(?= )(?! is)")


@dataclass(frozen=True, slots=True)
class ZoneNames:
    """The abbreviations and the names of places that stand for a zone, in small letters."""

    short: dict[str, str]
    places: dict[str, str]


@cache
def _zone_names() -> ZoneNames:
    short: dict[str, str] = {}
    places: dict[str, str] = {}
    for zone in sorted(available_timezones()):
        area, _, place = zone.partition("/")
        if area in _AREAS:
            places.setdefault(place.rpartition("/")[2].replace("_", " ").lower(), zone)
            places[zone.replace("_", " ").replace("/", " / ").lower()] = zone
    for zone, listed in ZONE_PLACES.items():
        places |= dict.fromkeys(listed.split(","), zone)
    for zone, listed in ZONE_ABBREVIATIONS.items():
        short |= dict.fromkeys(listed.split(), zone)
    return ZoneNames(short, places)


@cache
def _patterns() -> tuple[re.Pattern[str], ...]:
    names = _zone_names()
    short = "|".join(sorted(names.short))
    places = "|".join(re.escape(place) for place in sorted(names.places, key=len)[::-1])
    paths = "|".join(re.escape(place) for place in names.places if " / " in place)
    return (
        re.compile(rf"(?<= )(?:({places}|{short}) (?:standard |daylight )?(?:time|timezone))(?= )"),
        re.compile(rf"(?<= )(?:time (?:in |zone )({places})|({paths}))(?= )"),
        re.compile(
            rf"(?:(?<=\d )|(?<= am )|(?<= pm )|(?<= noon )|(?<= oclock )|(?<= ish )|(?<= \( )"
            rf"|(?<= in ))({short})(?= )"
        ),
        # "3 pm Eastern", "10:00 Berlin"
        re.compile(rf"(?:(?<= am )|(?<= pm )|(?<=:\d\d )|(?<=m \( )|(?<=\d \( ))({places})(?= )"),
    )


def _offset_zone(sign: str, hours: str, minutes: str | None) -> tzinfo | None:
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if offset > timedelta(hours=14):
        return None
    return timezone(-offset if sign == "-" else offset)


def find_zone(line: Line, visitor: tzinfo, business: tzinfo | None) -> tuple[tzinfo | None, str]:
    """The zone a message names, and its text with the name marked by ZONED."""
    text = line.text
    found: tzinfo | None = None
    for match in _OFFSET.finditer(text):
        found = _offset_zone(*match.groups()) or found
        text = _mark(text, match)
    for pattern, zone in ((_MINE, visitor), (_YOURS, business)):
        for match in pattern.finditer(text):
            found = found or zone
            text = _mark(text, match)
    names = _zone_names()
    for pattern in _patterns():
        for match in pattern.finditer(text):
            name = next(group for group in match.groups() if group)
            in_capitals = line.quote(match.start(), match.end()).isupper()
            if name in _WORDLIKE and not in_capitals and "time" not in match.group():
                continue
            found = found or ZoneInfo(names.short.get(name) or names.places[name])
            text = _mark(text, match)
    return found, text


def _mark(text: str, match: re.Match[str]) -> str:
    return text[: match.start()] + ZONED * (match.end() - match.start()) + text[match.end() :]

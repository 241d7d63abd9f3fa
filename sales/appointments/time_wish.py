"""What a visitor wishes about the time of a meeting. Values only; nothing is booked by them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta, tzinfo
from enum import StrEnum

DAY_START = time(0, 0)
DAY_END = time(23, 59)


@dataclass(frozen=True, slots=True)
class TimeWindow:
    """A part of a day, on the clock of the wish's zone.

    `earliest == latest` is an exact start. `target` is the moment meant where one was named
    ("around 3" has one, "afternoon" has none). `guessed_half` says that "at 4" was read as
    16:00 although the visitor said neither am nor pm.
    """

    earliest: time
    latest: time
    target: time | None = None
    guessed_half: bool = False

    @property
    def is_exact(self) -> bool:
        """Whether one start time is meant, not a range."""
        return self.earliest == self.latest


@dataclass(frozen=True, slots=True)
class DayWish:
    """Days that are welcome and the windows in them; empty means any."""

    days: tuple[date, ...] = ()
    windows: tuple[TimeWindow, ...] = ()


class Preference(StrEnum):
    """A direction without a date."""

    ANY = "any"
    EARLIEST = "earliest"
    LATEST = "latest"
    EARLIER = "earlier"
    LATER = "later"
    OTHER = "other"


LAST_OFFER = -1
MIDDLE_OFFER = -2
NO_OFFER = 0


@dataclass(frozen=True, slots=True)
class TimeWish:
    """All that a message says about time. `options` are alternatives, in the visitor's order."""

    options: tuple[DayWish, ...] = ()
    excluded_days: frozenset[date] = frozenset()
    excluded_weekdays: frozenset[int] = frozenset()
    """Monday is 0."""
    excluded_windows: tuple[TimeWindow, ...] = ()
    excluded_options: tuple[DayWish, ...] = ()
    """Windows refused on some days only ("not Monday morning")."""
    zone: tzinfo | None = None
    """The zone the visitor named; None: the zone the message was read in."""
    duration: timedelta | None = None
    choice: int | None = None
    """Which offer, counted from 1; LAST_OFFER, MIDDLE_OFFER, or NO_OFFER for "none of them"."""
    preference: Preference | None = None
    quotes: tuple[str, ...] = ()
    """The visitor's own words for days and times, in the order of the message."""

    def __bool__(self) -> bool:
        return bool(
            self.options
            or self.excluded_days
            or self.excluded_weekdays
            or self.excluded_windows
            or self.excluded_options
            or self.zone
            or self.duration
            or self.choice is not None
            or self.preference
        )

    @property
    def dates(self) -> tuple[date, ...]:
        """Every welcome day, ascending."""
        return tuple(sorted({day for option in self.options for day in option.days}))

    @property
    def date(self) -> date | None:
        """The day, where exactly one is meant."""
        return self.dates[0] if len(self.dates) == 1 else None

    @property
    def windows(self) -> tuple[TimeWindow, ...]:
        """Every welcome window, each once, in the visitor's order."""
        return tuple(dict.fromkeys(w for option in self.options for w in option.windows))

    @property
    def time(self) -> time | None:
        """The time of day, where exactly one is named."""
        named = {window.target for window in self.windows}
        return named.pop() if len(named) == 1 else None

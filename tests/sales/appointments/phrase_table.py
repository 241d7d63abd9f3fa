"""The table of phrases, and a wish in the short form in which the table states it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from sales.appointments.time_phrases import read_time_phrases
from sales.appointments.time_wish import TimeWindow, TimeWish

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class PhraseCase:
    text: str
    expected: str
    now: datetime
    zone: ZoneInfo
    locale: str

    def read(self) -> str:
        wish = read_time_phrases(self.text, self.now.astimezone(UTC), self.zone, locale=self.locale)
        return show_wish(wish, self.now.year)


def load_phrases() -> Iterator[PhraseCase]:
    groups = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text("utf-8"))
    for group in groups:
        zone = ZoneInfo(group["zone"])
        for text, expected in group["phrases"].items():
            now = group["now"].replace(tzinfo=zone)
            yield PhraseCase(text, expected, now, zone, group["locale"])


def _show_date(day: date, year: int) -> str:
    return f"{day:%m-%d}" if day.year == year else day.isoformat()


def show_days(days: Iterable[date], year: int) -> str:
    """Single days with commas; runs of three and more, and of two in periods, as ranges."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    shown = []
    for run in runs:
        ends = [_show_date(run[0], year), _show_date(run[-1], year)]
        shown.append(ends[0] if len(run) == 1 else "..".join(ends))
    return ",".join(shown)


def show_window(window: TimeWindow) -> str:
    if window.is_exact:
        return f"{window.earliest:%H:%M}"
    reach = datetime.combine(date(2000, 1, 2), window.latest) - datetime.combine(
        date(2000, 1, 2), window.earliest
    )
    if window.target and reach == timedelta(hours=1):
        return f"~{window.target:%H:%M}"
    shown = f"{window.earliest:%H:%M}-{window.latest:%H:%M}"
    return f"{shown}@{window.target:%H:%M}" if window.target else shown


def show_wish(wish: TimeWish, year: int) -> str:
    if not wish:
        return "nothing"
    options = []
    for option in wish.options:
        windows = "/".join(show_window(window) for window in option.windows)
        options.append(f"{show_days(option.days, year) or '*'} {windows}".strip())
    parts = [" | ".join(options)] if options else []
    refused = [
        *(_DAYS[weekday] for weekday in sorted(wish.excluded_weekdays)),
        *([show_days(wish.excluded_days, year)] if wish.excluded_days else []),
        *(show_window(window) for window in wish.excluded_windows),
        *(
            f"{show_days(option.days, year)}@{'/'.join(map(show_window, option.windows))}"
            for option in wish.excluded_options
        ),
    ]
    if refused:
        parts.append("not:" + ",".join(refused))
    if wish.zone:
        parts.append(f"zone:{wish.zone}")
    if wish.duration:
        parts.append(f"for:{wish.duration // timedelta(minutes=1)}m")
    if wish.choice is not None:
        parts.append(f"pick:{wish.choice}")
    if wish.preference:
        parts.append(f"pref:{wish.preference}")
    return " ".join(parts)

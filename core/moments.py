"""Moments that people and programs write down, read into UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from core.errors import Invalid

# Earlier and later ones are slips of the pen, and overflow in sums with zones and days.
_YEARS = range(1970, 2200)


def read_moment(text: str, field: str, zone: tzinfo = UTC, *, is_end: bool = False) -> datetime:
    """The UTC moment of an ISO 8601 date or time; without an offset it is on the clock of `zone`.

    A date alone is its first moment; as an end (`is_end`), the day is included whole.

    Raises:
        Invalid: it is neither, or lies outside the years of this epoch.
    """
    moment: datetime | None
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text) + timedelta(days=is_end)
            moment = datetime.combine(day, time(), zone)
        else:
            # A + in a query that nobody encoded arrives as a space.
            moment = datetime.fromisoformat(text.strip().replace(" ", "+"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        moment = None
    if moment is None or moment.year not in _YEARS:
        raise Invalid(
            f"{field} is no date. Write 2026-01-31 or 2026-01-31T12:00:00Z.", {"field": field}
        )
    return moment


def find_moment(text: str, field: str, *, is_end: bool = False) -> datetime | None:
    """The moment that an optional field of a query names; None for an empty one.

    Raises:
        Invalid: it is neither a date nor a time.
    """
    return read_moment(text, field, is_end=is_end) if text else None


def parse_moment(text: str) -> datetime:
    """The UTC moment of an ISO 8601 time or day as a program wrote it, with whatever number of
    decimals; without an offset it is UTC.

    Raises:
        ValueError: it is neither.
    """
    # RFC 3339, 5.6: the letters may be small ones.
    moment = datetime.fromisoformat(text.strip().upper())
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("out of the calendar's range") from None


def split_range(
    since: datetime, until: datetime, longest: timedelta
) -> Iterator[tuple[datetime, datetime]]:
    """[since, until) in parts of at most `longest`, in UTC; none where it is empty."""
    since, until = since.astimezone(UTC), until.astimezone(UTC)
    while since < until:
        end = min(since + longest, until)
        yield since, end
        since = end

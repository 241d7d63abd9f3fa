"""A rep's calendar: when they are busy, and the meetings we put into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class BusyTime(NamedTuple):
    """A time in which the calendar's owner cannot meet.

    `event_id` is our own id where the entry was put there by us and the vendor tells it.
    """

    starts_at: datetime
    ends_at: datetime
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarOwner:
    """Whose calendar. Vendors find it by the address."""

    tenant_id: str
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarMeeting:
    """A meeting as a calendar shows it. `id` is ours and stays the same for all its states;
    of two states the one with the greater `sequence` holds."""

    id: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    title: str
    description: str = ""
    attendee_name: str = ""
    attendee_email: str = ""


class Calendar(Protocol):
    """Holds the times of reps."""

    async def list_busy(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> Sequence[BusyTime]:
        """What overlaps [since, until), ascending.

        Raises:
            TransientError: it does not answer.
            PermanentError: it refuses.
        """
        ...

    async def put_meeting(self, owner: CalendarOwner, meeting: CalendarMeeting) -> None:
        """Make the calendar show this state. Safe to repeat: the same id is the same entry, and
        a state older than the one there changes nothing.

        Raises:
            TransientError: it does not answer.
            PermanentError: it refuses.
        """
        ...

    async def remove_meeting(self, owner: CalendarOwner, meeting_id: str, sequence: int) -> None:
        """Take the meeting out, for good: an older state that comes late does not bring it
        back. Safe to repeat; one that was never there is no error.

        Raises:
            TransientError: it does not answer.
            PermanentError: it refuses.
        """
        ...

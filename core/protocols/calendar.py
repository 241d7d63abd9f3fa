"""A rep's calendar: when they are busy, the meetings we put into it, and what becomes of them
there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from core.errors import Rejected


class TimeTaken(Rejected):
    """The calendar no longer has this time free: another one must be chosen."""


class BusyTime(NamedTuple):
    """A time in which the calendar's owner cannot meet.

    `event_id` is our own id where the entry was put there by us and the vendor tells it.
    `is_anonymous`: the vendor does not tell, and may have joined several entries into this one;
    meetings of ours can be in it.
    """

    starts_at: datetime
    ends_at: datetime
    event_id: str | None = None
    is_anonymous: bool = False


@dataclass(frozen=True, slots=True)
class CalendarOwner:
    """Whose calendar. Vendors find it by the address."""

    tenant_id: str
    email: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CalendarMeeting:
    """A meeting as a calendar shows it. `id` is ours and stays the same for all its states;
    of two states the one with the greater `sequence` holds. `timezone` is the attendee's."""

    id: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    title: str
    description: str = ""
    attendee_name: str = ""
    attendee_email: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class MeetingLinks:
    """Addresses that the vendor made for a meeting; empty where it makes none.

    `join_url`: the room of an online meeting. `change_url` and `cancel_url`: where the attendee
    can move or cancel it at the vendor.
    """

    join_url: str = ""
    change_url: str = ""
    cancel_url: str = ""


@dataclass(frozen=True, slots=True)
class SeenMeeting:
    """One of our meetings as the calendar shows it now.

    `sequence` is that of the last state we put there: whoever differs from that state was
    changed there by hand. `is_cancelled`: deleted, or declined by one of both sides; `reason`
    says which, in words for staff.
    """

    id: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    is_cancelled: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CalendarChanges:
    """What may have changed since `cursor` was given out, and where to go on from."""

    seen: tuple[SeenMeeting, ...]
    cursor: str


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

    async def list_starts(
        self, owner: CalendarOwner, since: datetime, until: datetime, duration: timedelta
    ) -> Sequence[datetime] | None:
        """When meetings of this length may begin in [since, until), ascending, where the
        vendor itself decides that; None where it only knows when its owner is busy.

        Raises:
            TransientError: it does not answer.
            PermanentError: it refuses, or the owner offers no meetings of this length.
        """
        ...

    async def put_meeting(self, owner: CalendarOwner, meeting: CalendarMeeting) -> MeetingLinks:
        """Make the calendar show this state. Safe to repeat: the same id is the same entry, and
        a state not newer than the one there changes nothing.

        Raises:
            TransientError: it does not answer.
            TimeTaken: its owner is not free then, and the vendor does not allow that.
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

    async def list_changes(self, owner: CalendarOwner, cursor: str) -> CalendarChanges:
        """Our meetings that were touched since `cursor` (empty: from the beginning), by
        whomever: it may tell what is known already, and must not leave anything out.

        Raises:
            TransientError: it does not answer.
            PermanentError: it refuses.
        """
        ...

"""Values that cross the border of `appointments`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.protocols.calendar import MeetingLinks
from sales.appointments.slots import Refusal, Slot
from sales.organization.models import SiteRef

Status = Literal["booked", "cancelled"]
# calendar: somebody changed it in the rep's calendar; refusal: that calendar would not take it.
ActorKind = Literal["visitor", "link", "staff", "calendar", "refusal"]


NO_LINKS = MeetingLinks()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes an appointment; `id` is the visitor's, or that of the staff or machine."""

    kind: ActorKind
    id: str


@dataclass(frozen=True, slots=True)
class BookingRequest:
    """A slot that somebody wants. The same `request_key` again books nothing more.

    `rep_id` is set where the visitor was told with whom they would speak.
    """

    site: SiteRef
    conversation_id: str
    visitor_id: str
    request_key: str
    starts_at: datetime
    timezone: str
    duration: timedelta | None = None
    locale: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    topic: str = ""
    rep_id: str | None = None


@dataclass(frozen=True, slots=True)
class BookedAppointment:
    """An appointment as it stands. `timezone` is the visitor's."""

    id: str
    site: SiteRef
    conversation_id: str
    visitor_id: str
    rep_id: str
    rep_name: str
    rep_email: str
    starts_at: datetime
    ends_at: datetime
    timezone: str
    locale: str
    name: str
    email: str
    phone: str
    topic: str
    status: Status
    sequence: int
    created_at: datetime
    changed_at: datetime
    links: MeetingLinks = NO_LINKS
    placed_sequence: int = -1
    """The newest sequence that the rep's calendar is known to have; -1: none yet."""

    @property
    def is_placed(self) -> bool:
        """Whether the rep's calendar shows it as it is."""
        return self.placed_sequence >= self.sequence

    @property
    def slot(self) -> Slot:
        """Its time, with its rep."""
        return Slot(self.starts_at, self.ends_at, (self.rep_id,))


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """One step in the life of an appointment. `kind`: booked, rescheduled or cancelled;
    `changed_by`: an `ActorKind`."""

    sequence: int
    kind: str
    changed_by: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class FoundSlots:
    """Slots for a wish. `refusal` says why the wish itself cannot be met, where it cannot."""

    slots: tuple[Slot, ...]
    is_met: bool
    refusal: Refusal | None
    timezone: str
    duration: timedelta


@dataclass(frozen=True, slots=True)
class AppointmentFilter:
    """Which appointments staff want to see.

    `only_reps` are the e-mail addresses of reps to see, `not_reps` of those not to see; None:
    no such condition.
    """

    since: datetime | None = None
    until: datetime | None = None
    status: Status | None = None
    only_reps: frozenset[str] | None = None
    not_reps: frozenset[str] | None = None
    conversation_id: str | None = None
    limit: int = 50
    offset: int = 0

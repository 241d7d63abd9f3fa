"""Reps' meetings at Calendly: free is what it offers, and a meeting is a booking there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from core.errors import ProviderError, Rejected, Unavailable
from core.moments import parse_moment, split_range
from core.outbound import name_failures
from core.protocols.calendar import (
    BusyTime,
    CalendarChanges,
    CalendarMeeting,
    CalendarOwner,
    MeetingLinks,
    SeenMeeting,
)
from core.protocols.erasure import AddressErasure
from core.protocols.vendor import VendorContext
from integrations.calendly.bookings import Booking, BookingDesk
from integrations.calendly.budget import BookingBudget
from integrations.calendly.client import VENDOR, CalendlyClient, write_time
from integrations.calendly.people import HostDirectory
from integrations.calendly.settings import CalendlySettings

# Calendly answers for a week at a time.
_WINDOW = timedelta(days=7)
# Longer than a call may take: until then somebody may still be booking.
_CLAIM = timedelta(seconds=45)
_PREFIX = "meeting:"
_MOVED = "Moved to another time"
_CANCELLED = "Cancelled"
_NO_ERASURE = "Calendly deletes invitees' data by its API for Enterprise only: delete it there"


@dataclass(frozen=True, slots=True)
class _Known:
    """What we remember of a meeting. `sequence` is the state that Calendly has; `booking` what
    that is there. `wanted` is a start that was being booked when we last heard, until `until`
    by somebody who may be alive; `old_event` is still to be cancelled."""

    owner: str
    email: str
    sequence: int = -1
    is_removed: bool = False
    booking: dict[str, Any] = field(default_factory=dict)
    wanted: str = ""
    until: float = 0
    old_event: str = ""
    revision: int = 0

    @property
    def links(self) -> MeetingLinks:
        """What the visitor may see of it."""
        kept = self.booking
        return MeetingLinks(
            kept.get("join_url", ""), kept.get("change_url", ""), kept.get("cancel_url", "")
        )


@name_failures(VENDOR)
class CalendlyCalendar:
    """Implements `Calendar`."""

    def __init__(self, context: VendorContext) -> None:
        settings: CalendlySettings = context.settings
        self._clock, self._memory = context.clock, context.memory
        self._client = CalendlyClient(context)
        self._hosts = HostDirectory(self._client, context.clock, settings)
        self._desk = BookingDesk(self._client, self._hosts, settings)
        self._budget = BookingBudget(context.memory, context.clock, settings)

    async def list_busy(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> Sequence[BusyTime]:
        """What overlaps [since, until), from now on: Calendly tells nothing of the past."""
        host = await self._hosts.get_host(owner)
        found: set[BusyTime] = set()
        for begin, end in split_range(max(since, self._clock.now()), until, _WINDOW):
            params = {
                "user": host.uri,
                "start_time": write_time(begin),
                "end_time": write_time(end),
            }
            answer = await self._client.send(
                owner.tenant_id, "busy times", "GET", "/user_busy_times", params=params
            )
            found.update(
                BusyTime(parse_moment(one["start_time"]), parse_moment(one["end_time"]), None, True)
                for one in (answer or {}).get("collection") or ()
            )
        return sorted(one for one in found if one.starts_at < until and one.ends_at > since)

    async def list_starts(
        self, owner: CalendarOwner, since: datetime, until: datetime, duration: timedelta
    ) -> Sequence[datetime]:
        """The times that Calendly offers for the event type of this length."""
        event_type = await self._hosts.get_event_type(owner, duration)
        # A range that has begun is refused.
        begin = max(since, self._clock.now() + timedelta(minutes=1))
        parts = [
            self._client.send(
                owner.tenant_id,
                "available times",
                "GET",
                "/event_type_available_times",
                params={
                    "event_type": event_type,
                    "start_time": write_time(low),
                    "end_time": write_time(high),
                },
            )
            for low, high in split_range(begin, until, _WINDOW)
        ]
        starts = {
            parse_moment(one["start_time"])
            for answer in await asyncio.gather(*parts)
            for one in (answer or {}).get("collection") or ()
            if one.get("status") == "available"
        }
        return sorted(start for start in starts if since <= start < until)

    async def put_meeting(self, owner: CalendarOwner, meeting: CalendarMeeting) -> MeetingLinks:
        """Book this state. A move books the new time first and cancels the old one then, so
        that a refusal leaves the meeting as it was."""
        known = await self._recall(owner, meeting.id)
        if known is not None and known.sequence >= meeting.sequence:
            await self._cancel_old(owner, meeting.id, known)
            return known.links
        if not meeting.attendee_email:
            raise Rejected(VENDOR, "book", "Calendly books nobody without an e-mail address")
        known = known or _Known(owner.email, meeting.attendee_email)
        start = write_time(meeting.starts_at)
        if known.booking and parse_moment(known.booking["starts_at"]) == meeting.starts_at:
            kept = replace(known, sequence=meeting.sequence, wanted="")
            await self._remember(owner, meeting.id, kept)
            return kept.links
        booking, known = await self._claim_and_book(owner, meeting, known, start)
        join_url = await self._desk.find_join_url(owner, booking.event_uri)
        kept = replace(
            known,
            sequence=meeting.sequence,
            is_removed=False,
            booking=asdict(replace(booking, join_url=join_url)),
            old_event=known.booking.get("event_uri", ""),
            wanted="",
            until=0,
        )
        kept = await self._remember(owner, meeting.id, kept)
        await self._cancel_old(owner, meeting.id, kept)
        return kept.links

    async def _claim_and_book(
        self, owner: CalendarOwner, meeting: CalendarMeeting, known: _Known, start: str
    ) -> tuple[Booking, _Known]:
        """The booking, and what is remembered then. That it is about to be made is written down
        first: who comes after a crash looks for it before booking again."""
        self._check_claim(known)
        tried = known.wanted
        until = self._clock.now().timestamp() + _CLAIM.total_seconds()
        claim = await self._remember(owner, meeting.id, replace(known, wanted=start, until=until))
        # What has to be looked for if this fails now: what was tried before.
        lost = tried
        try:
            found = await self._desk.find(owner, known.email, tried) if tried else None
            if found is not None and parse_moment(found.starts_at) != meeting.starts_at:
                # It was booked for a time that holds no longer.
                await self._desk.cancel(owner, found.event_uri, _MOVED)
                found = None
            lost = ""
            if found is None:
                await self._budget.spend(owner.tenant_id)
                lost = start
                found = await self._desk.book(owner, meeting)
        except ProviderError as error:
            if lost == start and not isinstance(error, Unavailable):
                # Refused, so it was not booked; unanswered, it may have been.
                lost = ""
            await self._remember(owner, meeting.id, replace(claim, wanted=lost, until=0))
            raise
        return found, claim

    def _check_claim(self, known: _Known) -> None:
        now = self._clock.now().timestamp()
        if known.wanted and known.until > now:
            wait = timedelta(seconds=known.until - now)
            raise Unavailable(VENDOR, "book", "another attempt may be under way", wait)

    async def remove_meeting(self, owner: CalendarOwner, meeting_id: str, sequence: int) -> None:
        """Cancel the booking, and remember that it is not to come back."""
        known = await self._recall(owner, meeting_id) or _Known(owner.email, "")
        if known.is_removed and known.sequence >= sequence:
            return
        self._check_claim(known)
        if known.wanted:
            found = await self._desk.find(owner, known.email, known.wanted)
            if found is not None:
                await self._desk.cancel(owner, found.event_uri, _CANCELLED)
        await self._cancel_old(owner, meeting_id, known)
        if known.booking:
            await self._desk.cancel(owner, known.booking["event_uri"], _CANCELLED)
        kept = await self._recall(owner, meeting_id) or known
        kept = replace(kept, sequence=max(known.sequence, sequence), is_removed=True, wanted="")
        await self._remember(owner, meeting_id, kept)

    async def erase_addresses(self, tenant_id: str, addresses: Sequence[str]) -> AddressErasure:
        """Order Calendly to delete invitees' data from all past bookings (its data compliance
        API). An account without that right says no: then somebody must do it there.

        Raises:
            TransientError: no answer.
            AuthenticationFailed: the credentials are refused.
        """
        path = "/data_compliance/deletion/invitees"
        try:
            await self._client.send(
                tenant_id, "erase", "POST", path, json={"emails": list(addresses)}
            )
        except Rejected as error:
            if error.excerpt[:3] != "403":
                raise
            return AddressErasure(0, "", _NO_ERASURE)
        words = "Calendly took the order to delete the invitee's data, which takes up to 7 days"
        return AddressErasure(len(addresses), words)

    async def list_changes(self, owner: CalendarOwner, cursor: str) -> CalendarChanges:
        """The state of every coming booking of ours. Nothing has to be remembered of how far
        it was read: bookings are few, and cancelled ones stay readable."""
        known = await self._list_known(owner)
        if not known:
            return CalendarChanges((), cursor)
        host = await self._hosts.get_host(owner)
        params = {"user": host.uri, "min_start_time": write_time(self._clock.now())}
        events = await self._client.list_all(owner.tenant_id, "events", "/scheduled_events", params)
        seen = []
        for event in events:
            found = known.get(str(event["uri"]))
            if found is not None:
                seen.append(await self._describe(owner, *found, event))
        return CalendarChanges(tuple(seen), cursor)

    async def _describe(
        self, owner: CalendarOwner, meeting_id: str, known: _Known, event: dict[str, Any]
    ) -> SeenMeeting:
        starts_at, ends_at = parse_moment(event["start_time"]), parse_moment(event["end_time"])
        if event["status"] == "active":
            return SeenMeeting(meeting_id, known.sequence, starts_at, ends_at)
        kept = known.booking
        moved = await self._desk.find_successor(owner, kept["event_uri"], kept["invitee_uri"])
        if moved is not None:
            await self._remember(owner, meeting_id, replace(known, booking=asdict(moved)))
            starts_at, ends_at = parse_moment(moved.starts_at), parse_moment(moved.ends_at)
            reason = "Moved in Calendly"
            return SeenMeeting(meeting_id, known.sequence, starts_at, ends_at, False, reason)
        said = event.get("cancellation") or {}
        by = "the rep" if said.get("canceler_type") == "host" else "the visitor"
        reason = f"Cancelled by {by} in Calendly. {said.get('reason') or ''}".strip()
        return SeenMeeting(meeting_id, known.sequence, starts_at, ends_at, True, reason)

    async def _cancel_old(self, owner: CalendarOwner, meeting_id: str, known: _Known) -> None:
        if known.old_event:
            await self._desk.cancel(owner, known.old_event, _MOVED)
            await self._remember(owner, meeting_id, replace(known, old_event=""))

    async def _recall(self, owner: CalendarOwner, meeting_id: str) -> _Known | None:
        note = await self._memory.find_note(owner.tenant_id, _PREFIX + meeting_id)
        return _Known(**note.value, revision=note.revision) if note else None

    async def _remember(self, owner: CalendarOwner, meeting_id: str, known: _Known) -> _Known:
        value = {key: one for key, one in asdict(known).items() if key != "revision"}
        key, revision = _PREFIX + meeting_id, known.revision
        if not await self._memory.write_note(owner.tenant_id, key, value, revision):
            raise Unavailable(VENDOR, "remember", "another attempt is under way")
        return replace(known, revision=revision + 1)

    async def _list_known(self, owner: CalendarOwner) -> dict[str, tuple[str, _Known]]:
        """Coming bookings of ours with a rep, by their event's address."""
        now, found = self._clock.now(), {}
        for note in await self._memory.list_notes(owner.tenant_id, _PREFIX):
            known = _Known(**note.value, revision=note.revision)
            if known.owner != owner.email or known.is_removed or not known.booking:
                continue
            if parse_moment(known.booking["starts_at"]) > now:
                place = note.key.removeprefix(_PREFIX)
                found[str(known.booking["event_uri"])] = (place, known)
        return found


def build_calendar(context: VendorContext) -> CalendlyCalendar:
    """The calendar of the manifest."""
    return CalendlyCalendar(context)

"""Makes, finds and cancels bookings at Calendly."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.errors import ProviderError, Rejected, TransientError
from core.moments import parse_moment
from core.protocols.calendar import CalendarMeeting, CalendarOwner, TimeTaken
from integrations.calendly.client import VENDOR, CalendlyClient, get_uuid, write_time
from integrations.calendly.people import HostDirectory
from integrations.calendly.settings import CalendlySettings

_SOURCE = "sales-agent"
# Codes of a refused booking that mean "somebody was quicker".
_TAKEN = ("already_filled", "not_available", "unavailable", "no longer available")


@dataclass(frozen=True, slots=True)
class Booking:
    """An invitee of an event, by Calendly's addresses."""

    event_uri: str
    invitee_uri: str
    starts_at: str
    ends_at: str
    change_url: str = ""
    cancel_url: str = ""
    join_url: str = ""


class BookingDesk:
    """The calls; what is remembered is the caller's."""

    def __init__(
        self, client: CalendlyClient, hosts: HostDirectory, settings: CalendlySettings
    ) -> None:
        self._client, self._hosts, self._settings = client, hosts, settings

    async def book(self, owner: CalendarOwner, meeting: CalendarMeeting) -> Booking:
        """Book. Calendly has no idempotency: whoever repeats this looks first (`find`).

        Raises:
            TimeTaken: the time is no longer offered.
            Rejected: refused for another reason.
            TransientError: unanswered; it may have been booked all the same.
        """
        duration = meeting.ends_at - meeting.starts_at
        event_type = await self._hosts.get_event_type(owner, duration)
        body: dict[str, Any] = {
            "event_type": event_type,
            "start_time": write_time(meeting.starts_at),
            "invitee": {
                "email": meeting.attendee_email,
                "name": meeting.attendee_name or meeting.attendee_email,
                "timezone": meeting.timezone,
            },
            "tracking": {
                "utm_campaign": None,
                "utm_source": _SOURCE,
                "utm_medium": None,
                "utm_content": meeting.id,
                "utm_term": None,
                "salesforce_uuid": None,
            },
        }
        if self._settings.location_kind:
            body["location"] = {"kind": self._settings.location_kind}
            if self._settings.location:
                body["location"]["location"] = self._settings.location
        try:
            answer = await self._client.send(
                owner.tenant_id, "book", "POST", "/invitees", json=body
            )
        except Rejected as error:
            raise _translate(error) from None
        if answer is None:
            raise Rejected(VENDOR, "book", "the event type is gone, or bookings by API are not on")
        ends_at = write_time(meeting.ends_at)
        return read_booking(answer["resource"], write_time(meeting.starts_at), ends_at)

    async def find(self, owner: CalendarOwner, email: str, starts_at: str) -> Booking | None:
        """The active booking of an invitee at a start, with whatever was booked by whom: a
        second one of the same person at the same time would be one too many."""
        host = await self._hosts.get_host(owner)
        start = parse_moment(starts_at)
        params = {
            "user": host.uri,
            "invitee_email": email,
            "status": "active",
            "min_start_time": write_time(start - timedelta(seconds=1)),
            "max_start_time": write_time(start + timedelta(seconds=1)),
        }
        tenant_id = owner.tenant_id
        for event in await self._client.list_all(tenant_id, "find", "/scheduled_events", params):
            path = f"/scheduled_events/{get_uuid(event['uri'])}/invitees"
            wanted = {"email": email, "status": "active"}
            for invitee in await self._client.list_all(tenant_id, "find", path, wanted):
                return read_booking(invitee, event["start_time"], event["end_time"])
        return None

    async def cancel(self, owner: CalendarOwner, event_uri: str, reason: str) -> None:
        """Cancel an event. One that is cancelled or gone already is no error."""
        path = f"/scheduled_events/{get_uuid(event_uri)}/cancellation"
        try:
            await self._client.send(
                owner.tenant_id, "cancel", "POST", path, json={"reason": reason}
            )
        except Rejected:
            event = await self.find_event(owner, event_uri)
            if event is None or event.get("status") == "canceled":
                return
            raise

    async def find_event(self, owner: CalendarOwner, event_uri: str) -> dict[str, Any] | None:
        """An event as it is."""
        path = f"/scheduled_events/{get_uuid(event_uri)}"
        answer = await self._client.send(owner.tenant_id, "event", "GET", path)
        return answer["resource"] if answer else None

    async def find_join_url(self, owner: CalendarOwner, event_uri: str) -> str:
        """The room of an event; empty where there is none, or it is not known yet."""
        try:
            event = await self.find_event(owner, event_uri) or {}
        except TransientError:
            return ""
        return str((event.get("location") or {}).get("join_url") or "")

    async def find_successor(
        self, owner: CalendarOwner, event_uri: str, invitee_uri: str
    ) -> Booking | None:
        """What a cancelled booking was moved to; None when it was not moved."""
        invitee = await self._find_invitee(owner, event_uri, invitee_uri)
        for _ in range(20):
            following = str((invitee or {}).get("new_invitee") or "")
            if not following:
                break
            # .../scheduled_events/<event>/invitees/<invitee>
            event_uri = following.rpartition("/invitees/")[0]
            invitee = await self._find_invitee(owner, event_uri, following)
        event = await self.find_event(owner, event_uri)
        if invitee is None or event is None or event.get("status") != "active":
            return None
        return read_booking(invitee, event["start_time"], event["end_time"])

    async def _find_invitee(
        self, owner: CalendarOwner, event_uri: str, invitee_uri: str
    ) -> dict[str, Any] | None:
        path = f"/scheduled_events/{get_uuid(event_uri)}/invitees/{get_uuid(invitee_uri)}"
        answer = await self._client.send(owner.tenant_id, "invitee", "GET", path)
        return answer["resource"] if answer else None


def read_booking(invitee: dict[str, Any], starts_at: str, ends_at: str) -> Booking:
    """An invitee as a booking."""
    return Booking(
        event_uri=str(invitee["event"]),
        invitee_uri=str(invitee["uri"]),
        starts_at=starts_at,
        ends_at=ends_at,
        change_url=str(invitee.get("reschedule_url") or ""),
        cancel_url=str(invitee.get("cancel_url") or ""),
    )


def _translate(error: Rejected) -> ProviderError:
    """What a refused booking means."""
    status, _, body = error.excerpt.partition(" ")
    if status == "409" or any(word in body.lower() for word in _TAKEN):
        return TimeTaken(VENDOR, "book", error.excerpt)
    if status == "403":
        words = "403: bookings by API need a paid plan, and a token that may book for this rep"
        return Rejected(VENDOR, "book", f"{words}. {_read_message(body)}")
    return error


def _read_message(body: str) -> str:
    try:
        return str(json.loads(body).get("message", ""))
    except (ValueError, AttributeError):
        return ""

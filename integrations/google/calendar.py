"""Reps' calendars at Google."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from core.errors import Rejected, Unavailable
from core.moments import parse_moment, split_range
from core.outbound import Pages, name_failures
from core.protocols.calendar import (
    BusyTime,
    CalendarChanges,
    CalendarMeeting,
    CalendarOwner,
    MeetingLinks,
)
from core.protocols.vendor import VendorContext
from integrations.google.client import Absent, Changed, Exists, Gone, GoogleClient
from integrations.google.events import (
    build_conference,
    build_event,
    build_event_id,
    build_stamp,
    read_event,
    read_links,
    read_meeting_id,
    read_sequence,
)
from integrations.google.settings import GoogleSettings
from integrations.google.tokens import VENDOR

# freeBusy refuses ranges that are too long.
_WINDOW = timedelta(days=60)
_PAGE = 250
# Only what is read: nobody's private titles leave their calendar.
_FIELDS = (
    "nextPageToken,nextSyncToken,"
    "items(id,status,start,end,extendedProperties,attendees(email,self,responseStatus))"
)


@name_failures(VENDOR)
class GoogleCalendar:
    """Implements `Calendar`. An event's id is made of ours, so what was created is found again
    without being remembered; the state it shows is stamped on it."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: GoogleSettings = context.settings
        self._clock = context.clock
        self._client = GoogleClient(context)

    async def list_busy(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> Sequence[BusyTime]:
        """What overlaps [since, until), as freeBusy says."""
        found: set[BusyTime] = set()
        for begin, end in split_range(since, until, _WINDOW):
            found.update(await self._list_window(owner, begin, end))
        return sorted(found)

    async def _list_window(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> list[BusyTime]:
        body = {
            "timeMin": _write(since),
            "timeMax": _write(until),
            "timeZone": "UTC",
            "items": [{"id": owner.email}],
        }
        answer = await self._client.call(
            owner, "freeBusy", lambda api: api.freebusy().query(body=body)
        )
        calendars = {key.lower(): one for key, one in answer.get("calendars", {}).items()}
        calendar = calendars.get(owner.email, {})
        for error in calendar.get("errors", ()):
            raise _describe_trouble(owner, str(error.get("reason", "")))
        return [
            BusyTime(parse_moment(one["start"]), parse_moment(one["end"]), is_anonymous=True)
            for one in calendar.get("busy", ())
        ]

    async def list_starts(
        self,
        owner: CalendarOwner,  # noqa: ARG002 - the protocol's names
        since: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
        duration: timedelta,  # noqa: ARG002
    ) -> None:
        """It knows only when its owner is busy."""
        return

    async def put_meeting(self, owner: CalendarOwner, meeting: CalendarMeeting) -> MeetingLinks:
        """Make the event show this state; one that is newer already stays."""
        body = build_event(owner, meeting, self._settings)
        event: dict[str, Any] | None = None
        if meeting.sequence == 0:
            event = await self._insert(owner, meeting.id, body)
        if event is None:
            event = await self._find(owner, meeting.id)
        if event is None:
            event = await self._insert(owner, meeting.id, body)
        if event is None:
            raise Unavailable(VENDOR, "put", "the event came and went")
        known = read_sequence(event)
        if known is None or known < meeting.sequence:
            # A deleted one is brought back only by a newer state, with its status.
            event = await self._patch(owner, meeting.id, body, str(event.get("etag", "")))
        links = read_links(event)
        if self._settings.conference and not links.join_url and event.get("conferenceData"):
            # Rooms are made a moment later.
            links = read_links(await self._find(owner, meeting.id) or event)
        return links

    async def remove_meeting(self, owner: CalendarOwner, meeting_id: str, sequence: int) -> None:
        """Delete the event. First its state is stamped on it, so that an older one that comes
        late does not bring it back; for the same reason one that was never there is made and
        deleted."""
        event = await self._find(owner, meeting_id)
        if event is None:
            moment = self._clock.now()
            body = {
                "summary": "Cancelled",
                "start": {"dateTime": _write(moment), "timeZone": "UTC"},
                "end": {"dateTime": _write(moment), "timeZone": "UTC"},
                "transparency": "transparent",
                **build_stamp(sequence),
            }
            event = await self._insert(owner, meeting_id, body, quietly=True)
            event = event or await self._find(owner, meeting_id) or {}
        if event.get("status") == "cancelled" and (read_sequence(event) or 0) >= sequence:
            return
        if (read_sequence(event) or 0) < sequence:
            stamp: dict[str, Any] = build_stamp(sequence)
            if event.get("status") == "cancelled":
                stamp["status"] = "cancelled"
            await self._patch(owner, meeting_id, stamp, "", quietly=True)
        try:
            await self._client.call(
                owner,
                "delete",
                lambda api: api.events().delete(
                    calendarId=owner.email,
                    eventId=build_event_id(meeting_id),
                    sendUpdates=self._settings.send_updates,
                ),
            )
        except (Absent, Gone):
            return

    async def list_changes(self, owner: CalendarOwner, cursor: str) -> CalendarChanges:
        """What was touched since a sync token. One that no longer holds (410) means reading all
        that is to come anew, deleted events included."""
        try:
            items, token = await self._list_events(owner, cursor)
        except Gone:
            items, token = await self._list_events(owner, "")
        seen = []
        for item in items:
            if read_meeting_id(item) is None:
                continue
            event: dict[str, Any] | None = item
            if item.get("status") == "cancelled" and read_sequence(item) is None:
                # Of a deleted event nothing but the id is promised here.
                event = await self._find(owner, str(read_meeting_id(item))) or item
            one = read_event(event, owner) if event else None
            if one is not None:
                seen.append(one)
        return CalendarChanges(tuple(seen), token)

    async def _list_events(
        self, owner: CalendarOwner, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        wanted: dict[str, Any] = {
            "calendarId": owner.email,
            "maxResults": _PAGE,
            "singleEvents": True,
            "showDeleted": True,
            "fields": _FIELDS,
        }
        if cursor:
            wanted["syncToken"] = cursor
        else:
            wanted["timeMin"] = _write(self._clock.now() - timedelta(days=1))
        items: list[dict[str, Any]] = []
        pages = Pages(VENDOR, "events")
        while True:
            page = await self._client.call(
                owner, "events", partial(_list_page, wanted=dict(wanted))
            )
            items += page.get("items", ())
            following = pages.find_next(page.get("nextPageToken"))
            if not following:
                return items, str(page.get("nextSyncToken") or "")
            wanted["pageToken"] = following

    async def _find(self, owner: CalendarOwner, meeting_id: str) -> dict[str, Any] | None:
        """The event, deleted ones too."""
        try:
            return await self._client.call(
                owner,
                "get",
                lambda api: api.events().get(
                    calendarId=owner.email, eventId=build_event_id(meeting_id)
                ),
            )
        except (Absent, Gone):
            return None

    async def _insert(
        self, owner: CalendarOwner, meeting_id: str, body: dict[str, Any], *, quietly: bool = False
    ) -> dict[str, Any] | None:
        """The new event; None when its id is taken."""
        event = {**body, "id": build_event_id(meeting_id)}
        wants_room = self._settings.conference and not quietly
        if wants_room:
            event |= build_conference(meeting_id)
        try:
            return await self._client.call(
                owner,
                "insert",
                lambda api: api.events().insert(
                    calendarId=owner.email,
                    body=event,
                    sendUpdates="none" if quietly else self._settings.send_updates,
                    conferenceDataVersion=1 if wants_room else 0,
                ),
            )
        except Exists:
            return None
        except Absent:
            raise _describe_trouble(owner, "notFound") from None

    async def _patch(
        self,
        owner: CalendarOwner,
        meeting_id: str,
        body: dict[str, Any],
        etag: str,
        *,
        quietly: bool = False,
    ) -> dict[str, Any]:
        try:
            return await self._client.call(
                owner,
                "patch",
                lambda api: api.events().patch(
                    calendarId=owner.email,
                    eventId=build_event_id(meeting_id),
                    body=body,
                    sendUpdates="none" if quietly else self._settings.send_updates,
                ),
                {"if-match": etag} if etag else None,
            )
        except Changed:
            # Somebody was quicker: what they wrote is read and compared at the next attempt.
            raise Unavailable(VENDOR, "patch", "changed meanwhile") from None


def _list_page(api: Any, wanted: dict[str, Any]) -> Any:
    return api.events().list(**wanted)


def build_calendar(context: VendorContext) -> GoogleCalendar:
    """The calendar of the manifest."""
    return GoogleCalendar(context)


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Ask for the busy times of the account itself, which needs no more than a token."""
    now = context.clock.now()
    body = {
        "timeMin": _write(now),
        "timeMax": _write(now + timedelta(days=1)),
        "items": [{"id": "primary"}],
    }
    values = await context.credentials.get(tenant_id)
    if values.get("service_account"):
        settings = context.settings.model_copy(update={"delegation": False})
        context = VendorContext(settings, context.credentials, context.clock)
    client = GoogleClient(context)
    owner = CalendarOwner(tenant_id, "")
    await client.call(owner, "freeBusy", lambda api: api.freebusy().query(body=body))
    return "Google answers. Each rep's calendar is checked when it is read."


def _describe_trouble(owner: CalendarOwner, reason: str) -> Rejected | Unavailable:
    """What freeBusy's or an event's error means, and what to do."""
    if reason == "notFound":
        return Rejected(
            VENDOR,
            "calendar",
            f"no calendar of {owner.email} is visible to this account. Share it with the "
            "account, or allow the service account domain-wide delegation",
        )
    if reason in ("forbidden", "insufficientPermissions"):
        return Rejected(
            VENDOR, "calendar", f"this account may not read the calendar of {owner.email}"
        )
    return Unavailable(VENDOR, "calendar", reason or "an unnamed error")


def _write(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()

"""Reps' calendars in Outlook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

from core.errors import Rejected, Unavailable
from core.moments import split_range
from core.outbound import Pages, name_failures
from core.protocols.calendar import (
    BusyTime,
    CalendarChanges,
    CalendarMeeting,
    CalendarOwner,
    MeetingLinks,
    SeenMeeting,
)
from core.protocols.vendor import VendorContext
from integrations.outlook.client import VENDOR, GraphClient
from integrations.outlook.events import (
    SELECTED,
    build_deleted,
    build_event,
    build_filter,
    build_new_event,
    read_event,
    read_links,
    read_time,
    write_time,
)
from integrations.outlook.settings import OutlookSettings

# getSchedule refuses ranges of 62 days and more.
_WINDOW = timedelta(days=42)
# The part of a calendar whose changes are followed, and how long before it is laid anew.
_AHEAD = timedelta(days=400)
_FRESH = timedelta(days=20)
_BUSY = ("busy", "oof", "unknown")
_PREFIX = "event:"


class _Known(NamedTuple):
    """What we remember of a meeting: the event's id (empty: it may have been made, and the
    answer was lost), the state we put there, whose calendar, and its end."""

    event_id: str
    sequence: int
    owner: str
    ends_at: str
    is_removed: bool
    join_url: str
    revision: int


@name_failures(VENDOR)
class OutlookCalendar:
    """Implements `Calendar`. Graph chooses an event's id, so it is remembered; where the answer
    was lost, the event is found by a property of ours."""

    def __init__(self, context: VendorContext) -> None:
        self._settings: OutlookSettings = context.settings
        self._clock, self._memory = context.clock, context.memory
        self._graph = GraphClient(context)

    async def list_busy(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> Sequence[BusyTime]:
        """What overlaps [since, until), as getSchedule says."""
        found: set[BusyTime] = set()
        for begin, end in split_range(since, until, _WINDOW):
            found.update(await self._list_window(owner, begin, end))
        return sorted(found)

    async def _list_window(
        self, owner: CalendarOwner, since: datetime, until: datetime
    ) -> list[BusyTime]:
        wanted = {
            "schedules": [owner.email],
            "startTime": write_time(since),
            "endTime": write_time(until),
            "availabilityViewInterval": 30,
        }
        path = f"{_home(owner)}/calendar/getSchedule"
        answer = await self._graph.send(owner.tenant_id, "getSchedule", "POST", path, json=wanted)
        if answer is None:
            raise _refuse_mailbox(owner)
        [schedule] = answer.get("value") or [{}]
        if schedule.get("error"):
            code = schedule["error"].get("responseCode", "")
            raise Rejected(VENDOR, "getSchedule", f"the calendar of {owner.email}: {code}")
        busy = (*_BUSY, "tentative") if self._settings.tentative_is_busy else _BUSY
        return [
            BusyTime(read_time(one["start"]), read_time(one["end"]), is_anonymous=True)
            for one in schedule.get("scheduleItems") or ()
            if one.get("status") in busy
            and read_time(one["start"]) < until
            and read_time(one["end"]) > since
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
        known = await self._recall(owner, meeting.id)
        if known is not None and known.sequence >= meeting.sequence:
            return MeetingLinks(join_url=known.join_url)
        event_id = known.event_id if known else ""
        if known is None:
            known = await self._intend(owner, meeting)
        elif not event_id:
            # An attempt was made before: what it made is found, not made again.
            event_id = str((await self._search(owner, meeting.id) or {}).get("id", ""))
        event = await self._change(owner, event_id, meeting) if event_id else None
        event = event or await self._create(owner, meeting)
        links = read_links(event)
        kept = known._replace(
            event_id=str(event["id"]),
            sequence=meeting.sequence,
            ends_at=meeting.ends_at.isoformat(),
            join_url=links.join_url,
            is_removed=False,
        )
        await self._remember(owner, meeting.id, kept)
        return links

    async def remove_meeting(self, owner: CalendarOwner, meeting_id: str, sequence: int) -> None:
        """Delete the event, and remember that it is not to come back."""
        known = await self._recall(owner, meeting_id)
        event_id = known.event_id if known else ""
        if known is not None and known.is_removed and known.sequence >= sequence:
            return
        if not event_id:
            event_id = str((await self._search(owner, meeting_id) or {}).get("id", ""))
        if event_id:
            await self._send(owner, "delete", "DELETE", f"/events/{quote(event_id, safe='')}")
        known = known or _Known(event_id, sequence, owner.email, "", True, "", 0)
        kept = known._replace(sequence=max(known.sequence, sequence), is_removed=True)
        await self._remember(owner, meeting_id, kept)

    async def list_changes(self, owner: CalendarOwner, cursor: str) -> CalendarChanges:
        """What was touched since a delta link. Delta tells which events; what they show now is
        read of each one of ours, because an event that leaves the followed time looks like a
        deleted one."""
        link, begun = _read_cursor(cursor)
        touched: set[str] | None = None
        if link and begun + _FRESH > self._clock.now():
            try:
                touched, link = await self._read_delta(owner, link)
            except Rejected as error:
                # 410: the link holds no longer. All that is to come is read anew.
                if error.excerpt[:3] != "410":
                    raise
        if touched is None:
            begun = self._clock.now()
            _, link = await self._read_delta(owner, "")
        seen = []
        # Most looks find nothing: then nothing has to be remembered either.
        for meeting_id, one in await self._list_known(owner) if touched != set() else ():
            if touched is None or one.event_id in touched:
                seen.append(await self._look_at(owner, meeting_id, one))
        return CalendarChanges(tuple(seen), json.dumps({"link": link, "begun": begun.isoformat()}))

    async def _look_at(self, owner: CalendarOwner, meeting_id: str, known: _Known) -> SeenMeeting:
        path = f"/events/{quote(known.event_id, safe='')}"
        event = await self._send(owner, "event", "GET", path, params={"$select": SELECTED})
        if event is None:
            return build_deleted(meeting_id, known.sequence)
        return read_event(event, meeting_id, known.sequence)

    async def _read_delta(self, owner: CalendarOwner, link: str) -> tuple[set[str], str]:
        """The ids of events that were touched, and where to go on from."""
        now = self._clock.now()
        params: Mapping[str, str] | None = None
        if not link:
            link = f"{_home(owner)}/calendarView/delta"
            begin, end = now - timedelta(days=1), now + _AHEAD
            params = {"startDateTime": _write(begin), "endDateTime": _write(end)}
        touched: set[str] = set()
        pages = Pages(VENDOR, "delta")
        while True:
            page = await self._graph.send(
                owner.tenant_id, "delta", "GET", link, params=params, prefer="odata.maxpagesize=100"
            )
            if page is None:
                raise _refuse_mailbox(owner)
            touched |= {str(one["id"]) for one in page.get("value") or () if one.get("id")}
            following = pages.find_next(page.get("@odata.nextLink"))
            if not following:
                return touched, str(page.get("@odata.deltaLink") or "")
            link, params = following, None

    async def _create(self, owner: CalendarOwner, meeting: CalendarMeeting) -> dict[str, Any]:
        body = build_new_event(meeting, self._settings)
        try:
            event = await self._send(owner, "create", "POST", "/events", json=body)
        except Rejected as error:
            found = None
            if error.excerpt[:3] == "409":
                # The transaction was carried out before.
                found = await self._search(owner, meeting.id)
            if found is None:
                raise
            return found
        if event is None:
            raise _refuse_mailbox(owner)
        return event

    async def _change(
        self, owner: CalendarOwner, event_id: str, meeting: CalendarMeeting
    ) -> dict[str, Any] | None:
        """The event as it is now; None when somebody deleted it."""
        path = f"/events/{quote(event_id, safe='')}"
        body = build_event(meeting, self._settings)
        return await self._send(owner, "change", "PATCH", path, json=body)

    async def _search(self, owner: CalendarOwner, meeting_id: str) -> dict[str, Any] | None:
        """The event that carries our id."""
        params = {"$filter": build_filter(meeting_id), "$select": SELECTED, "$top": "1"}
        answer = await self._send(owner, "find", "GET", "/events", params=params)
        if answer is None:
            raise _refuse_mailbox(owner)
        return next(iter(answer.get("value") or ()), None)

    async def _send(
        self, owner: CalendarOwner, operation: str, method: str, path: str, **more: Any
    ) -> dict[str, Any] | None:
        where = f"{_home(owner)}{path}"
        return await self._graph.send(owner.tenant_id, operation, method, where, **more)

    async def _intend(self, owner: CalendarOwner, meeting: CalendarMeeting) -> _Known:
        """Remember that an event is about to be made, before it is."""
        intent = _Known("", -1, owner.email, meeting.ends_at.isoformat(), False, "", 0)
        await self._remember(owner, meeting.id, intent)
        return intent._replace(revision=1)

    async def _recall(self, owner: CalendarOwner, meeting_id: str) -> _Known | None:
        note = await self._memory.find_note(owner.tenant_id, _PREFIX + meeting_id)
        return _Known(**note.value, revision=note.revision) if note else None

    async def _remember(self, owner: CalendarOwner, meeting_id: str, known: _Known) -> None:
        value = {key: one for key, one in known._asdict().items() if key != "revision"}
        key = _PREFIX + meeting_id
        if not await self._memory.write_note(owner.tenant_id, key, value, known.revision):
            raise Unavailable(VENDOR, "remember", "another attempt is under way")

    async def _list_known(self, owner: CalendarOwner) -> list[tuple[str, _Known]]:
        """Meetings of ours in this calendar that are not over, by our id."""
        now, found = self._clock.now(), []
        for note in await self._memory.list_notes(owner.tenant_id, _PREFIX):
            known = _Known(**note.value, revision=note.revision)
            if known.owner != owner.email or known.is_removed or not known.event_id:
                continue
            # A rep may have moved it further ahead than where we put it.
            if datetime.fromisoformat(known.ends_at) + _AHEAD > now:
                found.append((note.key.removeprefix(_PREFIX), known))
        return found


def build_calendar(context: VendorContext) -> OutlookCalendar:
    """The calendar of the manifest."""
    return OutlookCalendar(context)


@name_failures(VENDOR)
async def check_connection(context: VendorContext, tenant_id: str) -> str:
    """Ask for a token, and for the account where somebody signed in."""
    graph = GraphClient(context)
    if not (await context.credentials.get(tenant_id)).get("refresh_token"):
        # The app's own access: any directory object shows that the token is taken.
        params = {"$select": "id", "$top": "1"}
        try:
            await graph.send(tenant_id, "check", "GET", "/users", params=params)
        except Rejected as error:
            if error.excerpt[:3] != "403":
                raise
        return "Microsoft Graph answers. Each rep's calendar is checked when it is read."
    account = await graph.send(tenant_id, "check", "GET", "/me/calendar")
    name = (account or {}).get("owner", {}).get("address", "the account")
    return f"Microsoft Graph answers, signed in as {name}."


def _home(owner: CalendarOwner) -> str:
    return f"/users/{quote(owner.email, safe='@')}"


def _refuse_mailbox(owner: CalendarOwner) -> Rejected:
    return Rejected(
        VENDOR,
        "calendar",
        f"there is no mailbox {owner.email}, or this account may not see it",
    )


def _write(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _read_cursor(cursor: str) -> tuple[str, datetime]:
    try:
        found = json.loads(cursor)
        return str(found["link"]), datetime.fromisoformat(found["begun"])
    except (ValueError, KeyError, TypeError):
        return "", datetime.fromtimestamp(0, UTC)

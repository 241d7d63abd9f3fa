"""Our meetings as events of Google Calendar, and back. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.moments import parse_moment
from core.protocols.calendar import (
    CalendarMeeting,
    CalendarOwner,
    MeetingLinks,
    SeenMeeting,
)
from integrations.google.settings import GoogleSettings

_SEQUENCE = "salesAgentSequence"
# The sequence of an event that is deleted so thoroughly that nothing of it can be read.
_UNREADABLE = 2**31 - 1


def build_event_id(meeting_id: str) -> str:
    """Our id as one that Google takes: 5 to 1,024 characters of base32hex (0-9, a-v)."""
    return uuid.UUID(meeting_id).hex


def build_stamp(sequence: int) -> dict[str, Any]:
    """Which of our states an event shows, where only programs see it."""
    return {"extendedProperties": {"private": {_SEQUENCE: str(sequence)}}}


def build_event(
    owner: CalendarOwner, meeting: CalendarMeeting, settings: GoogleSettings
) -> dict[str, Any]:
    """What an event shows of a meeting."""
    event: dict[str, Any] = {
        "summary": meeting.title,
        "description": meeting.description,
        "start": {"dateTime": meeting.starts_at.astimezone(UTC).isoformat(), "timeZone": "UTC"},
        "end": {"dateTime": meeting.ends_at.astimezone(UTC).isoformat(), "timeZone": "UTC"},
        "status": "confirmed",
        **build_stamp(meeting.sequence),
    }
    if settings.send_updates != "none" and meeting.attendee_email:
        event["attendees"] = [
            {"email": owner.email, "responseStatus": "accepted"},
            {"email": meeting.attendee_email, "displayName": meeting.attendee_name},
        ]
    return event


def build_conference(meeting_id: str) -> dict[str, Any]:
    """The wish for a room. The same request id again makes no second room."""
    kind = {"type": "hangoutsMeet"}
    wish = {"requestId": meeting_id, "conferenceSolutionKey": kind}
    return {"conferenceData": {"createRequest": wish}}


def read_sequence(event: Mapping[str, Any]) -> int | None:
    """Which of our states an event shows; None when it does not say."""
    text = event.get("extendedProperties", {}).get("private", {}).get(_SEQUENCE, "")
    return int(text) if str(text).isdecimal() else None


def read_links(event: Mapping[str, Any]) -> MeetingLinks:
    """The room of an event."""
    points = event.get("conferenceData", {}).get("entryPoints", ())
    video = (one.get("uri", "") for one in points if one.get("entryPointType") == "video")
    return MeetingLinks(join_url=str(event.get("hangoutLink") or next(video, "")))


def read_meeting_id(event: Mapping[str, Any]) -> str | None:
    """Our id of an event; None when its id is none of ours."""
    text = str(event.get("id", ""))
    try:
        found = uuid.UUID(hex=text)
    except ValueError:
        return None
    return str(found) if found.hex == text and found.version == 7 else None


def read_event(event: Mapping[str, Any], owner: CalendarOwner) -> SeenMeeting | None:
    """What an event shows of a meeting of ours; None when it is none, or lasts whole days."""
    meeting_id, sequence = read_meeting_id(event), read_sequence(event)
    if meeting_id is None:
        return None
    if event.get("status") == "cancelled":
        known = _UNREADABLE if sequence is None else sequence
        nowhere = datetime.fromtimestamp(0, UTC)
        reason = "Deleted in Google Calendar"
        return SeenMeeting(meeting_id, known, nowhere, nowhere, is_cancelled=True, reason=reason)
    starts_at, ends_at = _read_time(event, "start"), _read_time(event, "end")
    if sequence is None or starts_at is None or ends_at is None:
        return None
    refused = _find_refusal(event, owner)
    return SeenMeeting(
        meeting_id,
        sequence,
        starts_at,
        ends_at,
        is_cancelled=bool(refused),
        reason=refused or "Moved in Google Calendar",
    )


def _find_refusal(event: Mapping[str, Any], owner: CalendarOwner) -> str:
    for one in event.get("attendees", ()):
        if one.get("responseStatus") == "declined":
            is_owner = one.get("self") or str(one.get("email", "")).lower() == owner.email
            who = "the rep" if is_owner else "the visitor"
            return f"Declined by {who} in Google Calendar"
    return ""


def _read_time(event: Mapping[str, Any], key: str) -> datetime | None:
    text = event.get(key, {}).get("dateTime")
    return parse_moment(text) if text else None

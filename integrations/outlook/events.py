"""Our meetings as events of Outlook, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.moments import parse_moment
from core.protocols.calendar import CalendarMeeting, MeetingLinks, SeenMeeting
from integrations.outlook.settings import OutlookSettings

# A property of our own by which an event is found again; the id is made for this product.
PROPERTY = "String {7a3f5c1e-2b64-4f0d-9d2e-6c1f0a9b8e57} Name SalesAgentMeeting"
SELECTED = "id,start,end,isCancelled,responseStatus,attendees,onlineMeeting"


def build_event(meeting: CalendarMeeting, settings: OutlookSettings) -> dict[str, Any]:
    """What an event shows of a meeting."""
    event: dict[str, Any] = {
        "subject": meeting.title,
        "body": {"contentType": "text", "content": meeting.description},
        "start": write_time(meeting.starts_at),
        "end": write_time(meeting.ends_at),
        "showAs": "busy",
    }
    if settings.invite_visitor and meeting.attendee_email:
        address = {"address": meeting.attendee_email, "name": meeting.attendee_name}
        event["attendees"] = [{"emailAddress": address, "type": "required"}]
    return event


def build_new_event(meeting: CalendarMeeting, settings: OutlookSettings) -> dict[str, Any]:
    """The same for an event that is not there yet. The transaction id is that of the state:
    Graph makes no second event for it."""
    event = build_event(meeting, settings)
    event["transactionId"] = f"{meeting.id}:{meeting.sequence}"
    event["singleValueExtendedProperties"] = [{"id": PROPERTY, "value": meeting.id}]
    if settings.online_meeting:
        event |= {"isOnlineMeeting": True, "onlineMeetingProvider": "teamsForBusiness"}
    return event


def build_filter(meeting_id: str) -> str:
    """The OData filter that finds the event of a meeting of ours."""
    return (
        f"singleValueExtendedProperties/any(ep: ep/id eq '{PROPERTY}' and ep/value eq "
        f"'{meeting_id}')"
    )


def read_links(event: Mapping[str, Any]) -> MeetingLinks:
    """The room of an event."""
    return MeetingLinks(join_url=str((event.get("onlineMeeting") or {}).get("joinUrl") or ""))


def read_event(event: Mapping[str, Any], meeting_id: str, sequence: int) -> SeenMeeting:
    """What an event shows of a meeting of ours."""
    refused = _find_refusal(event)
    return SeenMeeting(
        meeting_id,
        sequence,
        read_time(event["start"]),
        read_time(event["end"]),
        is_cancelled=bool(refused),
        reason=refused or "Moved in Outlook",
    )


def build_deleted(meeting_id: str, sequence: int) -> SeenMeeting:
    """A meeting whose event is gone."""
    nowhere = datetime.fromtimestamp(0, UTC)
    reason = "Deleted in Outlook"
    return SeenMeeting(meeting_id, sequence, nowhere, nowhere, is_cancelled=True, reason=reason)


def _find_refusal(event: Mapping[str, Any]) -> str:
    if event.get("isCancelled"):
        return "Cancelled in Outlook"
    if (event.get("responseStatus") or {}).get("response") == "declined":
        return "Declined by the rep in Outlook"
    for one in event.get("attendees") or ():
        if (one.get("status") or {}).get("response") == "declined":
            return "Declined by the visitor in Outlook"
    return ""


def write_time(moment: datetime) -> dict[str, str]:
    """A moment as Graph's dateTimeTimeZone."""
    return {"dateTime": f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}


def read_time(value: Mapping[str, str]) -> datetime:
    """And back. Graph writes seven digits of a second, and no offset."""
    return parse_moment(value["dateTime"])

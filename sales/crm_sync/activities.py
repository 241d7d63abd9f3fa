"""What is told in a CRM of conversations and meetings. Pure."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from core.protocols.crm import CrmActivity, CrmRef
from sales.appointments.schemas import BookedAppointment
from sales.conversations.schemas import ConversationRecord
from sales.leads.schemas import LeadDetail

_SPEAKERS = {"visitor": "Visitor", "agent": "Agent", "staff": "Team"}


def build_conversation(
    record: ConversationRecord, detail: LeadDetail, person: CrmRef, *, url: str, summary: str
) -> CrmActivity:
    """What a conversation was, in short, with the link to its text here."""
    said = [one for one in record.messages if one.role == "visitor"]
    came_from = " / ".join(value for value in record.utm.values() if value)
    lines = [
        f"Conversation on {record.page_title or record.page_path} ({record.page_url})",
        f"Came from: {came_from or record.referrer_domain or 'direct'}",
        f"Messages of the visitor: {len(said)}",
        summary,
    ]
    open_questions = [one.text for one in record.unanswered]
    if open_questions:
        lines.append("Waits for an answer of the team: " + "; ".join(open_questions))
    if url.startswith("http"):
        lines.append(f"Whole conversation: {url}")
    return CrmActivity(
        external_id=f"conversation-{record.id}",
        kind="conversation",
        person=person,
        subject=f"Chat with {detail.lead.name or 'a visitor'}",
        body="\n".join(line for line in lines if line),
        starts_at=record.started_at,
        ends_at=record.ended_at or record.last_message_at,
    )


def build_transcript(record: ConversationRecord, person: CrmRef) -> CrmActivity:
    """All that was said, with times in UTC."""
    lines = [
        f"{one.created_at:%Y-%m-%d %H:%M} {_SPEAKERS.get(one.role, one.role)}: {one.text}"
        for one in record.messages
    ]
    return CrmActivity(
        external_id=f"transcript-{record.id}",
        kind="transcript",
        person=person,
        subject="Transcript of the chat",
        body="\n".join(lines),
        starts_at=record.started_at,
        ends_at=record.ended_at or record.last_message_at,
    )


def build_meeting(meeting: BookedAppointment, person: CrmRef, known: CrmRef | None) -> CrmActivity:
    """A meeting as it stands; a cancelled one says so."""
    title = f"Meeting with {meeting.name or meeting.email}"
    zone = ZoneInfo(meeting.timezone or "UTC")
    lines = [
        meeting.topic,
        f"With {meeting.rep_name}",
        f"{meeting.starts_at.astimezone(zone):%Y-%m-%d %H:%M} in the visitor's time "
        f"({meeting.timezone or 'UTC'})",
        "Cancelled" if meeting.status == "cancelled" else "",
    ]
    return CrmActivity(
        external_id=f"meeting-{meeting.id}",
        kind="meeting",
        person=person,
        subject=f"Cancelled: {title}" if meeting.status == "cancelled" else title,
        body="\n".join(line for line in lines if line),
        starts_at=meeting.starts_at,
        ends_at=meeting.ends_at,
        known=known,
    )

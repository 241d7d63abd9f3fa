"""What a lead's page shows beside the lead itself: conversations, meetings, mails, free times."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.errors import Conflict
from portal.desk import Viewer
from portal.portal import Portal
from sales.appointments.schemas import AppointmentFilter, BookedAppointment
from sales.appointments.slot_words import describe_slot
from sales.appointments.time_phrases import read_time_phrases
from sales.conversations.schemas import ConversationRecord
from sales.followups.schemas import MailAbstract, MailFilter
from sales.leads.profile import Evidence
from sales.leads.schemas import LeadDetail
from sales.organization.schemas import Principal

# The latest conversations in full; older ones by their link.
_TRANSCRIPTS = 3
_MESSAGES = 100
_LISTED = 10
_OFFERS = 6
_WISH_LIMIT = 200


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A value of a profile with its proof, and the conversation that holds it."""

    field: str
    evidence: Evidence
    conversation_id: str | None
    past: int


@dataclass(frozen=True, slots=True)
class LeadPageView:
    """Gathered for one page."""

    records: tuple[ConversationRecord, ...]
    older: tuple[str, ...]
    values: tuple[KnownValue, ...]
    places: dict[str, str]
    appointments: tuple[BookedAppointment, ...]
    mails: tuple[MailAbstract, ...]
    # Why the lead's address is written to no more; empty: it is.
    suppressed: str = ""


async def gather_lead(portal: Portal, principal: Principal, detail: LeadDetail) -> LeadPageView:
    """Everything around a lead, newest first."""
    tenant_id = principal.tenant_id
    ids = detail.conversation_ids[::-1]
    records = [
        await portal.conversations.get_record(tenant_id, found, limit=_MESSAGES)
        for found in ids[:_TRANSCRIPTS]
    ]
    places = {message.id: record.id for record in records for message in record.messages}
    appointments: list[BookedAppointment] = []
    mails: dict[str, MailAbstract] = {}
    for found in ids[:_LISTED]:
        booked, _ = await portal.appointments.list_appointments(
            tenant_id, AppointmentFilter(conversation_id=found)
        )
        appointments += booked
        written, _ = await portal.mails.list_mails(tenant_id, MailFilter(conversation_id=found))
        mails |= {mail.id: mail for mail in written}
    written, _ = await portal.mails.list_mails(tenant_id, MailFilter(lead_id=detail.lead.id))
    mails |= {mail.id: mail for mail in written}
    email = detail.lead.email
    reason = await portal.mails.find_suppression(tenant_id, email) if email else None
    return LeadPageView(
        suppressed=reason or "",
        records=tuple(records),
        older=ids[_TRANSCRIPTS:],
        values=tuple(_list_values(detail, places)),
        places=places,
        appointments=tuple(sorted(appointments, key=lambda one: one.starts_at, reverse=True)),
        mails=tuple(sorted(mails.values(), key=lambda one: one.created_at, reverse=True)),
    )


def _list_values(detail: LeadDetail, places: dict[str, str]) -> list[KnownValue]:
    return [
        KnownValue(
            name, entry.current, places.get(entry.current.message_id or ""), len(entry.history)
        )
        for known in detail.visitor_profiles
        for name, entry in known.profile.entries.items()
        if entry.current is not None
    ]


async def list_booking_offers(
    portal: Portal, viewer: Viewer, detail: LeadDetail, wish: str
) -> list[dict[str, str]]:
    """Times that could be booked for the lead, on the viewer's clock; none where nobody takes
    meetings."""
    record = await portal.conversations.get_record(
        viewer.principal.tenant_id, detail.conversation_ids[-1], limit=1
    )
    zone = ZoneInfo(viewer.session.timezone)
    read = read_time_phrases(wish[:_WISH_LIMIT], portal.clock.now(), zone, locale="en")
    try:
        found = await portal.appointments.slots.find(
            record.site, record.timezone or "UTC", read, limit=_OFFERS
        )
    except Conflict:
        return []
    return [{"id": slot.id, "label": describe_slot(slot, zone, "en")} for slot in found.slots]

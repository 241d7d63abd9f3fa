"""What a visitor sees and presses in a dialogue about a meeting. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from agent.answers import Card
from agent.booking_words import say_booking
from sales.appointments.schemas import BookedAppointment
from sales.appointments.slot_words import build_offer, describe_slot, name_zone
from sales.appointments.slots import Slot


def build_slots_card(slots: Sequence[Slot], zone: tzinfo, language: str) -> Card:
    """Free times as buttons; the zone is named once, in the title's line."""
    first, last = slots[0].starts_at, slots[-1].ends_at
    offers = [build_offer(slot, zone, language, with_zone=False) for slot in slots]
    return Card(
        "slots",
        {
            "title": say_booking("title", language),
            "timezone": name_zone(zone, first, last),
            "slots": offers,
            "hint": say_booking("hint", language),
        },
    )


def build_proposal_card(
    slot: Slot, zone: tzinfo, rep: str, language: str, *, is_move: bool
) -> Card:
    """A slot that waits for a yes."""
    yes = "yes_move" if is_move else "yes_book"
    actions = [_action("confirm", slot.id, yes, language), _action("other", "", "other", language)]
    return _card("", slot, zone, rep, language, status="proposed", actions=actions)


def build_cancellation_card(appointment: BookedAppointment, zone: tzinfo, language: str) -> Card:
    """A meeting that waits for a yes to be cancelled."""
    actions = [
        _action("cancel_yes", appointment.id, "yes_cancel", language),
        _action("keep", appointment.id, "keep", language),
    ]
    slot, rep = appointment.slot, appointment.rep_name
    return _card(appointment.id, slot, zone, rep, language, status="booked", actions=actions)


def build_appointment_card(appointment: BookedAppointment, zone: tzinfo, language: str) -> Card:
    """A meeting as it stands, to be moved or cancelled."""
    actions = []
    if appointment.status == "booked":
        actions = [
            _action("move", appointment.id, "do_move", language),
            _action("cancel", appointment.id, "do_cancel", language),
        ]
    return _card(
        appointment.id,
        appointment.slot,
        zone,
        appointment.rep_name,
        language,
        status=appointment.status,
        actions=actions,
    )


def build_contact_card(slot: Slot, name: str, language: str) -> Card:
    """A small form for who it is. What is known stands there already."""
    fields = [
        {"name": "name", "label": "name", "type": "text", "required": True, "value": name},
        {"name": "email", "label": "email", "type": "email", "required": True, "value": ""},
    ]
    return Card(
        "form",
        {
            "id": slot.id,
            "title": say_booking("form", language),
            "fields": [
                {**field, "label": say_booking(str(field["label"]), language)} for field in fields
            ],
            "submit": say_booking("submit", language),
            "action": {"kind": "contact", "id": slot.id},
        },
    )


def _card(
    card_id: str,
    slot: Slot,
    zone: tzinfo,
    rep: str,
    language: str,
    *,
    status: str,
    actions: list[dict[str, Any]],
) -> Card:
    state = "proposed" if status == "proposed" else f"is_{status}"
    return Card(
        "appointment",
        {
            "id": card_id,
            "label": describe_slot(slot, zone, language, with_zone=False),
            "timezone": name_zone(zone, slot.starts_at, slot.ends_at),
            "rep": rep,
            "status": status,
            "status_label": say_booking(state, language),
            "actions": actions,
        },
    )


def _action(kind: str, action_id: str, key: str, language: str) -> dict[str, Any]:
    return {"label": say_booking(key, language), "action": {"kind": kind, "id": action_id}}

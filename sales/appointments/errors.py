"""Why a slot cannot be had, with others that can."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Any

from core.errors import Conflict, Invalid
from sales.appointments.slot_words import build_offer
from sales.appointments.slots import Refusal, Slot

_WORDS = {
    Refusal.PAST: "This time has passed. Choose a later one.",
    Refusal.TOO_SOON: "This is too soon for us. Choose a later time.",
    Refusal.BEYOND_WINDOW: "This is further ahead than can be booked. Choose an earlier day.",
    Refusal.HOLIDAY: "Nobody works on this day. Choose another one.",
    Refusal.OUTSIDE_HOURS: "This is outside of working hours. Choose another time.",
    Refusal.TAKEN: "This time has just been taken. Choose another one.",
    Refusal.NO_SUCH_TIME: "No meeting begins at this time. Choose one of the slots.",
}


class SlotRefused(Invalid):
    """The time can never be booked as asked."""

    def __init__(self, refusal: Refusal, alternatives: Sequence[Slot], zone: tzinfo) -> None:
        super().__init__(_WORDS[refusal], _build_details(refusal, alternatives, zone))
        self.refusal, self.alternatives = refusal, tuple(alternatives)


class SlotTaken(Conflict):
    """Somebody else was quicker."""

    def __init__(self, alternatives: Sequence[Slot], zone: tzinfo) -> None:
        refusal = Refusal.TAKEN
        super().__init__(_WORDS[refusal], _build_details(refusal, alternatives, zone))
        self.refusal, self.alternatives = refusal, tuple(alternatives)


class TooManyAppointments(Conflict):
    """The visitor has as many coming meetings as one may have."""


def _build_details(refusal: Refusal, slots: Sequence[Slot], zone: tzinfo) -> dict[str, Any]:
    return {"reason": str(refusal), "alternatives": [build_offer(slot, zone) for slot in slots]}

"""Why a slot cannot be had, with others that can."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Conflict, Invalid
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

    def __init__(self, refusal: Refusal, alternatives: Sequence[Slot]) -> None:
        super().__init__(_WORDS[refusal])
        self.refusal, self.alternatives = refusal, tuple(alternatives)


class SlotTaken(Conflict):
    """Somebody else was quicker."""

    def __init__(self, alternatives: Sequence[Slot]) -> None:
        super().__init__(_WORDS[Refusal.TAKEN])
        self.refusal, self.alternatives = Refusal.TAKEN, tuple(alternatives)


class TooManyAppointments(Conflict):
    """The visitor has as many coming meetings as one may have."""

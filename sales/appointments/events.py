"""What happened to an appointment. `sequence` grows by one with each change of the same one."""

from __future__ import annotations

from core.outbox import Event


class _AppointmentEvent(Event):
    appointment_id: str
    sequence: int
    # It came from the calendar, which therefore has it already.
    by_calendar: bool = False
    # The visitor hears of it in the chat: no mail.
    is_told: bool = False

    @property
    def ordering_key(self) -> str | None:
        """A change must not reach the calendar or the mailbox before what it changes."""
        return self.appointment_id


class AppointmentBooked(_AppointmentEvent):
    """A visitor has a meeting."""


class AppointmentRescheduled(_AppointmentEvent):
    """It takes place at another time, with the same rep."""


class AppointmentCancelled(_AppointmentEvent):
    """It does not take place."""


class AppointmentRefused(_AppointmentEvent):
    """The rep's calendar would not take this state. Recorded with a delay: whoever still waits
    for the booking is told at once, and then nothing is left to do."""

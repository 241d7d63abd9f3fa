"""What happened to an appointment. `sequence` grows by one with each change of the same one."""

from __future__ import annotations

from core.outbox import Event


class _AppointmentEvent(Event):
    appointment_id: str
    sequence: int

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

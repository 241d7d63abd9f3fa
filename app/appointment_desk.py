"""What the endpoints of meetings work with, as `app.yaml` says now."""

from __future__ import annotations

from starlette.requests import Request

from app.runtime import Runtime
from app.staff import build_principal_check
from portal.appointment_link import LinkDesk
from sales.appointments.api import AppointmentDesk
from sales.conversations.service import Pass


def build_desk(runtime: Runtime) -> AppointmentDesk:
    """Cheap: made at each request."""
    chat = runtime.chat

    def admit(request: Request, conversation_id: str) -> Pass:
        return chat.admit(request, conversation_id)[0]

    return AppointmentDesk(
        appointments=runtime.services.appointments,
        conversations=runtime.services.conversations,
        staff=runtime.resources.staff,
        admit=admit,
        admit_visitor=chat.admit_visitor,
        identify=build_principal_check(lambda: runtime),
    )


def build_link_desk(runtime: Runtime) -> LinkDesk:
    """The same for the page behind an appointment's link."""
    return LinkDesk(runtime.services.appointments, runtime.resources.organization)

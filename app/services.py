"""The services of the business as `app.yaml` says now."""

from __future__ import annotations

from dataclasses import dataclass

from app.feedback import FeedbackParts
from app.handoffs import HandoffParts
from core.errors import BugError
from sales.appointments.calendar_sync import CalendarSync
from sales.appointments.service import AppointmentService
from sales.connections.inbox import EventInbox
from sales.conversations.service import ConversationService
from sales.crm_sync.parts import CrmSyncParts
from sales.followups.mail_service import MailService
from sales.followups.service import FollowupService
from sales.leads.service import LeadService
from sales.notices.service import NoticeService
from sales.privacy.service import PrivacyService
from sales.usage.service import UsageService


@dataclass(frozen=True, slots=True)
class Services:
    """Made anew, as a whole, when `app.yaml` changes (app/wiring.py)."""

    inbox: EventInbox
    conversations: ConversationService
    leads: LeadService
    appointments: AppointmentService
    calendar_sync: CalendarSync
    mails: MailService
    followups: FollowupService
    notices: NoticeService
    usage: UsageService
    handoffs: HandoffParts
    privacy: PrivacyService
    feedback: FeedbackParts
    crms: CrmSyncParts


class CurrentServices:
    """Where effects find the services. Effects are registered once, before there are services,
    because services need the outbox, and the outbox needs to know all effects."""

    def __init__(self) -> None:
        self._services: Services | None = None

    def put(self, services: Services) -> None:
        """From now on these."""
        self._services = services

    def get(self) -> Services:
        """The ones of now.

        Raises:
            BugError: nobody has put any yet.
        """
        if self._services is None:
            raise BugError("an effect ran before the services were made")
        return self._services

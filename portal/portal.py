"""What the portal stands on: everything arrives here as an argument, from app/wiring."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request

from agent.model_failures import ModelRecord
from core.clock import Clock
from core.db import Database
from core.security import TokenSigner
from portal.changes import ChangeNotifier
from portal.outbox_view import OutboxView
from sales.appointments.service import AppointmentService
from sales.connections.service import ConnectionService
from sales.conversations.gap_service import GapService
from sales.conversations.service import ConversationService
from sales.conversations.staff_service import StaffConversationService
from sales.crm_sync.service import CrmSyncService
from sales.feedback.analytics import OutcomeAnalytics
from sales.feedback.service import FeedbackService
from sales.followups.mail_service import MailService
from sales.followups.schemas import StoredMail
from sales.followups.service import FollowupService
from sales.handoffs.receiving import ReceptionService
from sales.handoffs.schemas import HandoffView, OverrideAction
from sales.handoffs.service import HandoffService
from sales.handoffs.sight import HandoffSight
from sales.knowledge.service import KnowledgeService
from sales.leads.service import LeadService
from sales.organization.access_service import AccessService
from sales.organization.schemas import Principal
from sales.organization.service import OrganizationService
from sales.organization.session_service import SessionService
from sales.organization.staff_service import StaffService
from sales.usage.service import UsageService

OverrideHandoff = Callable[[Principal, str, OverrideAction, str], Awaitable[HandoffView]]


@dataclass(frozen=True, slots=True)
class Portal:
    """The services behind the pages, as `app.yaml` says now."""

    database: Database
    clock: Clock
    signer: TokenSigner
    organization: OrganizationService
    staff: StaffService
    sessions: SessionService
    access: AccessService
    changes: ChangeNotifier
    own_origin: Callable[[Request], str]
    outbox: OutboxView
    knowledge: KnowledgeService
    conversations: ConversationService
    takeovers: StaffConversationService
    gaps: GapService
    leads: LeadService
    appointments: AppointmentService
    mails: MailService
    usage: UsageService
    followups: FollowupService
    connections: ConnectionService
    crms: CrmSyncService
    outcomes: OutcomeAnalytics
    feedback: FeedbackService
    handoffs: HandoffService
    sight: HandoffSight
    reception: ReceptionService
    override_handoff: OverrideHandoff
    encode_mail: Callable[[StoredMail], bytes]
    models: ModelRecord | None = None
    currency: str = "USD"

    def is_secure(self, request: Request) -> bool:
        """Whether browsers reach this server over https."""
        return self.own_origin(request).startswith("https:")

"""Puts the parts of feedback together: what sales says of leads, and what follows from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.handoffs import HandoffGrounds, HandoffParts
from core.clock import Clock
from core.errors import ProviderError
from core.protocols.sales_system import OutcomeListener, SalesSystem
from integrations.sales_system.telling import SignedMessages
from sales.feedback.analytics import OutcomeAnalytics
from sales.feedback.door import SalesDoor
from sales.feedback.effects import FeedbackEffects
from sales.feedback.hearing import AcknowledgementEar
from sales.feedback.leasing import SyncLeases
from sales.feedback.returning import HandOverAgain, ReturnService
from sales.feedback.service import FeedbackService
from sales.feedback.settings import FeedbackSettings
from sales.feedback.syncing import SyncService
from sales.feedback.telling import OutcomeTeller
from sales.followups.mail_service import MailService
from sales.handoffs.throttling import ClientThrottle
from sales.organization.service import OrganizationService

if TYPE_CHECKING:
    from app.settings import AppSettings

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class FeedbackParts:
    """What is made anew when `app.yaml` changes."""

    service: FeedbackService
    analytics: OutcomeAnalytics
    throttle: ClientThrottle
    door: SalesDoor
    returns: ReturnService
    teller: OutcomeTeller
    sync: SyncService
    ear: AcknowledgementEar


def build_feedback(
    grounds: HandoffGrounds, settings: AppSettings, handoffs: HandoffParts, mails: MailService
) -> FeedbackParts:
    """The parts as `app.yaml` says now."""
    chosen: FeedbackSettings = settings.feedback
    database, clock = grounds.database, grounds.clock
    service = FeedbackService(database, clock, grounds.outbox, grounds.vendors.cipher, chosen)
    return FeedbackParts(
        service=service,
        analytics=OutcomeAnalytics(database, timedelta(days=chosen.half_life_days)),
        throttle=ClientThrottle(clock, "reports"),
        door=SalesDoor(chosen, clock),
        returns=ReturnService(
            database=database,
            clock=clock,
            outbox=grounds.outbox,
            feedback=service,
            resend=HandOverAgain(handoffs.workflow.hand_over),
            mails=mails,
            sales_team=handoffs.alerts.sales_team,
            public_url=mails.public_url,
        ),
        teller=OutcomeTeller(database, service, _open_listener(chosen, clock)),
        sync=SyncService(
            database=database,
            clock=clock,
            leases=SyncLeases(database, clock),
            feedback=service,
            choose_system=_SystemChooser(handoffs),
            hear=handoffs.workflow.hear,
            resend=HandOverAgain(handoffs.workflow.hand_over),
        ),
        ear=AcknowledgementEar(database, handoffs.workflow.hear),
    )


def _open_listener(chosen: FeedbackSettings, clock: Clock) -> OutcomeListener | None:
    if not chosen.tell_url or chosen.tell_secret is None:
        return None
    return SignedMessages(chosen.tell_url, chosen.tell_secret.get_secret_value(), clock)


@dataclass(frozen=True, slots=True)
class _SystemChooser:
    """The endpoint that is well just now."""

    handoffs: HandoffParts

    async def __call__(self, tenant_id: str) -> SalesSystem | None:
        sender = self.handoffs.workflow.sender
        endpoints = await self.handoffs.service.find_endpoints(tenant_id, sender.names)
        return sender.choose_system(endpoints)


def build_feedback_effects(get_parts: Callable[[], FeedbackParts]) -> FeedbackEffects:
    """What follows from events, with the parts of the moment."""
    return FeedbackEffects(lambda: get_parts().returns, lambda: get_parts().teller)


async def follow_sales(
    get_sync: Callable[[], SyncService], organization: OrganizationService
) -> None:
    """Ask for statuses and compare both sides when it is time, for ever."""
    while True:
        sync = get_sync()
        for tenant in organization.list_tenants():
            try:
                await sync.poll(tenant.id)
                await sync.reconcile_due(tenant.id)
            except SQLAlchemyError as error:
                log.warning("sales_not_followed", kind=type(error).__name__)
            except ProviderError as error:
                log.warning("sales_not_asked", operation=error.operation)
            except Exception:
                # Sync must go on; the next round tries again.
                log.exception("sales_not_followed")
        await asyncio.sleep(_LOOK_SECONDS)

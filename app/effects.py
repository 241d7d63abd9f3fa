"""Every effect of the product: what happens outside when something happened inside.

An effect asks for its service at each run: `app.yaml` may have changed since the last one. A
process that only records events needs this registry too: what it does not know it cannot
promise.
"""

from __future__ import annotations

from collections.abc import Callable

from app.calendars import CalendarWebhooks
from app.feedback import build_feedback_effects
from app.handoffs import build_handoff_effects
from app.notices import OpenVendor, build_notice_effects
from app.services import Services
from core.outbox import EffectRegistry
from core.protocols.calendar import Calendar
from core.protocols.email import EmailSender
from sales.appointments.effects import CalendarEffects
from sales.crm_sync.effects import CrmSyncEffects
from sales.followups.effects import DeliveryEffects, FollowupEffects
from sales.leads.effects import LeadEffects
from sales.privacy.effects import PrivacyEffects


def build_effects(
    get_services: Callable[[], Services],
    calendar: Calendar,
    email: EmailSender,
    open_vendor: OpenVendor,
) -> EffectRegistry:
    """The registry, filled. Each module's effects are added here, in one line each."""
    registry = EffectRegistry()
    registry.add(LeadEffects(lambda: get_services().leads))
    registry.add(CalendarEffects(lambda: get_services().appointments, calendar))
    registry.add(CalendarWebhooks(get_services))
    registry.add(
        FollowupEffects(lambda: get_services().followups, lambda: get_services().mails, email)
    )
    registry.add(DeliveryEffects(lambda: get_services().mails, lambda: get_services().inbox))
    registry.add(build_handoff_effects(lambda: get_services().handoffs))
    registry.add(build_feedback_effects(lambda: get_services().feedback))
    registry.add(CrmSyncEffects(lambda: get_services().crms))
    registry.add(build_notice_effects(get_services, open_vendor))
    registry.add(PrivacyEffects(lambda: get_services().privacy))
    return registry

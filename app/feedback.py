"""Puts the parts of feedback together: what sales says of leads, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from app.handoffs import HandoffGrounds
from sales.feedback.analytics import OutcomeAnalytics
from sales.feedback.door import SalesDoor
from sales.feedback.service import FeedbackService
from sales.handoffs.throttling import ClientThrottle

if TYPE_CHECKING:
    from app.settings import AppSettings


@dataclass(frozen=True, slots=True)
class FeedbackParts:
    """What is made anew when `app.yaml` changes."""

    service: FeedbackService
    analytics: OutcomeAnalytics
    throttle: ClientThrottle
    door: SalesDoor


def build_feedback(grounds: HandoffGrounds, settings: AppSettings) -> FeedbackParts:
    """The parts as `app.yaml` says now."""
    chosen = settings.feedback
    database, clock = grounds.database, grounds.clock
    return FeedbackParts(
        service=FeedbackService(database, clock, grounds.outbox, grounds.vendors.cipher, chosen),
        analytics=OutcomeAnalytics(database, timedelta(days=chosen.half_life_days)),
        throttle=ClientThrottle(clock, "reports"),
        door=SalesDoor(chosen, clock),
    )

"""The routes of feedback."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from fastapi import FastAPI

from app.machine_gate import WebhookGate
from app.runtime import Runtime
from app.staff import build_principal_check
from app.staff_api import read_period
from sales.feedback.api import (
    FeedbackDesk,
    build_feedback_router,
    build_outcome_router,
    build_sync_router,
)


def add_feedback(app: FastAPI, get_runtime: Callable[[], Runtime], gate: WebhookGate) -> None:
    """For the sales system, for reps, and for those who look at figures."""

    def get_desk() -> FeedbackDesk:
        runtime = get_runtime()
        parts = runtime.services.feedback
        organization = runtime.resources.organization
        return FeedbackDesk(
            feedback=parts.service,
            leads=runtime.services.leads,
            analytics=parts.analytics,
            throttle=parts.throttle,
            door=parts.door,
            sync=parts.sync,
            ear=parts.ear,
            check_sender=partial(gate.check, door="sales-updates"),
            find_tenant=lambda key: organization.get_tenant(key).id,
            read_period=partial(read_period, runtime),
        )

    identify = build_principal_check(get_runtime)
    app.include_router(build_feedback_router(get_desk, identify))
    app.include_router(build_outcome_router(get_desk, identify))
    app.include_router(build_sync_router(get_desk, identify))

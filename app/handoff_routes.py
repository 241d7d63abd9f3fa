"""The routes of handoffs: for staff and machines, and our own sales system's door."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI

from app.handoffs import HandoffParts
from app.runtime import Runtime
from app.staff import build_principal_check
from sales.handoffs.api import build_handoff_router
from sales.handoffs.receiving import ReceptionService
from sales.handoffs.receiving_api import build_receiving_router
from sales.handoffs.sight_api import build_sight_router
from sales.handoffs.throttling import ClientThrottle
from sales.organization.schemas import Principal
from sales.privacy.demands import SenderDemands


def add_handoffs(app: FastAPI, get_runtime: Callable[[], Runtime]) -> None:
    """The routes of both ends."""

    def get_parts() -> HandoffParts:
        return get_runtime().services.handoffs

    def get_reception() -> tuple[ReceptionService, ClientThrottle, int]:
        parts = get_parts()
        return parts.reception, parts.throttle, parts.settings.receiver.per_minute

    async def forget(principal: Principal, lead_id: str) -> bool:
        services = get_runtime().services
        demands = SenderDemands(services.privacy, services.handoffs.reception)
        return await demands.forget(principal, lead_id)

    identify = build_principal_check(get_runtime)
    # Before single handoffs, whose path would take it for an id.
    app.include_router(build_sight_router(lambda: get_parts().sight, identify))
    app.include_router(
        build_handoff_router(lambda: get_parts().service, lambda: get_parts().workflow, identify)
    )
    app.include_router(build_receiving_router(get_reception, identify, forget))

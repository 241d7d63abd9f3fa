"""Looks at handoffs again and again, and shows what it sees as metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from prometheus_client import CollectorRegistry, Gauge
from sqlalchemy.exc import SQLAlchemyError

from sales.handoffs.sight import HandoffHealth, HandoffSight
from sales.organization.service import OrganizationService

log = structlog.get_logger(__name__)

_PAUSE_SECONDS = 5.0
_COLOURS = {"green": 0, "yellow": 1, "red": 2}


class HandoffMetrics:
    """Gauges that are measured when somebody looks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def build(name: str, told: str, *more: str) -> Gauge:
            labels = ["tenant", *more]
            return Gauge(f"sales_agent_handoff_{name}", told, labels, registry=registry)

        self._rates = build("rate", "Shares of the latest 500 pushes, by what.", "of")
        self._seconds = build("response_seconds", "One call to the sales system.", "quantile")
        self._depth = build("queue_depth", "Leads that wait to be sent.")
        self._states = build("leads", "Handoffs by state.", "state")
        self._errors = build("errors", "Failed pushes of the latest 500, by kind.", "kind")
        self._alarms = build("alarm", "1 while an alarm is raised.", "kind")
        self._status = build("status", "0 green, 1 yellow, 2 red.")
        self._success = build("last_success_timestamp_seconds", "When a lead was sent last.")
        self._all = (self._rates, self._seconds, self._states, self._errors, self._alarms)

    def show(self, tenant: str, health: HandoffHealth) -> None:
        """Take over a measurement. What there is none of is not shown."""
        rates = health.rates
        for of in ("success", "first_attempt", "eventual", "timeouts", "validation_errors"):
            value = getattr(rates, of)
            if value is not None:
                self._rates.labels(tenant, of).set(value)
        for quantile, value in (("0.5", rates.p50_seconds), ("0.95", rates.p95_seconds)):
            if value is not None:
                self._seconds.labels(tenant, quantile).set(value)
        self._depth.labels(tenant).set(health.depth)
        for state, count in health.counts.items():
            self._states.labels(tenant, state).set(count)
        for kind, count in rates.errors.items():
            self._errors.labels(tenant, kind).set(count)
        for kind in health.alarms:
            self._alarms.labels(tenant, kind).set(1)
        self._status.labels(tenant).set(_COLOURS[health.colour])
        if health.last_success_at is not None:
            self._success.labels(tenant).set(health.last_success_at.timestamp())

    def clear(self) -> None:
        """Before a measurement: what is not there any more is not shown."""
        for gauge in self._all:
            gauge.clear()


async def show_handoffs(
    metrics: HandoffMetrics, sight: HandoffSight, organization: OrganizationService
) -> None:
    """Measure every tenant for `/metrics`."""
    metrics.clear()
    for tenant in organization.list_tenants():
        metrics.show(tenant.key, await sight.measure(tenant.id))


async def follow_handoffs(
    get_sight: Callable[[], HandoffSight], organization: OrganizationService
) -> None:
    """Raise and clear alarms, for ever."""
    while True:
        for tenant in organization.list_tenants():
            try:
                await get_sight().watch(tenant.id)
            except SQLAlchemyError as error:
                log.warning("handoffs_not_watched", kind=type(error).__name__)
        await asyncio.sleep(_PAUSE_SECONDS)

"""One push of one package: which endpoint, how often at once, and what became of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

from core.clock import Clock
from core.errors import BugError, ProviderError, Unavailable, VendorRateLimited
from core.outbox import NotBefore
from core.protocols.sales_system import Acknowledgement, LeadPackage, SalesSystem
from sales.handoffs.endpoints import SharedBudget
from sales.handoffs.rules import (
    FAST_ATTEMPTS,
    FAST_PAUSE,
    EndpointState,
    choose_endpoint,
    describe_failure,
)

LOCAL = "local"
_VENDOR = "sales system"
Sleep = Callable[[float], Awaitable[None]]


class EndpointFailure(NamedTuple):
    """That calls of one endpoint failed in a row."""

    endpoint: str
    attempts: int
    told: str


@dataclass(frozen=True, slots=True)
class Sent:
    """An acknowledgement, where it came from, after how many calls and milliseconds; and what
    failed at other endpoints before."""

    acknowledgement: Acknowledgement
    endpoint: str
    attempts: int
    milliseconds: int
    failures: tuple[EndpointFailure, ...] = ()


class PushFailed(Exception):
    """No acknowledgement. `kind` is a stable word, `told` one line without personal data,
    `cause` the last failure."""

    def __init__(self, cause: ProviderError, endpoint: str, attempts: int, took: int) -> None:
        self.cause, self.endpoint, self.attempts, self.milliseconds = (
            cause,
            endpoint,
            attempts,
            took,
        )
        self.kind = describe_failure(cause)
        self.told = tell_failure(cause)
        self.failures: tuple[EndpointFailure, ...] = (
            EndpointFailure(endpoint, attempts, self.told),
        )
        super().__init__(self.told)

    @property
    def retry_after(self) -> timedelta | None:
        """How long the other side asked us to wait."""
        wait: timedelta | None = getattr(self.cause, "retry_after", None)
        return wait

    def as_transient(self) -> Unavailable:
        """The failure for the outbox: whatever it was, a lead is never given up."""
        return Unavailable(_VENDOR, "push", self.told, self.retry_after)


def tell_failure(error: ProviderError) -> str:
    """A failure in one line: its kind and the status, never the other side's own words, which
    may repeat what was sent."""
    first, _, rest = error.excerpt.partition(" ")
    plain = first if first.isdigit() or (first.isidentifier() and not rest) else ""
    return f"{type(error).__name__} {plain}".strip()


@dataclass(frozen=True, slots=True)
class PackageSender:
    """Pushes packages to the endpoints of a sales system: `systems` by name, the preferred one
    first."""

    systems: Mapping[str, SalesSystem]
    clock: Clock
    budget: SharedBudget
    timeout: timedelta = timedelta(seconds=30)
    sleep: Sleep = asyncio.sleep

    @property
    def names(self) -> tuple[str, ...]:
        """The endpoints, the preferred one first."""
        return tuple(self.systems)

    async def send(
        self,
        tenant_id: str,
        package: LeadPackage,
        endpoints: tuple[EndpointState, ...],
        is_wanted: Callable[[], Awaitable[bool]],
    ) -> Sent:
        """Up to three attempts within the time of one (X-1). `is_wanted` is asked before each
        but the first: a person may have settled the handoff meanwhile.

        Raises:
            NotBefore: every endpoint is left alone for now, or the minute's budget is used up.
            PushFailed: none of the attempts got an acknowledgement.
        """
        open_ones = [one for one in endpoints if not one.is_open(self.clock.now())]
        if not open_ones:
            _, until = choose_endpoint(endpoints, self.clock.now())
            raise NotBefore(until or self.clock.now(), "the sales system is left alone for now")
        probed: list[EndpointFailure] = []
        for number, endpoint in enumerate(open_ones, 1):
            try:
                sent = await self._try(tenant_id, package, endpoint, is_wanted)
            except PushFailed as failed:
                probed += failed.failures
                if endpoint.is_probed and number < len(open_ones):
                    # It still fails: the lead need not wait for that, the next one takes it.
                    continue
                failed.failures = tuple(probed)
                raise
            return replace(sent, failures=tuple(probed))
        raise BugError("there is no endpoint")

    async def _try(
        self,
        tenant_id: str,
        package: LeadPackage,
        endpoint: EndpointState,
        is_wanted: Callable[[], Awaitable[bool]],
    ) -> Sent:
        if endpoint.name != LOCAL:
            await self.budget.take(tenant_id, endpoint.name)
        started = time.perf_counter()
        attempts = 0
        failure: ProviderError = Unavailable(_VENDOR, "push", "NoAnswer")
        most = 1 if endpoint.is_probed else FAST_ATTEMPTS
        try:
            async with asyncio.timeout(self.timeout.total_seconds()):
                while attempts < most:
                    attempts += 1
                    try:
                        found = await self._push(endpoint.name, tenant_id, package)
                        return Sent(found, endpoint.name, attempts, _milliseconds(started))
                    except ProviderError as error:
                        failure = error
                        if not isinstance(error, Unavailable) or error.retry_after:
                            break
                    await self.sleep(FAST_PAUSE.total_seconds() * attempts)
                    if not await is_wanted():
                        break
        except TimeoutError:
            failure = Unavailable(_VENDOR, "push", "Timeout")
        if isinstance(failure, VendorRateLimited) and failure.retry_after:
            until = self.clock.now() + failure.retry_after
            raise NotBefore(until, "the sales system asks for patience")
        raise PushFailed(failure, endpoint.name, attempts, _milliseconds(started))

    async def _push(self, endpoint: str, tenant_id: str, package: LeadPackage) -> Acknowledgement:
        found = await self.systems[endpoint].push(tenant_id, package)
        if found.body_hash and found.body_hash != package.body_hash:
            raise Unavailable(_VENDOR, "push", "HashMismatch")
        if found.lead_id != package.lead_id:
            raise Unavailable(_VENDOR, "push", "OtherLead")
        return found

    def choose_system(self, endpoints: tuple[EndpointState, ...]) -> SalesSystem | None:
        """The one to ask now; None while all are left alone."""
        endpoint, _ = choose_endpoint(endpoints, self.clock.now())
        return None if endpoint is None else self.systems[endpoint.name]


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)

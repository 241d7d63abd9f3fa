"""Each step of an erasure is an entry of the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from core.outbox import EffectContext, EffectOptions, RetryPolicy, effect
from sales.privacy.events import ErasureStepDue
from sales.privacy.service import PrivacyService

_RETRY = RetryPolicy(
    delays=(timedelta(seconds=2), timedelta(seconds=30)),
    ceiling=timedelta(hours=1),
    max_attempts=30,
)


@dataclass(frozen=True, slots=True)
class PrivacyEffects:
    """The effects of `privacy`."""

    get_privacy: Callable[[], PrivacyService]

    @effect(
        ErasureStepDue,
        "privacy.erase",
        EffectOptions(retry=_RETRY, timeout=timedelta(minutes=10)),
    )
    async def erase(self, event: ErasureStepDue, context: EffectContext) -> None:
        """Ask one system. Who does not answer for a day has refused: the rest goes on."""
        await self.get_privacy().perform(
            context.tenant_id,
            event.erasure_id,
            event.step,
            event.round,
            attempt=context.attempt,
            is_last=_RETRY.is_exhausted(context.attempt),
        )

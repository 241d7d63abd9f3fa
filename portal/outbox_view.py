"""What waits to be done outside, and what was given up, of one tenant."""

from __future__ import annotations

from core.clock import Clock
from core.db import Database
from core.outbox import DeadLetter, DeadLetters, EffectDepth, measure_depth


class OutboxView:
    """The outbox as one tenant's staff see it."""

    def __init__(self, database: Database, clock: Clock, letters: DeadLetters) -> None:
        self._database = database
        self._clock = clock
        self._letters = letters

    async def measure(self, tenant_id: str) -> list[EffectDepth]:
        """How much each effect has before it."""
        async with self._database.reading(tenant_id) as uow:
            return await measure_depth(uow, self._clock.now())

    async def list_dead_letters(
        self, tenant_id: str, effect: str | None, before_id: int | None, limit: int
    ) -> list[DeadLetter]:
        """What was given up, the newest first."""
        async with self._database.reading(tenant_id) as uow:
            return await self._letters.list_dead_letters(
                uow, effect=effect, before_id=before_id, limit=limit
            )

    async def replay(self, tenant_id: str, letter_id: int) -> None:
        """Try one again.

        Raises:
            NotFound: it is not this tenant's, or no dead letter any more.
        """
        async with self._database.unit_of_work(tenant_id) as uow:
            await self._letters.replay_dead_letter(uow, letter_id)

    async def replay_all(self, tenant_id: str, effect: str) -> int:
        """Try all of one effect again. How many."""
        async with self._database.unit_of_work(tenant_id) as uow:
            return await self._letters.replay_dead_letters(uow, effect)

    async def drop(self, tenant_id: str, letter_id: int) -> None:
        """Forget one for good.

        Raises:
            NotFound: it is not this tenant's, or no dead letter any more.
        """
        async with self._database.unit_of_work(tenant_id) as uow:
            await self._letters.drop_dead_letter(uow, letter_id)

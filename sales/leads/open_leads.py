"""How many open leads each colleague has, for whoever gives leads out one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from core.clock import Clock
from core.db import UnitOfWork
from sales.leads.repository import LeadRepository

MANY = 1000
_GOOD_FOR = timedelta(seconds=5)


class OpenLeads:
    """Counting reads every open lead, so it costs more the more there are. Where there are more
    than `many`, a count is good for five seconds, and what this process gave out since is added
    to it: nobody is ahead by more than what was closed, moved or given out elsewhere in that
    time. Where there are fewer, each question is a count."""

    def __init__(self, clock: Clock, many: int = MANY) -> None:
        self._clock, self._many = clock, many
        self._counted: dict[str, tuple[datetime, dict[str, int]]] = {}

    async def count(self, uow: UnitOfWork) -> Mapping[str, int]:
        """By colleague; who has none may be left out."""
        now = self._clock.now()
        known = self._counted.get(uow.tenant_id)
        if known is not None and now < known[0] + _GOOD_FOR:
            return known[1]
        counts = await LeadRepository(uow).count_open_by_owner()
        if sum(counts.values()) > self._many:
            self._counted[uow.tenant_id] = (now, counts)
        else:
            self._counted.pop(uow.tenant_id, None)
        return counts

    def note(self, uow: UnitOfWork, owner_id: str) -> None:
        """One more was given to a colleague, as soon as `uow` has been committed."""
        tenant_id = uow.tenant_id

        def add() -> None:
            known = self._counted.get(tenant_id)
            if known is not None:
                known[1][owner_id] = known[1].get(owner_id, 0) + 1

        uow.after_commit(add)

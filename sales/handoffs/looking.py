"""Handoffs and their trail as people and machines read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from core.db import Database
from core.errors import NotFound
from sales.handoffs.repository import HandoffRepository, build_asked_view, describe
from sales.handoffs.row_changes import check_seen
from sales.handoffs.schemas import AuditEntry, HandoffFilter, HandoffPage, HandoffView
from sales.leads.handing import build_asked_owner
from sales.organization.rules import check_may, scope_of
from sales.organization.schemas import Principal

_EXPORT_PAGE = 500


@dataclass(frozen=True, slots=True)
class HandoffReader:
    """Reads the handoffs of all tenants; everybody those of the leads that they see."""

    database: Database

    async def get_handoff(self, principal: Principal, handoff_id: str) -> HandoffView:
        """A handoff.

        Raises:
            NotFound: there is none of that id for this principal.
        """
        check_may(principal, "see_leads")
        tenant_id = principal.tenant_id
        [found] = await self.database.fetch(tenant_id, build_asked_view(handoff_id))
        if not found:
            raise NotFound("There is no such handoff.")
        view = HandoffView(*found[0])
        if not scope_of(principal).everything:
            [owned] = await self.database.fetch(tenant_id, build_asked_owner(view.lead_id))
            check_seen(principal, owned)
        return view

    async def list_handoffs(
        self,
        principal: Principal,
        wanted: HandoffFilter | None = None,
        *,
        limit: int = 50,
        offset: int = 0,
    ) -> HandoffPage:
        """A part of the handoffs that the principal sees, the newest first."""
        check_may(principal, "see_leads")
        async with self.database.reading(principal.tenant_id) as uow:
            rows, total = await HandoffRepository(uow).list_handoffs(
                wanted or HandoffFilter(), scope_of(principal), limit, offset
            )
        return HandoffPage(tuple(describe(row) for row in rows), total, limit, offset)

    async def list_trail(self, principal: Principal, handoff_id: str) -> list[AuditEntry]:
        """Every step of a handoff, on both sides where both are here, in order.

        Raises:
            NotFound: there is no such handoff for this principal.
        """
        handoff = await self.get_handoff(principal, handoff_id)
        async with self.database.reading(principal.tenant_id) as uow:
            return await HandoffRepository(uow).list_audit(transaction_ids=[handoff.transaction_id])

    async def export_trail(
        self, principal: Principal, since: datetime | None, until: datetime | None
    ) -> AsyncIterator[AuditEntry]:
        """The whole trail of the tenant, oldest first. Read in pages, so that it may be long.

        Raises:
            Forbidden: the role may not see it.
        """
        check_may(principal, "see_audit")
        after = ""
        while True:
            async with self.database.reading(principal.tenant_id) as uow:
                part = await HandoffRepository(uow).list_audit(
                    since=since, until=until, after_id=after, limit=_EXPORT_PAGE
                )
            for entry in part:
                yield entry
            if len(part) < _EXPORT_PAGE:
                return
            after = part[-1].id

"""Rows of open questions and golden questions."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from core.db import UnitOfWork
from sales.conversations.gaps import OpenQuestion
from sales.conversations.models import GoldenQuestion, UnansweredQuestion
from sales.conversations.schemas import GoldenEntry
from sales.organization.models import SiteRef


class GapRepository:
    """Of one tenant, as the unit of work says."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._session = uow.session

    async def list_open(self, site_id: str, limit: int) -> list[OpenQuestion]:
        """Questions that nobody settled, the latest first."""
        query = (
            select(
                UnansweredQuestion.id,
                UnansweredQuestion.text,
                UnansweredQuestion.asked_at,
                UnansweredQuestion.conversation_id,
            )
            .where(UnansweredQuestion.site_id == site_id, UnansweredQuestion.settled_at.is_(None))
            .order_by(UnansweredQuestion.asked_at.desc(), UnansweredQuestion.id.desc())
            .limit(limit)
        )
        return [OpenQuestion(*row) for row in await self._session.execute(query)]

    async def settle(self, site_id: str, ids: Sequence[str], now: object) -> int:
        """Take questions off the list. How many were on it."""
        changed = await self._session.execute(
            update(UnansweredQuestion)
            .where(
                UnansweredQuestion.site_id == site_id,
                UnansweredQuestion.id.in_(ids),
                UnansweredQuestion.settled_at.is_(None),
            )
            .values(settled_at=now)
        )
        return int(getattr(changed, "rowcount", 0))

    async def add_golden(self, entry: GoldenEntry, site: SiteRef) -> bool:
        """Keep a golden question; False where the site has one of these words already."""
        if await self.find_golden(site.site_id, entry.ask) is not None:
            return False
        self._session.add(
            GoldenQuestion(
                id=entry.id,
                tenant_id=site.tenant_id,
                site_id=site.site_id,
                ask=entry.ask,
                expect=list(entry.expect),
                refuse=entry.refuse,
                made_by=entry.made_by,
                made_at=entry.made_at,
            )
        )
        return True

    async def find_golden(self, site_id: str, ask: str) -> GoldenQuestion | None:
        """The golden question of these words."""
        query = select(GoldenQuestion).where(
            GoldenQuestion.site_id == site_id, GoldenQuestion.ask == ask
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def get_golden(self, site_id: str, golden_id: str) -> GoldenQuestion | None:
        """The golden question of this id."""
        query = select(GoldenQuestion).where(
            GoldenQuestion.site_id == site_id, GoldenQuestion.id == golden_id
        )
        return (await self._session.execute(query)).scalar_one_or_none()

    async def list_golden(self, site_id: str) -> list[GoldenEntry]:
        """All golden questions of a site, the oldest first."""
        query = (
            select(GoldenQuestion)
            .where(GoldenQuestion.site_id == site_id)
            .order_by(GoldenQuestion.made_at, GoldenQuestion.id)
        )
        rows = (await self._session.execute(query)).scalars()
        return [
            GoldenEntry(row.id, row.ask, tuple(row.expect), row.refuse, row.made_by, row.made_at)
            for row in rows
        ]

    async def remove(self, row: GoldenQuestion) -> None:
        """Forget one."""
        await self._session.delete(row)

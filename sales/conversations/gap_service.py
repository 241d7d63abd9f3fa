"""Gaps in a site's content, and the golden questions that are made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from core.clock import Clock
from core.db import Database
from core.errors import Conflict, Invalid, NotFound
from core.ids import new_id
from core.protocols.knowledge_index import PassageEmbedder
from sales.conversations.gap_repository import GapRepository
from sales.conversations.gaps import Gap, OpenQuestion, Vector, find_gaps
from sales.conversations.schemas import GoldenEntry
from sales.organization.models import SiteRef

_QUESTIONS = 300
_LONGEST = 500
_MOST_EXPECTED = 10
_REMEMBERED = 2_000


class GapService:
    """What visitors asked in vain, and what becomes of it."""

    def __init__(self, database: Database, clock: Clock, embedder: PassageEmbedder | None) -> None:
        self._database, self._clock, self._embedder = database, clock, embedder
        # Vectors of questions seen before: the page is opened more often than questions come.
        self._vectors: dict[str, Vector] = {}

    async def list_gaps(self, site: SiteRef) -> list[Gap]:
        """The latest open questions of a site, put together, what was asked most often first."""
        async with self._database.reading(site.tenant_id) as uow:
            questions = await GapRepository(uow).list_open(site.site_id, _QUESTIONS)
        vectors = await asyncio.to_thread(self._embed, questions)
        return await asyncio.to_thread(find_gaps, questions, vectors)

    def _embed(self, questions: Sequence[OpenQuestion]) -> dict[str, Vector] | None:
        if self._embedder is None:
            return None
        unknown = list(
            dict.fromkeys(one.text for one in questions if one.text not in self._vectors)
        )
        if len(self._vectors) + len(unknown) > _REMEMBERED:
            self._vectors.clear()
            unknown = list(dict.fromkeys(one.text for one in questions))
        if unknown:
            made = self._embedder.embed_batch(unknown)
            self._vectors.update(zip(unknown, made, strict=True))
        return self._vectors

    async def settle(self, site: SiteRef, question_ids: Sequence[str]) -> int:
        """Take questions off the list: answered elsewhere, or none of ours. How many."""
        async with self._database.unit_of_work(site.tenant_id) as uow:
            repository = GapRepository(uow)
            return await repository.settle(site.site_id, question_ids, self._clock.now())

    async def make_golden(
        self, site: SiteRef, ask: str, expect: Sequence[str], made_by: str
    ) -> GoldenEntry:
        """Keep a question to judge answers by. Nothing expected: to be refused, until the website
        says it and somebody writes what the answer must hold.

        Raises:
            Invalid: empty or too long.
            Conflict: the site has it already.
        """
        entry = self._build(ask, expect, made_by)
        async with self._database.unit_of_work(site.tenant_id) as uow:
            if not await GapRepository(uow).add_golden(entry, site):
                raise Conflict("This is a golden question already.", {"ask": entry.ask})
        return entry

    def _build(self, ask: str, expect: Sequence[str], made_by: str) -> GoldenEntry:
        ask = " ".join(ask.split())
        wanted = tuple(one for text in expect if (one := " ".join(text.split())))
        if not ask or len(ask) > _LONGEST:
            raise Invalid(f"A question has 1 to {_LONGEST} characters.", {"field": "ask"})
        if len(wanted) > _MOST_EXPECTED or any(len(one) > _LONGEST for one in wanted):
            message = f"Expect at most {_MOST_EXPECTED} texts of at most {_LONGEST} characters."
            raise Invalid(message, {"field": "expect"})
        return GoldenEntry(new_id(), ask, wanted, not wanted, made_by, self._clock.now())

    async def change_golden(
        self, site: SiteRef, golden_id: str, expect: Sequence[str]
    ) -> GoldenEntry:
        """What its answer must hold from now on; nothing: to be refused.

        Raises:
            NotFound: it is not this site's.
            Invalid: too much, or too long.
        """
        async with self._database.unit_of_work(site.tenant_id) as uow:
            row = await GapRepository(uow).get_golden(site.site_id, golden_id)
            if row is None:
                raise NotFound("This golden question no longer exists.")
            entry = self._build(row.ask, expect, row.made_by)
            row.expect, row.refuse = list(entry.expect), entry.refuse
            return replace(entry, id=row.id, made_at=row.made_at)

    async def remove_golden(self, site: SiteRef, golden_id: str) -> None:
        """Forget a golden question. Removing twice is no error."""
        async with self._database.unit_of_work(site.tenant_id) as uow:
            repository = GapRepository(uow)
            row = await repository.get_golden(site.site_id, golden_id)
            if row is not None:
                await repository.remove(row)

    async def list_golden(self, site: SiteRef) -> list[GoldenEntry]:
        """The golden questions made in the portal, the oldest first."""
        async with self._database.reading(site.tenant_id) as uow:
            return await GapRepository(uow).list_golden(site.site_id)

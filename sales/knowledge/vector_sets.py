"""Which vector set serves a site, which one is built beside it, and which are to be deleted.

A vector set is a site's vectors of one embedding model in one knowledge index. When another model
or another index is configured, a second set is built while the first one serves; the change
between them is one commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from core.db import UnitOfWork
from core.protocols.knowledge_index import KnowledgeIndex, PassageEmbedder
from sales.knowledge.models import KnowledgeVectorSet
from sales.knowledge.repository import KnowledgeRepository

LOCAL = "local"
SERVING, BUILDING, RETIRED = "serving", "building", "retired"


def name_set(place: str, embedding: str) -> str:
    """How passages are marked. In our own tables the model's name alone, as ever."""
    return embedding if place == LOCAL else f"{place}/{embedding}"


@dataclass(frozen=True, slots=True)
class VectorSource:
    """An embedding model and the index its vectors lie in. `embedder` is None where the model
    cannot be opened (any more): its vectors can then be deleted, but not searched.

    `place` and `model` are how `app.yaml` names index and model, so that both can be opened
    again. A `remote` one is waited for only a short time.
    """

    place: str
    model: str
    embedding: str
    index: KnowledgeIndex
    embedder: PassageEmbedder | None

    @property
    def name(self) -> str:
        """The set's name, as passages are marked with."""
        return name_set(self.place, self.embedding)

    @property
    def remote(self) -> bool:
        """Whether anything but this machine is asked."""
        return self.model != LOCAL or self.place != LOCAL


@dataclass(frozen=True, slots=True)
class VectorSet:
    """A row of `knowledge_vector_sets`."""

    name: str
    place: str
    model: str
    embedding: str
    dimensions: int
    state: str
    wanted_at: datetime
    changed_at: datetime
    calibration: Mapping[str, Any] | None


OpenSource = Callable[[VectorSet], Awaitable[VectorSource | None]]
"""Opens what an earlier configuration used; None where it is not to be had any more."""


async def open_nothing(_found: VectorSet) -> VectorSource | None:
    """For installations that never had another configuration."""
    return None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for a site. `superseded`: a later process was configured otherwise."""

    serving: VectorSet | None
    building: VectorSet | None
    retired: tuple[VectorSet, ...]
    superseded: bool = False


async def list_serving(uow: UnitOfWork) -> list[tuple[str, str]]:
    """Place and model of the set that serves each website that the unit of work sees."""
    query = select(KnowledgeVectorSet.place, KnowledgeVectorSet.model).where(
        KnowledgeVectorSet.state == "serving"
    )
    return [(place, model) for place, model in await uow.session.execute(query)]


class VectorSetRepository:
    """One site's vector sets, in the caller's unit of work."""

    def __init__(self, uow: UnitOfWork, site_id: str) -> None:
        self._uow, self._site_id = uow, site_id

    async def list_sets(self, *, lock: bool = False) -> list[VectorSet]:
        """All of them, by name."""
        query = select(KnowledgeVectorSet).where(KnowledgeVectorSet.site_id == self._site_id)
        query = query.order_by(KnowledgeVectorSet.name)
        if lock:
            query = query.with_for_update()
        return [_describe(row) for row in (await self._uow.session.execute(query)).scalars()]

    async def plan(self, source: VectorSource, wanted_at: datetime, now: datetime) -> Plan:
        """Write down what `source`, being configured, asks for; returns how things stand then.

        A site without any vector yet is served by it at once. Where another set serves, it is
        built beside. What was being built for somebody else's sake is retired.
        """
        sets = {one.name: one for one in await self.list_sets(lock=True)}
        live = [one for one in sets.values() if one.state != RETIRED]
        mine = sets.get(source.name)
        if is_superseded(live, source.name, wanted_at):
            return _sort(sets.values(), superseded=True)
        serving = next((one for one in live if one.state == SERVING), None)
        if serving is None:
            serving = await self._adopt(source, wanted_at, now)
        others = [one for one in live if one.state == BUILDING and one.name != source.name]
        for one in others:
            await self.change(one.name, state=RETIRED, changed_at=now)
        begins = serving.name != source.name and (mine is None or mine.state == RETIRED)
        if others or begins:
            await KnowledgeRepository(self._uow, self._site_id).forget_next_embedding()
        if begins:
            await self._add(source, BUILDING, wanted_at, now)
        elif mine is not None and mine.wanted_at < wanted_at:
            await self.change(source.name, wanted_at=wanted_at)
        return _sort(await self.list_sets())

    async def change(self, name: str, **values: Any) -> None:
        """Change columns of one set."""
        query = select(KnowledgeVectorSet).where(
            KnowledgeVectorSet.site_id == self._site_id, KnowledgeVectorSet.name == name
        )
        row = (await self._uow.session.execute(query)).scalar_one()
        for key, value in values.items():
            setattr(row, key, value)
        await self._uow.flush()

    async def forget(self, name: str) -> None:
        """A retired set is gone."""
        await self._uow.session.execute(
            delete(KnowledgeVectorSet).where(
                KnowledgeVectorSet.site_id == self._site_id,
                KnowledgeVectorSet.name == name,
                KnowledgeVectorSet.state == RETIRED,
            )
        )

    async def switch(self, name: str, now: datetime) -> bool:
        """The set that was built serves from now on, and the one before is retired: one commit.
        False when a passage still lacks its vector, or things have changed meanwhile."""
        sets = {one.name: one for one in await self.list_sets(lock=True)}
        built = sets.get(name)
        if built is None or built.state != BUILDING:
            return False
        knowledge = KnowledgeRepository(self._uow, self._site_id)
        if await knowledge.list_unembedded(name, 1, building=True):
            return False
        await knowledge.take_next_embedding()
        for one in sets.values():
            if one.state == SERVING:
                await self.change(one.name, state=RETIRED, changed_at=now)
        await self.change(name, state=SERVING, changed_at=now)
        await knowledge.bump_revision()
        return True

    async def _adopt(self, source: VectorSource, wanted_at: datetime, now: datetime) -> VectorSet:
        """The first row of a site: what its passages are marked with serves, if anything."""
        marks = await KnowledgeRepository(self._uow, self._site_id).list_embeddings()
        old = next((mark for mark in marks if mark != source.name), None)
        if old is None or source.name in marks:
            await self._add(source, SERVING, wanted_at, now)
            name = source.name
        else:
            # Before there were vector sets, all vectors lay in our own tables.
            before = VectorSource(LOCAL, LOCAL, old, source.index, None)
            await self._add(before, SERVING, wanted_at, now)
            name = old
        return next(one for one in await self.list_sets() if one.name == name)

    async def _add(
        self, source: VectorSource, state: str, wanted_at: datetime, now: datetime
    ) -> None:
        engine = sqlite if self._uow.dialect == "sqlite" else postgresql
        values = {
            "tenant_id": self._uow.tenant_id,
            "site_id": self._site_id,
            "name": source.name,
            "place": source.place,
            "model": source.model,
            "embedding": source.embedding,
            "dimensions": source.embedder.dimensions if source.embedder else 0,
            "state": state,
            "wanted_at": wanted_at,
            "changed_at": now,
            "calibration": None,
        }
        # A retired one of the same name begins anew.
        made = engine.insert(KnowledgeVectorSet)
        changed = {key: values[key] for key in ("state", "wanted_at", "changed_at", "calibration")}
        statement = made.on_conflict_do_update(index_elements=["site_id", "name"], set_=changed)
        await self._uow.session.execute(statement, values)
        self._uow.session.expire_all()


def is_superseded(sets: Iterable[VectorSet], name: str, wanted_at: datetime) -> bool:
    """Whether a process that started after `wanted_at` was configured for another set."""
    return any(
        one.name != name and one.state != RETIRED and one.wanted_at > wanted_at for one in sets
    )


def _sort(sets: Any, *, superseded: bool = False) -> Plan:
    found = list(sets)
    return Plan(
        next((one for one in found if one.state == SERVING), None),
        next((one for one in found if one.state == BUILDING), None),
        tuple(one for one in found if one.state == RETIRED),
        superseded,
    )


def _describe(row: KnowledgeVectorSet) -> VectorSet:
    return VectorSet(
        row.name,
        row.place,
        row.model,
        row.embedding,
        row.dimensions,
        row.state,
        row.wanted_at,
        row.changed_at,
        row.calibration,
    )

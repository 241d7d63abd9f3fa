"""Rows of the ledger of model calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, case, func, select, update

from core.db import UnitOfWork
from core.ids import new_id
from sales.usage.models import ModelCall
from sales.usage.schemas import (
    CallRequest,
    CallUsage,
    CostlyConversation,
    RefusedTurn,
    Spent,
    UsageDay,
)
from sales.usage.settings import Cap

_COUNTS = ModelCall.state != "refused"


class UsageRepository:
    """Of one tenant, as the unit of work says."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow, self._session = uow, uow.session

    async def lock(self) -> None:
        """One reservation of a tenant at a time, until the commit. SQLite has one writer anyway."""
        if self._uow.dialect != "postgresql":
            return
        name = func.hashtextextended(f"model budget {self._uow.tenant_id}", 0)
        await self._session.execute(select(func.pg_advisory_xact_lock(name)))

    async def measure(self, request: CallRequest, day: date) -> Mapping[Cap, Spent]:
        """What was spent or is reserved within each cap, in one query for each index."""
        of_turn = ModelCall.turn_id == request.turn_id
        conversation = (
            await self._session.execute(
                select(
                    func.coalesce(func.sum(ModelCall.tokens), 0),
                    func.coalesce(func.sum(ModelCall.cost_micros), 0),
                    func.coalesce(func.sum(case((of_turn, ModelCall.tokens), else_=0)), 0),
                    func.coalesce(func.sum(case((of_turn, ModelCall.cost_micros), else_=0)), 0),
                ).where(ModelCall.conversation_id == request.conversation_id, _COUNTS)
            )
        ).one()
        of_site = ModelCall.site_id == request.site_id
        days = (
            await self._session.execute(
                select(
                    func.coalesce(func.sum(ModelCall.tokens), 0),
                    func.coalesce(func.sum(ModelCall.cost_micros), 0),
                    func.coalesce(func.sum(case((of_site, ModelCall.tokens), else_=0)), 0),
                    func.coalesce(func.sum(case((of_site, ModelCall.cost_micros), else_=0)), 0),
                ).where(ModelCall.day == day, _COUNTS)
            )
        ).one()
        numbers = [int(value) for value in (*conversation, *days)]
        return {
            "conversation": Spent(*numbers[0:2]),
            "turn": Spent(*numbers[2:4]),
            "day": Spent(*numbers[4:6]),
            "site_day": Spent(*numbers[6:8]),
        }

    def add(self, request: CallRequest, state: str, cap: str, now: datetime) -> str:
        """Write a call down; its id."""
        call_id = new_id()
        refused = state == "refused"
        self._session.add(
            ModelCall(
                id=call_id,
                tenant_id=request.tenant_id,
                site_id=request.site_id,
                conversation_id=request.conversation_id,
                turn_id=request.turn_id,
                model=request.model,
                state=state,
                cap=cap,
                day=now.date(),
                tokens=0 if refused else request.tokens,
                cost_micros=0 if refused else request.cost_micros,
                prompt_tokens=0,
                cached_tokens=0,
                completion_tokens=0,
                made_at=now,
                settled_at=now if refused else None,
            )
        )
        return call_id

    async def settle(self, call_id: str, usage: CallUsage, now: datetime) -> None:
        """Put what it cost in the place of what was reserved. The first time counts."""
        await self._session.execute(
            update(ModelCall)
            .where(ModelCall.id == call_id, ModelCall.state == "reserved")
            .values(
                state="settled",
                tokens=usage.tokens,
                cost_micros=usage.cost_micros,
                prompt_tokens=usage.prompt_tokens,
                cached_tokens=usage.cached_tokens,
                completion_tokens=usage.completion_tokens,
                settled_at=now,
            )
        )

    async def list_days(self, since: date, until: date) -> list[UsageDay]:
        """Use by day, site and model in [since, until], the latest first."""
        refused = ModelCall.state == "refused"
        turns = func.count(func.distinct(case((~refused, ModelCall.turn_id))))
        talks = func.count(func.distinct(case((~refused, ModelCall.conversation_id))))
        columns: tuple[ColumnElement[Any], ...] = (
            func.sum(case((~refused, 1), else_=0)),
            turns,
            talks,
            func.sum(ModelCall.prompt_tokens),
            func.sum(ModelCall.cached_tokens),
            func.sum(ModelCall.completion_tokens),
            func.sum(ModelCall.cost_micros),
            func.sum(case((refused, 1), else_=0)),
        )
        query = (
            select(ModelCall.day, ModelCall.site_id, ModelCall.model, *columns)
            .where(ModelCall.day >= since, ModelCall.day <= until)
            .group_by(ModelCall.day, ModelCall.site_id, ModelCall.model)
            .order_by(ModelCall.day.desc(), ModelCall.site_id, ModelCall.model)
        )
        return [
            UsageDay(day, site_id, model, *(int(number or 0) for number in numbers))
            for day, site_id, model, *numbers in await self._session.execute(query)
        ]

    async def list_refused(self, since: date, limit: int) -> list[RefusedTurn]:
        """The latest turns that met a cap."""
        query = (
            select(ModelCall.site_id, ModelCall.conversation_id, ModelCall.cap, ModelCall.made_at)
            .where(ModelCall.day >= since, ModelCall.state == "refused")
            .order_by(ModelCall.made_at.desc())
            .limit(limit)
        )
        return [RefusedTurn(*row) for row in await self._session.execute(query)]

    async def list_costly(self, since: date, limit: int) -> list[CostlyConversation]:
        """The conversations that cost most."""
        cost = func.sum(ModelCall.cost_micros)
        tokens = func.sum(ModelCall.tokens)
        query = (
            select(ModelCall.conversation_id, func.count(ModelCall.id), tokens, cost)
            .where(ModelCall.day >= since, _COUNTS)
            .group_by(ModelCall.conversation_id)
            .order_by(cost.desc(), tokens.desc())
            .limit(limit)
        )
        return [
            CostlyConversation(name, int(calls), int(spent), int(money))
            for name, calls, spent, money in await self._session.execute(query)
        ]

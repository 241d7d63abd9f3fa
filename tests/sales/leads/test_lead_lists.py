"""Every list of leads reads by an index, also where there are many."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Select, insert, select, text

from core.db import Database
from core.ids import new_id
from sales.leads.models import Lead
from sales.leads.repository import _ORDERS, LeadRepository, _conditions
from sales.leads.schemas import LeadFilter
from tests.sales.leads.desk import Desk

LEADS = 10_000
FILTERS = {
    "all": LeadFilter(),
    "status": LeadFilter(status="qualified"),
    "owner": LeadFilter(assigned_to="somebody"),
    "tier": LeadFilter(tier="hot"),
    "score": LeadFilter(min_score=80),
    "words": LeadFilter(q="acme"),
}


async def fill(desk: Desk) -> str:
    tenant_id = desk.principal().tenant_id
    now = desk.clock.now()
    rows: list[dict[str, Any]] = []
    for number in range(LEADS):
        at = now + timedelta(minutes=number)
        rows.append(
            {
                "tenant_id": tenant_id,
                "id": new_id(),
                "status": ("new", "contacted", "qualified", "lost")[number % 4],
                "lead_source": "test",
                "first_name": "Priya",
                "last_name": f"N{number}",
                "email": f"p{number}@acme.example",
                "email_key": f"p{number}@acme.example",
                "custom_fields": {},
                "details": {},
                "held_fields": [],
                "qualification_score": number % 101,
                "completeness": 0,
                "engagement": 0,
                "readiness": 0,
                "source_quality": 0,
                "tier": ("hot", "warm", "cool", "cold")[number % 4],
                "priority": "low",
                "priority_rank": number % 4,
                "urgency": "low",
                "reasons": [],
                "next_gains": [],
                "briefing": {},
                "sla_due_at": at,
                "created_at": at,
                "updated_at": at,
            }
        )
    for start in range(0, LEADS, 500):
        async with desk.database.unit_of_work(tenant_id) as uow:
            await uow.session.execute(insert(Lead), rows[start : start + 500])
    async with desk.database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("ANALYZE"))
    return tenant_id


async def explain(database: Database, query: Select[Any], tenant_id: str) -> str:
    scoped = query.where(Lead.tenant_id == tenant_id)
    words = scoped.compile(database.engine.sync_engine, compile_kwargs={"literal_binds": True})
    command = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
    async with database.engine.connect() as connection:
        found = await connection.exec_driver_sql(f"{command} {words}")
        return "\n".join(" ".join(map(str, row)) for row in found)


@pytest.mark.parametrize("order", list(_ORDERS))
async def test_a_page_of_leads_is_read_by_an_index(database: Database, order: str) -> None:
    desk = await Desk.open(database)
    tenant_id = await fill(desk)
    for name, wanted in FILTERS.items():
        columns = [column.asc() for column in _ORDERS[order]]
        query = select(Lead.id).where(Lead.merged_into.is_(None), *_conditions(wanted))
        plan = await explain(database, query.order_by(*columns).limit(50), tenant_id)
        if name == "words" and database.dialect == "postgresql":
            # A part of a word is in no index: every lead is looked at, and PostgreSQL weighs by
            # how many it expects to find whether to do that in the order of the list.
            continue
        assert "ix_sales_leads" in plan, (name, plan)
        assert "SCAN sales_leads" not in plan and "Seq Scan" not in plan, (name, plan)
    started = time.perf_counter()
    page = await desk.leads.list_leads(desk.principal(), LeadFilter(q="acme"), limit=50)
    assert page.total == LEADS
    assert time.perf_counter() - started < 2
    async with database.reading(tenant_id) as uow:
        found = await LeadRepository(uow).list_by_keys("p77@acme.example", None)
    assert [lead.last_name for lead in found] == ["N77"]

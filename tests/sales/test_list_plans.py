"""Every list of the portal is read by an index on both databases: as each role sees it, with its
total count.

The statements are those that the services really send. Small tables are scanned by any planner, so
PostgreSQL is asked with sequential scans switched off: one that stays means that no index serves.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, get_args

from sqlalchemy import event

from core.db import Base, Database
from sales.appointments.repository import AppointmentRepository
from sales.appointments.schemas import AppointmentFilter
from sales.conversations.repository import ConversationRepository
from sales.conversations.schemas import ConversationView
from sales.conversations.staff_service import StaffConversationService
from sales.followups.repository import FollowupRepository
from sales.followups.schemas import MailFilter
from sales.leads.analytics import Group
from sales.leads.conversation_scope import list_leads_of, restrict_to
from sales.leads.schemas import LeadFilter, Sort
from sales.organization.rules import scope_of
from tests.sales.leads.desk import Desk

Sent = list[tuple[str, Any]]
_WHOLE = re.compile(r"Seq Scan on (\w+)|SCAN (\w+)(?! USING| VIRTUAL)\b(?!.* USING)")
# All but those that have a few rows each, whatever grows.
_GROWING = {*Base.metadata.tables} - {"staff", "teams", "sites", "tenants"}


@contextmanager
def listening(database: Database) -> Iterator[Sent]:
    """The statements that go to the database, as the driver gets them."""
    sent: Sent = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def find_whole_reads(database: Database, sent: Sent) -> list[str]:
    """The plans that read a table from its first to its last row."""
    faults = []
    sqlite = database.dialect == "sqlite"
    async with database.engine.connect() as connection:
        if not sqlite:
            await connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, parameters in sent:
            command = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
            rows = await connection.exec_driver_sql(command + statement, parameters)
            plan = "\n".join(" ".join(map(str, row)) for row in rows)
            whole = {match[1] or match[2] for match in _WHOLE.finditer(plan)}
            if whole & _GROWING:
                faults.append(f"{statement}\n{plan}")
    return faults


def build_lists(desk: Desk) -> dict[str, Callable[[], Awaitable[object]]]:
    """Every list of the portal, by its name."""
    staff = StaffConversationService(desk.database, desk.clock)
    people = {
        "admin": desk.principal(),
        "manager": desk.principal("manager", team_id="south"),
        "rep": desk.principal("rep", team_id="south"),
    }
    tenant_id = people["admin"].tenant_id
    end = desk.clock.now()
    start = end - timedelta(days=30)
    lists: dict[str, Callable[[], Awaitable[object]]] = {}
    wishes = {
        "all": LeadFilter(),
        "narrow": LeadFilter(status="new", tier="hot", unassigned=True, q="acme"),
    }
    for role, who in people.items():
        for name, wish in wishes.items():
            for sort in get_args(Sort):
                lists[f"leads of {role}, {name}, {sort}"] = partial(
                    desk.leads.list_leads, who, wish, sort=sort
                )
        restriction = restrict_to(scope_of(who))
        for view in (None, *get_args(ConversationView)):
            lists[f"conversations of {role}, {view}"] = partial(
                staff.list_conversations, tenant_id, view=view, restriction=restriction
            )
    lists["leads of conversations"] = partial(list_leads_of, desk.database, tenant_id, ["a", "b"])
    analytics = desk.leads.analytics
    for group in get_args(Group):
        lists[f"conversions by {group}"] = partial(
            analytics.list_conversions, tenant_id, group, start, end
        )
    lists["figures"] = partial(analytics.measure, tenant_id, start, end)

    async def read(repository: Any, method: str, *arguments: Any, **more: Any) -> object:
        async with desk.database.reading(tenant_id) as uow:
            return await getattr(repository(uow), method)(*arguments, **more)

    for name, meetings in {
        "all": AppointmentFilter(),
        "coming": AppointmentFilter(since=start, status="booked"),
        "of a team": AppointmentFilter(only_reps=frozenset({"rita@larkmere.example"})),
    }.items():
        for method in ("list_matching", "count_matching"):
            lists[f"appointments, {name}: {method}"] = partial(
                read, AppointmentRepository, method, meetings
            )
    for name, mails in {
        "all": MailFilter(),
        "by kind": MailFilter(kind="summary_sales", state="sent"),
        "of a lead": MailFilter(lead_id="x"),
        "of a conversation": MailFilter(conversation_id="x"),
    }.items():
        lists[f"mails, {name}"] = partial(read, FollowupRepository, "list_mails", mails)
    lists["deliveries"] = partial(read, FollowupRepository, "count_deliveries", start, end)
    lists["unanswered questions"] = partial(
        read, ConversationRepository, "list_unanswered", only_passed_on=False, limit=50
    )
    return lists


async def test_every_list_of_the_portal_is_read_by_an_index(database: Database) -> None:
    desk = await Desk.open(database)
    lists = build_lists(desk)
    faults: dict[str, list[str]] = {}
    for name, read in lists.items():
        with listening(database) as sent:
            await read()
        assert sent, name
        found = await find_whole_reads(database, sent)
        if found:
            faults[name] = found
    assert not faults, "\n\n".join(f"{name}:\n{plans[0]}" for name, plans in faults.items())


def test_a_whole_read_is_recognised() -> None:
    for plan in ("1 0 0 SCAN sales_leads", "Seq Scan on mails  (cost=0.00..1.05 rows=1)"):
        assert _WHOLE.search(plan), plan
    for plan in ("SCAN sales_leads USING INDEX ix_a", "SEARCH mails USING COVERING INDEX ix_b"):
        assert not _WHOLE.search(plan), plan

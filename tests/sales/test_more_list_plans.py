"""The same as `test_list_plans` for what stands around leads: CRMs, handoffs and their trail,
feedback and revenue, costs, content gaps, vendors, the outbox with its notices, privacy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, get_args

import pytest

from core.db import Database
from core.outbox import DeadLetters, EffectRegistry, EmbeddedRunner
from portal.outbox_view import OutboxView
from sales.connections.repository import ConnectionRepository
from sales.conversations.gap_repository import GapRepository
from sales.conversations.repository import ConversationRepository
from sales.crm_sync.repository import CrmSyncRepository
from sales.feedback.analytics import Group, OutcomeAnalytics
from sales.feedback.repository import FeedbackRepository
from sales.handoffs.looking import HandoffReader
from sales.handoffs.received_repository import ReceivedRepository
from sales.handoffs.repository import HandoffRepository
from sales.handoffs.schemas import HandoffFilter
from sales.handoffs.sight_repository import SightRepository
from sales.privacy.holding import HoldKeeper
from sales.usage.repository import UsageRepository
from tests.sales.leads.desk import Desk
from tests.sales.test_list_plans import find_whole_reads, listening

Lists = dict[str, Callable[[], Awaitable[object]]]
Read = Callable[..., Callable[[], Awaitable[object]]]


def build_reader(desk: Desk, tenant_id: str) -> Read:
    """Calls of a repository's methods, each in a unit of work of its own."""

    async def read(repository: Any, method: str, arguments: Any, more: Any) -> object:
        async with desk.database.reading(tenant_id) as uow:
            return await getattr(repository(uow), method)(*arguments, **more)

    def later(repository: Any, method: str, *arguments: Any, **more: Any) -> Any:
        return partial(read, repository, method, arguments, more)

    return later


def list_crm(desk: Desk, read: Read) -> Lists:
    crm = CrmSyncRepository
    return {
        "what failed": read(crm, "list_failed", None, 500),
        "what failed in one CRM": read(crm, "list_failed", "hubspot", 500),
        "leads in a state": read(crm, "list_lead_ids", "failed", 500),
        "states counted": read(crm, "count_states"),
        "errors counted": read(crm, "count_errors"),
        "places": read(crm, "list_places"),
        "of a lead": read(crm, "list_of_lead", "x"),
        "of leads": read(crm, "list_states", ["x", "y"]),
        "wanted at": read(crm, "list_wanted_at", "hubspot", ["x"]),
        "people that wait": read(crm, "list_waiting", "hubspot", people=True, limit=50),
        "the rest that waits": read(crm, "list_waiting", "hubspot", people=False, limit=50),
        "by record": read(crm, "find_by_record", "hubspot", "17"),
    }


def list_handoffs(desk: Desk, read: Read) -> Lists:
    reader, now = HandoffReader(desk.database), desk.clock.now()
    lists: Lists = {}
    wishes = {
        "all": HandoffFilter(),
        "in a state": HandoffFilter(state="accepted"),
        "to review": HandoffFilter(review=True),
        "of a lead": HandoffFilter(lead_id="x"),
        "urgent ones": HandoffFilter(priority="critical", created_from=now),
    }
    for role in ("admin", "manager", "rep"):
        who = desk.principal(role, team_id="south")
        for name, wish in wishes.items():
            lists[f"{name}, for a {role}"] = partial(reader.list_handoffs, who, wish)
    trail = partial(read, HandoffRepository, "list_audit")
    return lists | {
        "the trail": trail(),
        "the trail of a handoff": trail(transaction_ids=["x"]),
        "the trail of a time": trail(since=now - timedelta(days=1), until=now, after_id="x"),
        "counted by state": read(HandoffRepository, "count_by_state"),
        "the latest of each lead": read(HandoffRepository, "list_latest"),
        "of a lead, whole": read(HandoffRepository, "list_of_lead", "x"),
        "endpoints": read(HandoffRepository, "list_endpoints", ["primary"]),
        "health": read(SightRepository, "look", ["primary"]),
        "last sent": read(SightRepository, "find_last_sent"),
        "alarms": read(SightRepository, "list_alarms"),
        "received": read(ReceivedRepository, "list_changed", 0, 100),
        "received, by our lead": read(ReceivedRepository, "find_by_own", "x"),
    }


def list_feedback(desk: Desk, read: Read) -> Lists:
    outcomes, end = OutcomeAnalytics(desk.database, timedelta(days=7)), desk.clock.now()
    tenant_id, start = desk.principal().tenant_id, end - timedelta(days=30)
    lists: Lists = {
        f"revenue by {group}": partial(outcomes.attribute, tenant_id, "linear", group, start, end)
        for group in get_args(Group)
    }
    return lists | {
        "quality": partial(outcomes.measure_quality, tenant_id, start, end),
        "facts": read(FeedbackRepository, "list_facts", ["x"]),
        "revenues": read(FeedbackRepository, "list_revenues", start, end),
    }


def list_costs_and_gaps(desk: Desk, read: Read) -> Lists:
    today, site = desk.clock.now().date(), desk.organization.get_site("demo").ref.site_id
    since = desk.clock.now() - timedelta(days=30)
    return {
        "days": read(UsageRepository, "list_days", today, today),
        "refused": read(UsageRepository, "list_refused", today, 50),
        "costly": read(UsageRepository, "list_costly", today, 20),
        "gaps": read(GapRepository, "list_open", site, 300),
        "golden": read(GapRepository, "list_golden", site),
        **{
            f"sources by {group}": read(
                ConversationRepository, "list_lead_sources", group, since, desk.clock.now(), 100
            )
            for group in ("page", "referrer_domain", "utm_campaign")
        },
    }


def list_rest(desk: Desk, read: Read) -> Lists:
    who = desk.principal()
    runner = EmbeddedRunner(desk.database, EffectRegistry(), desk.clock)
    outbox = OutboxView(desk.database, desk.clock, DeadLetters(desk.clock, runner))
    letters = partial(outbox.list_dead_letters, who.tenant_id)
    return {
        "connections": read(ConnectionRepository, "list_all"),
        "what was done to them": read(ConnectionRepository, "list_changes", 50),
        "depth of the outbox": partial(outbox.measure, who.tenant_id),
        "dead letters": partial(letters, None, None, 25),
        "notices that were given up": partial(letters, "notices.send", 1000, 25),
        "holds": partial(HoldKeeper(desk.database, desk.clock).list_holds, who),
    }


@pytest.mark.parametrize(
    "build", [list_crm, list_handoffs, list_feedback, list_costs_and_gaps, list_rest]
)
async def test_every_list_is_read_by_an_index(
    database: Database, build: Callable[[Desk, Read], Lists]
) -> None:
    desk = await Desk.open(database)
    lists = build(desk, build_reader(desk, desk.principal().tenant_id))
    faults: dict[str, list[str]] = {}
    for name, ask in lists.items():
        with listening(database) as sent:
            await ask()
        assert sent, name
        found = await find_whole_reads(database, sent)
        if found:
            faults[name] = found
    assert not faults, "\n\n".join(f"{name}:\n{plans[0]}" for name, plans in faults.items())

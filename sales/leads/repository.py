"""Reads and writes leads of one tenant, in the caller's unit of work."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, func, insert, or_, select, update

from core.db import UnitOfWork, UtcDateTime, keep
from core.ids import new_id
from sales.conversations.history import Origin
from sales.leads.models import (
    ConversationScore,
    Lead,
    LeadConversation,
    LeadEvent,
    LeadMerge,
    LeadTouch,
    ProductInteraction,
)
from sales.leads.rules import PRIORITY_RANKS
from sales.leads.schemas import OPEN_STATUSES, LeadFilter
from sales.organization.schemas import Scope

_ORDERS: dict[str, tuple[Any, ...]] = {
    "priority": (Lead.priority_rank, Lead.sla_due_at, Lead.id),
    "created_at": (Lead.created_at, Lead.id),
    "updated_at": (Lead.updated_at, Lead.id),
    "score": (Lead.qualification_score, Lead.id),
}
_WORDS = (
    Lead.first_name
    + " "
    + Lead.last_name
    + " "
    + func.coalesce(Lead.company, "")
    + " "
    + func.coalesce(Lead.email_key, "")
    + " "
    + func.coalesce(Lead.phone_key, "")
)
_OF_CONVERSATIONS = keep(
    select(LeadConversation.conversation_id, LeadConversation.lead_id).where(
        LeadConversation.conversation_id.in_(bindparam("ids", expanding=True))
    )
)
_OF_CONVERSATION = keep(
    select(LeadConversation.lead_id).where(
        LeadConversation.conversation_id == bindparam("conversation_id")
    )
)
_ADD_EVENTS = keep(insert(LeadEvent))
_ADD_LEAD = keep(insert(Lead))
# One for each: SQLite answers "this or that" from no index where there is a tenant besides.
_ANYBODY = tuple(
    keep(select(Lead.id).where(column == bindparam("key", type_=String())).limit(1))
    for column in (Lead.id, Lead.email_key, Lead.phone_key)
)
_OPEN_BY_OWNER = keep(
    select(Lead.assigned_to, func.count())
    .where(
        Lead.assigned_to.is_not(None),
        or_(*(Lead.status == status for status in OPEN_STATUSES)),
        Lead.merged_into.is_(None),
    )
    .group_by(Lead.assigned_to)
)
_EMPTY: dict[str, Any] = {
    "status": "new",
    "lead_source": "",
    "first_name": "",
    "last_name": "",
    "custom_fields": {},
    "details": {},
    "held_fields": [],
    "qualification_score": 0,
    "completeness": 0,
    "engagement": 0,
    "readiness": 0,
    "source_quality": 0,
    "tier": "cold",
    "priority": "low",
    "priority_rank": PRIORITY_RANKS["low"],
    "urgency": "standard",
    "reasons": [],
    "next_gains": [],
    "briefing": {},
    "return_points": 0,
}
_MERGE = keep(select(Lead.id, Lead.merged_into).where(Lead.id == bindparam("lead_id")))
_SHOW_HANDOFF = keep(
    update(Lead)
    .where(Lead.id == bindparam("lead_id"))
    .values(handoff_state=bindparam("state"), updated_at=bindparam("at", type_=UtcDateTime()))
)


class LeadRepository:
    """Leads, what belongs to them, and their history."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def lock_keys(self, keys: Collection[str]) -> None:
        """Nobody else makes or changes a lead of these keys until the transaction ends. SQLite
        has one writer anyway."""
        if self._uow.dialect != "postgresql":
            return
        # In one order, so that two never wait for each other.
        for key in sorted(keys):
            number = func.hashtextextended(f"lead {self._uow.tenant_id} {key}", 0)
            await self._session.execute(select(func.pg_advisory_xact_lock(number)))

    async def find_lead(self, lead_id: str, *, lock: bool = False) -> Lead | None:
        """The lead of that id, also a merged one."""
        query = select(Lead).where(Lead.id == lead_id)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        return (await self._session.execute(query)).scalar()

    async def find_current(self, lead_id: str, *, lock: bool = False) -> Lead | None:
        """The same; of a merged one the lead that it became."""
        seen: set[str] = set()
        found = await self.find_lead(lead_id, lock=lock)
        while found is not None and found.merged_into and found.id not in seen:
            seen.add(found.id)
            found = await self.find_lead(found.merged_into, lock=lock)
        return found

    async def map_current(self, lead_ids: Collection[str]) -> dict[str, str]:
        """Of each id that of its lead; of a merged one that of the lead that it became."""
        found = await self._uow.fetch(*((_MERGE, {"lead_id": one}) for one in lead_ids))
        current = {}
        for lead_id, merged_into in (row for rows in found for row in rows):
            lead = await self.find_current(lead_id) if merged_into else None
            current[lead_id] = lead.id if lead else lead_id
        return current

    async def show_handoffs(self, states: Mapping[str, str], at: datetime) -> None:
        """Where the handoffs of leads stand, by the leads' ids, on the leads. Not on rows that
        the session holds already."""
        rows = [{"lead_id": lead_id, "state": states[lead_id], "at": at} for lead_id in states]
        await self._uow.write((_SHOW_HANDOFF, rows))

    async def is_anybody(self, lead_id: str, email_key: str | None, phone_key: str | None) -> bool:
        """Whether there is a lead of this id, address or number, merged ones included."""
        keys = (lead_id, email_key, phone_key)
        asked = [(one, {"key": key}) for one, key in zip(_ANYBODY, keys, strict=True) if key]
        return any(await self._uow.fetch(*asked))

    async def list_by_keys(self, email_key: str | None, phone_key: str | None) -> list[Lead]:
        """Leads with that address or that number, merged ones included; those with the address
        first, then the oldest."""
        found: list[Lead] = []
        for column, key in ((Lead.email_key, email_key), (Lead.phone_key, phone_key)):
            if key:
                query = select(Lead).where(column == key).order_by(Lead.created_at, Lead.id)
                found += (await self._session.execute(query.limit(20))).scalars()
        return list(dict.fromkeys(found))

    async def is_taken(self, lead: Lead, email_key: str | None) -> bool:
        """Whether an address is another lead's: of one address there is one lead."""
        found = await self.list_by_keys(email_key, None)
        return any(other.id != lead.id and other.merged_into is None for other in found)

    async def find_by_request(self, request_key: str) -> Lead | None:
        """The lead that a caller made under this key."""
        query = select(Lead).where(Lead.request_key == request_key)
        return (await self._session.execute(query)).scalar()

    async def find_of_conversation(self, conversation_id: str) -> str | None:
        """The id of the lead that a conversation belongs to."""
        [found] = await self._uow.fetch((_OF_CONVERSATION, {"conversation_id": conversation_id}))
        return str(found[0][0]) if found else None

    async def find_of_conversations(self, conversation_ids: Sequence[str]) -> dict[str, str]:
        """The ids of the leads that conversations belong to, by conversation."""
        rows = await self._session.execute(_OF_CONVERSATIONS, {"ids": list(conversation_ids)})
        return {row[0]: row[1] for row in rows}

    async def count_open_by_owner(self) -> dict[str, int]:
        """How many open leads each member of staff has."""
        [found] = await self._uow.fetch((_OPEN_BY_OWNER, {}))
        return {str(owner_id): int(count) for owner_id, count in found}

    async def add_lead(self, **values: Any) -> Lead:
        """A new lead; what is not given is unknown."""
        lead = Lead(tenant_id=self._uow.tenant_id, id=new_id(), **{**deepcopy(_EMPTY), **values})
        self._session.add(lead)
        await self._uow.flush()
        return lead

    async def write_lead(
        self, values: Mapping[str, Any], events: Sequence[Mapping[str, Any]], at: datetime
    ) -> str:
        """The same for one that its caller does not read again, with the beginning of its
        history: `kind`, `data` and `actor` of each entry. Its id."""
        lead_id = new_id()
        row = {"tenant_id": self._uow.tenant_id, "id": lead_id, **_EMPTY, **values}
        # The column's name is one that models keep for themselves.
        row["metadata"] = row.pop("details")
        common = {"tenant_id": self._uow.tenant_id, "lead_id": lead_id, "actor_id": None}
        told = [{**common, "id": new_id(), "happened_at": at, **event} for event in events]
        await self._uow.write((_ADD_LEAD, [row]), (_ADD_EVENTS, told))
        return lead_id

    async def list_leads(
        self, wanted: LeadFilter, scope: Scope, order: tuple[str, bool], limit: int, offset: int
    ) -> tuple[list[Lead], int]:
        """The leads that fit, in order, and how many there are in all."""
        conditions = [Lead.merged_into.is_(None), *_conditions(wanted), *build_scope(scope)]
        name, descending = order
        columns = [column.desc() if descending else column.asc() for column in _ORDERS[name]]
        # The part is chosen in an index: rows are long, and those before it are not read.
        chosen = select(Lead.id).where(*conditions).order_by(*columns).limit(limit).offset(offset)
        part = chosen.subquery()
        query = select(Lead).join(part, part.c.id == Lead.id).order_by(*columns)
        listed = list((await self._session.execute(query)).scalars())
        if wanted.q and not listed and not offset:
            # A search reads every lead: once is enough.
            return [], 0
        counted = select(func.count()).select_from(Lead).where(*conditions)
        return listed, int((await self._session.execute(counted)).scalar_one())

    async def link_conversation(self, lead_id: str, origin: Origin, at: datetime) -> bool:
        """Let a conversation and the touch it began with belong to a lead. False where they
        did already."""
        if await self.find_of_conversation(origin.conversation_id) == lead_id:
            return False
        common = {"tenant_id": self._uow.tenant_id, "lead_id": lead_id}
        moved = await self._session.execute(
            update(LeadConversation)
            .where(LeadConversation.conversation_id == origin.conversation_id)
            .values(lead_id=lead_id)
            .execution_options(synchronize_session=False)
        )
        if getattr(moved, "rowcount", 0):
            await self._session.execute(
                update(LeadTouch)
                .where(LeadTouch.conversation_id == origin.conversation_id)
                .values(lead_id=lead_id)
                .execution_options(synchronize_session=False)
            )
        else:
            row = {
                **common,
                "conversation_id": origin.conversation_id,
                "visitor_id": origin.visitor_id,
                "linked_at": at,
            }
            await self._session.execute(insert(LeadConversation), [row])
            await self.add_touch(lead_id, _describe_touch(origin))
        for table in (ConversationScore, ProductInteraction):
            await self._session.execute(
                update(table)
                .where(table.conversation_id == origin.conversation_id)
                .values(lead_id=lead_id)
                .execution_options(synchronize_session=False)
            )
        return True

    async def add_touch(self, lead_id: str, values: dict[str, Any]) -> None:
        """A time the person came."""
        row = {"tenant_id": self._uow.tenant_id, "id": new_id(), "lead_id": lead_id, **values}
        await self._session.execute(insert(LeadTouch), [row])

    async def add_event(
        self,
        lead_id: str,
        kind: str,
        data: dict[str, Any],
        *,
        actor: str,
        actor_id: str | None = None,
        at: datetime,
    ) -> None:
        """One more entry of a lead's history."""
        event = {"lead_id": lead_id, "kind": kind, "data": data, "actor": actor}
        await self.add_events([{**event, "actor_id": actor_id}], at)

    async def add_events(self, events: Sequence[Mapping[str, Any]], at: datetime) -> None:
        """Entries of several leads' histories: `lead_id`, `kind`, `data` and `actor` of each."""
        common = {"tenant_id": self._uow.tenant_id, "actor_id": None, "happened_at": at}
        rows = [{**common, "id": new_id(), **event} for event in events]
        if rows:
            await self._uow.flush()
            await self._uow.write((_ADD_EVENTS, rows))

    async def list_rows(self, table: Any, lead_id: str, *order: Any, limit: int = 500) -> list[Any]:
        """The rows of a table that belong to a lead."""
        query = select(table).where(table.lead_id == lead_id).order_by(*order).limit(limit)
        return list((await self._session.execute(query)).scalars())

    async def list_merges(self, lead_id: str) -> list[LeadMerge]:
        """The merges that a lead took part in, latest first."""
        query = select(LeadMerge).where(
            or_(LeadMerge.source_id == lead_id, LeadMerge.target_id == lead_id)
        )
        return list((await self._session.execute(query.order_by(LeadMerge.id.desc()))).scalars())

    async def move(self, table: Any, column: Any, keys: Sequence[str], lead_id: str) -> None:
        """Let rows of a table belong to another lead."""
        if keys:
            await self._session.execute(
                update(table)
                .where(column.in_(keys))
                .values(lead_id=lead_id)
                .execution_options(synchronize_session=False)
            )


def _conditions(wanted: LeadFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.status:
        found.append(Lead.status == wanted.status)
    if wanted.assigned_to:
        found.append(Lead.assigned_to == wanted.assigned_to)
    if wanted.unassigned:
        found.append(Lead.assigned_to.is_(None))
    if wanted.tier:
        found.append(Lead.tier == wanted.tier)
    if wanted.min_score is not None:
        found.append(Lead.qualification_score >= wanted.min_score)
    if wanted.ids is not None:
        found.append(Lead.id.in_(wanted.ids))
    if wanted.created_from:
        found.append(Lead.created_at >= wanted.created_from)
    if wanted.created_to:
        found.append(Lead.created_at < wanted.created_to)
    # One text for all: a word is compared once a lead. No word holds a space.
    found += [_WORDS.icontains(word, autoescape=True) for word in wanted.q.split()[:5]]
    return found


def build_scope(scope: Scope) -> list[ColumnElement[bool]]:
    """What a scope asks of a lead: at most one condition."""
    if scope.everything:
        return []
    team = Lead.team_id == scope.team_id if scope.team_id else Lead.team_id.is_(None)
    if scope.unassigned_only:
        team = and_(team, Lead.assigned_to.is_(None))
    if scope.staff_id is None:
        return [team]
    return [or_(Lead.assigned_to == scope.staff_id, team)]


def _describe_touch(origin: Origin) -> dict[str, Any]:
    utm = dict.fromkeys(("utm_source", "utm_medium", "utm_campaign", "utm_term"), "")
    return {
        "conversation_id": origin.conversation_id,
        "channel": origin.channel,
        "page_url": origin.page_url,
        "page_path": origin.page_path,
        "page_title": origin.page_title,
        "referrer": origin.referrer,
        "referrer_domain": origin.referrer_domain,
        **utm,
        "utm_content": "",
        **origin.utm,
        "touched_at": origin.started_at,
    }

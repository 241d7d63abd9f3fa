"""What was said in a conversation and what led there, for those who judge it in the same
transaction: slim rows, because they are read after every turn."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import (
    BindParameter,
    Executable,
    Integer,
    Table,
    and_,
    bindparam,
    func,
    select,
    update,
)
from sqlalchemy.orm import aliased

from core.db import Ask, Database, UnitOfWork, keep
from sales.conversations.models import Conversation, Message, PageView, UnansweredQuestion
from sales.conversations.rules import UTM_KEYS

MESSAGE_LIMIT = 500
_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Origin:
    """A conversation and where it came from."""

    conversation_id: str
    session_id: str
    site_id: str
    visitor_id: str
    channel: str
    locale: str
    page_url: str
    page_path: str
    page_title: str
    referrer: str
    referrer_domain: str
    utm: dict[str, str]
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message. `outcome` is that of an answer: answered, closest, not_found or talk."""

    id: str
    role: str
    text: str
    intent: str
    outcome: str
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """A conversation as it stands. `pages` are (address, path, title), the first included."""

    origin: Origin
    messages: tuple[Spoken, ...]
    pages: tuple[tuple[str, str, str], ...]
    previous_conversations: int
    open_questions: int


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A conversation whose score does not know its latest messages. Times are UTC."""

    tenant_id: str
    conversation_id: str
    visitor_id: str
    last_message_at: datetime


_ORIGIN = (
    Conversation.id,
    Conversation.session_id,
    Conversation.site_id,
    Conversation.visitor_id,
    Conversation.channel,
    Conversation.locale,
    Conversation.page_url,
    Conversation.page_path,
    Conversation.page_title,
    Conversation.referrer,
    Conversation.referrer_domain,
    *(getattr(Conversation, key) for key in UTM_KEYS),
    Conversation.started_at,
)


_UNJUDGED = keep(
    select(
        Conversation.tenant_id,
        Conversation.id,
        Conversation.visitor_id,
        Conversation.last_message_at,
    )
    .where(Conversation.unjudged_since.is_not(None), Conversation.last_message_at.is_not(None))
    .order_by(Conversation.unjudged_since)
    .limit(bindparam("limit", type_=Integer))
)
# By key and by the message seen, many at once:
# waiver: rows that were just read for one tenant.
_TABLE = cast(Table, Conversation.__table__)
_MARK_JUDGED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("judged_id"), _TABLE.c.last_message_at == bindparam("said_at"))
    .values(unjudged_since=None)
)
# Every message of a conversation is judged with these: built once.
_ONE_OF: BindParameter[Any] = bindparam("ids", expanding=True)
_ORIGINS = keep(select(*_ORIGIN).where(Conversation.id.in_(_ONE_OF)))
_NUMBERED = (
    select(
        Message.conversation_id,
        Message.id,
        Message.role,
        Message.text,
        Message.trace["intent"].as_string().label("intent"),
        Message.payload["outcome"].as_string().label("outcome"),
        Message.created_at,
        func.row_number()
        .over(partition_by=Message.conversation_id, order_by=Message.id.desc())
        .label("place"),
    )
    .where(Message.conversation_id.in_(_ONE_OF))
    .subquery()
)
_SAID = keep(
    select(*list(_NUMBERED.c)[:-1])
    .where(_NUMBERED.c.place <= MESSAGE_LIMIT)
    .order_by(_NUMBERED.c.id)
)
_VIEWED = keep(
    select(PageView.conversation_id, PageView.url, PageView.path, PageView.title)
    .where(PageView.conversation_id.in_(_ONE_OF))
    .order_by(PageView.viewed_at, PageView.id)
)
_EARLIER = aliased(Conversation)
_BEFORE = keep(
    select(Conversation.id, func.count(_EARLIER.id))
    .join(
        _EARLIER,
        and_(
            _EARLIER.visitor_id == Conversation.visitor_id,
            _EARLIER.started_at < Conversation.started_at,
            _EARLIER.last_message_at.is_not(None),
        ),
    )
    .where(Conversation.id.in_(_ONE_OF))
    .group_by(Conversation.id)
)
_UNANSWERED = keep(
    select(UnansweredQuestion.conversation_id, func.count())
    .where(UnansweredQuestion.conversation_id.in_(_ONE_OF))
    .group_by(UnansweredQuestion.conversation_id)
)


async def read_history(uow: UnitOfWork, conversation_id: str) -> History | None:
    """The conversation of that id, as the caller's transaction sees it."""
    return (await read_histories(uow, [conversation_id])).get(conversation_id)


async def read_histories(uow: UnitOfWork, ids: Sequence[str]) -> dict[str, History]:
    """Those of the conversations that exist, by id, in five statements however many there are."""

    async def ask(statement: Executable) -> Any:
        return await uow.session.execute(statement, {"ids": list(ids)})

    origins = [_read_origin(row) for row in await ask(_ORIGINS)]
    said = _group((row[0], _read_spoken(row)) for row in await ask(_SAID))
    viewed = _group((row[0], (row[1], row[2], row[3])) for row in await ask(_VIEWED))
    before = {row[0]: int(row[1]) for row in await ask(_BEFORE)}
    unanswered = {row[0]: int(row[1]) for row in await ask(_UNANSWERED)}
    found: dict[str, History] = {}
    for origin in origins:
        key = origin.conversation_id
        first = (origin.page_url, origin.page_path, origin.page_title)
        found[key] = History(
            origin=origin,
            messages=tuple(said.get(key, ())),
            pages=(first, *viewed.get(key, ())),
            previous_conversations=before.get(key, 0),
            open_questions=unanswered.get(key, 0),
        )
    return found


async def list_unjudged(uow: UnitOfWork, limit: int) -> list[Unjudged]:
    """Conversations in which something was said since they were judged, longest first."""
    rows: Any = await uow.session.execute(_UNJUDGED, {"limit": limit})
    return [Unjudged(*row) for row in rows]


async def mark_judged(uow: UnitOfWork, judged: Sequence[Unjudged]) -> None:
    """They are judged as of the message they were found with; one that got another message
    since stays unjudged. For a message that nobody else can add meanwhile, see `claim_judging`."""
    rows = [{"judged_id": one.conversation_id, "said_at": one.last_message_at} for one in judged]
    connection = await uow.session.connection()
    await connection.execute(_MARK_JUDGED, rows)


async def claim_judging(uow: UnitOfWork, conversation_id: str) -> bool:
    """Judge it in this transaction: no message comes in between. False where another process
    has just done so."""
    claimed = await uow.session.execute(
        update(Conversation)
        .where(Conversation.id == conversation_id, Conversation.unjudged_since.is_not(None))
        .values(unjudged_since=None)
        .execution_options(synchronize_session=False)
    )
    return bool(getattr(claimed, "rowcount", 0))


_BEGINNING = keep(
    select(Conversation.started_at, Conversation.page_url).where(
        Conversation.id == bindparam("conversation_id")
    )
)
_PAGES_OF = keep(
    select(PageView.viewed_at, PageView.url)
    .where(PageView.conversation_id == bindparam("conversation_id"))
    .order_by(PageView.viewed_at.desc())
    .limit(bindparam("limit", type_=Integer))
)


async def list_page_addresses(
    database: Database, tenant_id: str, conversation_ids: Sequence[str], limit: int = 500
) -> list[str]:
    """The pages that were open in these conversations, in the order of their opening: where each
    began, and the latest `limit` of those that were viewed."""
    if not conversation_ids:
        return []
    asked: list[Ask] = [
        (statement, {"conversation_id": conversation_id, **more})
        for statement, more in ((_BEGINNING, {}), (_PAGES_OF, {"limit": limit}))
        for conversation_id in conversation_ids
    ]
    found = await database.fetch(tenant_id, *asked)
    begun, viewed = (
        [row for rows in part for row in rows]
        for part in (found[: len(conversation_ids)], found[len(conversation_ids) :])
    )
    opened = begun + heapq.nlargest(limit, viewed, key=lambda row: row[0])
    return [address for _, address in sorted(opened) if address]


async def list_origins(uow: UnitOfWork, visitor_id: str, limit: int = 50) -> list[Origin]:
    """The conversations of a visitor in which something was said, oldest first."""
    query = (
        select(*_ORIGIN)
        .where(Conversation.visitor_id == visitor_id, Conversation.last_message_at.is_not(None))
        .order_by(Conversation.started_at)
        .limit(limit)
    )
    return [_read_origin(row) for row in await uow.session.execute(query)]


def _group(pairs: Iterable[tuple[str, _Item]]) -> dict[str, list[_Item]]:
    grouped: dict[str, list[_Item]] = {}
    for key, item in pairs:
        grouped.setdefault(key, []).append(item)
    return grouped


def _read_spoken(row: Any) -> Spoken:
    return Spoken(row[1], row[2], row[3], row[4] or "", row[5] or "", row[6])


def _read_origin(row: Any) -> Origin:
    first, started_at = row[:-6], row[-1]
    utm = {key: value for key, value in zip(UTM_KEYS, row[-6:-1], strict=True) if value}
    names = [field.name for field in fields(Origin)][: len(first)]
    return Origin(**dict(zip(names, first, strict=True)), utm=utm, started_at=started_at)

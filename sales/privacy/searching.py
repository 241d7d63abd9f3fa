"""Who a person is in the database, and where anything of them stands.

Goes by the schema and not by the modules' own repositories, so that a table that nobody thought of
is looked through as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, Table, Text, and_, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db import Base, UnitOfWork
from sales.privacy.columns import NOBODY, find_class
from sales.privacy.events import ErasureStepDue
from sales.privacy.rules import SEPARATORS, Needles, build_needles, find_kinds, list_texts
from sales.privacy.schemas import Hit, Meeting, Subject, Wish

_AT_ONCE = 400
# Ids that say whom a promise or an event is about.
_NAMED_BY = ("lead", "conversation", "appointment", "mail", "visitor")
_FEW = 40
_NAME_FIELDS = ("first_name", "last_name", "name")


def find_table(name: str) -> Table | None:
    """A table by its name; None where its part of the product is not loaded."""
    return Base.metadata.tables.get(name)


def get_table(name: str) -> Table:
    """A table by its name.

    Raises:
        KeyError: there is none.
    """
    return Base.metadata.tables[name]


def list_tables() -> list[Table]:
    """Every table that holds rows of tenants."""
    return [one for one in Base.metadata.sorted_tables if "tenant_id" in one.c]


def list_word_columns(table: Table) -> list[Any]:
    """The columns that can hold words."""
    return [one for one in table.c if isinstance(one.type, String | Text | JSON)]


def mentions(column: Any, needles: Needles, *, names: bool = True) -> ColumnElement[bool] | None:
    """Whether something of the person stands in a column; None: there is nothing to look for."""
    plain = func.lower(cast(column, Text))
    found: list[ColumnElement[bool]] = [
        plain.contains(form, autoescape=True)
        for kind, form in needles.texts
        if names or kind != "name"
    ]
    bare: Any = cast(column, Text)
    for one in SEPARATORS:
        bare = func.replace(bare, one, "")
    found += [bare.contains(one, autoescape=True) for one in needles.digits]
    return or_(*found) if found else None


def name_any(column: Any, values: Sequence[str]) -> ColumnElement[bool]:
    """Whether one of these ids stands in a column."""
    plain = cast(column, Text)
    return or_(*(plain.contains(value, autoescape=True) for value in values))


def names_one(value: Any, ids: Iterable[str]) -> bool:
    """Whether one of these ids stands in a text or JSON value."""
    texts = list_texts(value)
    return any(one in text for one in ids for text in texts)


def split(values: Iterable[str], size: int = _AT_ONCE) -> list[list[str]]:
    """In parts that fit a statement."""
    whole = sorted(values)
    return [whole[start : start + size] for start in range(0, len(whole), size)]


class SubjectSearch:
    """Finds the rows of a person, in one unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow, self._tenant_id = uow, uow.tenant_id

    async def find(self, wish: Wish) -> Subject:
        """The person whom a wish means, as far as rows know them."""
        emails, phones = {wish.email} - {""}, {wish.phone} - {""}
        leads = await self._find_leads(wish)
        emails |= {str(row["email_key"]) for row in leads if row["email_key"]}
        if emails:
            leads += await self._rows("sales_leads", "email_key", emails)
            leads = await self._follow_merges(leads)
        lead_ids = {str(row["id"]) for row in leads}
        for row in leads:
            emails |= {str(row[one]).lower() for one in ("email", "email_key") if row[one]}
            phones |= {str(row[one]) for one in ("phone", "phone_key") if row[one]}
        names = {f"{row['first_name']} {row['last_name']}".strip() for row in leads}
        visitors, conversations = await self._find_visits(leads, lead_ids, emails, phones)
        meetings = await self._find_meetings(visitors, conversations, emails)
        names |= {str(row["name"]) for row in meetings} | await self._find_names(visitors)
        emails |= {str(row["email"]).lower() for row in meetings if row["email"]}
        phones |= {str(row["phone"]) for row in meetings if row["phone"]}
        ids: dict[str, set[str]] = {
            "lead": lead_ids,
            "visitor": visitors,
            "conversation": conversations,
            "appointment": {str(row["id"]) for row in meetings},
        }
        mails = await self._find_mails(ids, emails)
        ids["mail"] = {str(row["id"]) for row in mails}
        ids["handed"] = await self._column("handoffs", "lead_id", "lead_id", lead_ids)
        ids["received"] = await self._column(
            "received_leads", "lead_id", "own_lead_id", lead_ids
        ) | await self._column("received_leads", "lead_id", "lead_id", lead_ids)
        return Subject(
            emails=tuple(sorted(emails)),
            phones=tuple(sorted(phones)),
            names=tuple(sorted(names - {""})),
            ids={kind: sorted(found) for kind, found in ids.items()},
            meetings=tuple(
                Meeting(row["id"], row["rep_email"], row["rep_name"], row["sequence"])
                for row in sorted(meetings, key=lambda row: str(row["id"]))
            ),
            mail_keys=tuple(sorted(str(row["idempotency_key"]) for row in mails)),
        )

    async def _find_leads(self, wish: Wish) -> list[Mapping[str, Any]]:
        if wish.lead_id:
            return await self._follow_merges(await self._rows("sales_leads", "id", {wish.lead_id}))
        if wish.phone:
            return await self._rows("sales_leads", "phone_key", {wish.phone})
        return []

    async def _follow_merges(self, leads: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """What was merged is one person, on both sides."""
        found = {row["id"]: row for row in leads}
        while True:
            into = {row["merged_into"] for row in found.values() if row["merged_into"]}
            more = await self._rows("sales_leads", "id", into - {NOBODY} - set(found))
            more += await self._rows("sales_leads", "merged_into", set(found))
            new = {row["id"]: row for row in more if row["id"] not in found}
            if not new:
                return list(found.values())
            found |= new

    async def _find_visits(
        self,
        leads: Sequence[Mapping[str, Any]],
        lead_ids: set[str],
        emails: set[str],
        phones: set[str],
    ) -> tuple[set[str], set[str]]:
        """Browsers and conversations of the person. A browser that another lead used as well
        stays; only the person's own conversations are theirs."""
        links = await self._rows("lead_conversations", "lead_id", lead_ids)
        visitors = {str(row["visitor_id"]) for row in [*leads, *links] if row["visitor_id"]}
        conversations = {str(row["conversation_id"]) for row in links}
        conversations |= {str(row["conversation_id"]) for row in leads if row["conversation_id"]}
        visitors |= await self._find_by_profile(emails, phones)
        visitors |= await self._column("appointments", "visitor_id", "email", emails)
        others = await self._rows("lead_conversations", "visitor_id", visitors)
        shared = {str(row["visitor_id"]) for row in others if row["lead_id"] not in lead_ids}
        own = visitors - shared
        conversations |= await self._column("conversations", "id", "visitor_id", own)
        return own, conversations

    async def _find_by_profile(self, emails: set[str], phones: set[str]) -> set[str]:
        """Who told one of the addresses or numbers, and became no lead."""
        values, profiles = get_table("profile_values"), get_table("profiles")
        found: set[str] = set()
        for field, needles in (
            ("email", build_needles(Subject(emails=tuple(sorted(emails))))),
            ("phone", build_needles(Subject(phones=tuple(sorted(phones))))),
        ):
            condition = mentions(values.c.value, needles)
            if condition is None:
                continue
            query = (
                select(profiles.c.visitor_id, values.c.value)
                .join(values, values.c.profile_id == profiles.c.id)
                .where(values.c.tenant_id == self._tenant_id, values.c.field == field, condition)
            )
            rows = (await (await self._connect()).execute(query)).all()
            found |= {str(row.visitor_id) for row in rows if find_kinds(row.value, needles)}
        return found

    async def _find_names(self, visitors: set[str]) -> set[str]:
        profile_ids = await self._column("profiles", "id", "visitor_id", visitors)
        found: dict[str, dict[str, str]] = {}
        for row in await self._rows("profile_values", "profile_id", profile_ids):
            if row["field"] in _NAME_FIELDS and isinstance(row["value"], str):
                found.setdefault(str(row["profile_id"]), {})[row["field"]] = row["value"]
        names = {one.get("name", "") for one in found.values()}
        return names | {
            f"{one.get('first_name', '')} {one.get('last_name', '')}".strip()
            for one in found.values()
        }

    async def _find_meetings(
        self, visitors: set[str], conversations: set[str], emails: set[str]
    ) -> list[Mapping[str, Any]]:
        found: dict[str, Mapping[str, Any]] = {}
        for column, values in (
            ("visitor_id", visitors),
            ("conversation_id", conversations),
            ("email", emails),
        ):
            found |= {row["id"]: row for row in await self._rows("appointments", column, values)}
        return list(found.values())

    async def _find_mails(
        self, ids: Mapping[str, set[str]], emails: set[str]
    ) -> list[Mapping[str, Any]]:
        """Mails to the person, about them, and notices to staff that name them."""
        found: dict[str, Mapping[str, Any]] = {}
        for kind in ("conversation", "lead", "appointment"):
            rows = await self._rows("mails", f"{kind}_id", ids[kind])
            found |= {row["id"]: row for row in rows}
        table = find_table("mails")
        if table is None:
            return list(found.values())
        connection = await self._connect()
        columns = (table.c.recipients, table.c.subject, table.c.text, table.c.html)
        named = [one for kind in ("conversation", "lead", "appointment") for one in ids[kind]]
        needles = Needles(tuple(("email", one) for one in sorted(emails)), ())
        conditions = [name_any(column, part) for part in split(named, 40) for column in columns]
        conditions += [one for column in columns if (one := mentions(column, needles)) is not None]
        for condition in conditions:
            query = select(table).where(table.c.tenant_id == self._tenant_id, condition)
            for row in (await connection.execute(query)).mappings():
                words = [row[column.name] for column in columns]
                if find_kinds(words, needles) or names_one(words, named):
                    found[row["id"]] = dict(row)
        return list(found.values())

    async def _column(self, table: str, wanted: str, column: str, values: set[str]) -> set[str]:
        rows = await self._rows(table, column, values)
        return {str(row[wanted]) for row in rows if row[wanted]}

    async def _rows(self, name: str, column: str, values: set[str]) -> list[Mapping[str, Any]]:
        table = find_table(name)
        if table is None or not values:
            return []
        connection = await self._connect()
        found: list[Mapping[str, Any]] = []
        wanted = func.lower(table.c[column]) if column == "email" else table.c[column]
        for part in split(values):
            query = select(table).where(table.c.tenant_id == self._tenant_id, wanted.in_(part))
            found += [dict(row) for row in (await connection.execute(query)).mappings()]
        return found

    async def _connect(self) -> AsyncConnection:
        return await self._uow.session.connection()


async def list_mentioning(
    uow: UnitOfWork, subject: Subject, table: Table
) -> list[ColumnElement[bool]]:
    """The rows of a table that name a person, each as the condition that is it alone."""
    connection = await uow.session.connection()
    needles = build_needles(subject)
    columns = list_word_columns(table)
    keys = list(table.primary_key.columns)
    ids = [one for kind in _NAMED_BY for one in subject.ids.get(kind, ())]
    ids += subject.mail_keys
    conditions = [or_(*(name_any(column, part) for column in columns)) for part in split(ids, _FEW)]
    texts = [mentions(column, needles, names=False) for column in columns]
    known = [one for one in texts if one is not None]
    conditions += [or_(*known)] if known else []
    found: dict[tuple[Any, ...], ColumnElement[bool]] = {}
    for condition in conditions:
        own = [table.c.tenant_id == uow.tenant_id, condition]
        if table.name == "outbox_entries":
            own.append(table.c.event_type != ErasureStepDue.event_type())
        for row in (await connection.execute(select(table).where(*own))).mappings():
            words = [row[column.name] for column in columns]
            if find_kinds(words, needles) - {"name"} or names_one(words, ids):
                value = tuple(row[key.name] for key in keys)
                found[value] = and_(*(key == one for key, one in zip(keys, value, strict=True)))
    return list(found.values())


async def list_golden(uow: UnitOfWork, subject: Subject) -> list[str]:
    """Ids of golden questions that are this person's own words and nobody else's."""
    asked, golden = get_table("unanswered_questions"), get_table("golden_questions")
    connection = await uow.session.connection()
    mine = set(subject.ids.get("conversation", ()))
    own = select(golden.c.id, golden.c.site_id, golden.c.ask)
    rows = (await connection.execute(own.where(golden.c.tenant_id == uow.tenant_id))).all()
    query = select(asked.c.conversation_id, asked.c.site_id, asked.c.text)
    if not rows or not mine:
        return []
    askers: dict[tuple[str, str], set[str]] = {}
    for row in await connection.execute(query.where(asked.c.tenant_id == uow.tenant_id)):
        words = " ".join(row.text.split())
        askers.setdefault((row.site_id, words), set()).add(row.conversation_id)
    return [row.id for row in rows if (by := askers.get((row.site_id, row.ask))) and by <= mine]


async def scan(uow: UnitOfWork, needles: Needles) -> tuple[int, int, list[Hit]]:
    """Look through every column of every table that can hold words: how many tables and columns,
    and where something of the person stands. Encrypted columns say nothing to a search."""
    connection = await uow.session.connection()
    tables = columns = 0
    hits: list[Hit] = []
    for table in list_tables():
        wanted = [
            (column, kind, condition)
            for column in list_word_columns(table)
            for kind, part in _by_kind(needles)
            if (condition := mentions(column, part)) is not None
        ]
        tables, columns = tables + 1, columns + len({column.name for column, _, _ in wanted})
        if not wanted:
            continue
        counts = [func.count().filter(condition) for _, _, condition in wanted]
        own = table.c.tenant_id == uow.tenant_id
        row = (await connection.execute(select(*counts).select_from(table).where(own))).one()
        for (column, kind, condition), suspected in zip(wanted, row, strict=True):
            if not suspected:
                continue
            # The database finds parts of words too; only whole ones count.
            values = (await connection.execute(select(column).where(own, condition))).scalars()
            found = sum(kind in find_kinds(value, needles) for value in values)
            if found:
                whose = find_class(table.name, column.name) or "person"
                hits.append(Hit(table.name, column.name, kind, whose, found))
    return tables, columns, hits


def _by_kind(needles: Needles) -> list[tuple[str, Needles]]:
    found = []
    for kind in ("email", "name"):
        texts = tuple(one for one in needles.texts if one[0] == kind)
        found.append((kind, Needles(texts, ())))
    return [*found, ("phone", Needles((), needles.digits))]

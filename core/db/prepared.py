"""Kept statements as the driver takes them: scoped to a tenant, compiled and typed once.

A session spends half a millisecond on a statement that SQLite executes in twenty microseconds,
and a chat turn has a dozen of them. Here the text and the types of a kept statement
(`core.db.keep`) are worked out once; executing it is then filling in its parameters and reading
its rows.

The tenant is put in by the very criteria that a session uses (core/db/unit_of_work.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Executable, Insert, TextClause, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql.compiler import SQLCompiler

from core.db.tables import TenantRow
from core.errors import BugError

TENANT = "tenant_id"
Values = Mapping[str, Any]
Rows = list[tuple[Any, ...]]
Ask = tuple[Executable, Values]
"""A kept statement that finds something, and its parameters; also one row to insert, of which
something is returned."""
Write = tuple[Executable, Sequence[Values]]
"""A kept statement that writes, and its parameters for each row."""

# Stands for the tenant where a statement is compiled; no row can have it.
_ANY_TENANT = "\0any tenant"
# What PostgreSQL calls a double (pg_type.dat): SQLAlchemy asks which number a float column sends.
# Other columns are not asked.
_FLOAT8 = 701
_Convert = Callable[[Any], Any] | None


@lru_cache(maxsize=256)
def only_rows_of(tenant_id: str) -> ORMOption:
    """What a statement is given, so that it sees and changes one tenant's rows alone."""
    return with_loader_criteria(
        TenantRow,
        lambda cls: cls.tenant_id == tenant_id,
        include_aliases=True,
        track_closure_variables=True,
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement for one database. `order`: its parameters by place; None: by name. `known`:
    those that are always the same, as the driver takes them. `owned`: its rows name their tenant
    themselves."""

    text: str
    order: tuple[str, ...] | None
    names: tuple[str, ...]
    known: Mapping[str, Any]
    tenant_names: tuple[str, ...]
    binders: Mapping[str, Callable[[Any], Any]]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]
    owned: bool

    def bind(self, values: Values, tenant_id: str | None) -> Any:
        """The parameters as the driver takes them.

        Raises:
            BugError: a parameter is missing, or a new row belongs to another tenant.
        """
        # Work for all tenants (None) names the tenant of each row that it writes.
        if self.owned and tenant_id is not None and values.get(TENANT) != tenant_id:
            raise BugError("a row of another tenant")
        given = dict(self.known)
        for name in self.tenant_names:
            if tenant_id is None:
                raise BugError("a kept statement needs a tenant")
            given[name] = tenant_id
        try:
            for name in self.names:
                binder = self.binders.get(name)
                given[name] = values[name] if binder is None else binder(values[name])
        except KeyError as error:
            raise BugError(f"a kept statement lacks its parameter {error}") from error
        return given if self.order is None else tuple([given[name] for name in self.order])

    def read(self, rows: Iterable[Sequence[Any]]) -> Rows:
        """The rows with values as the models have them."""
        if not self.readers:
            return [tuple(row) for row in rows]
        found = []
        for row in rows:
            values = list(row)
            for place, reader in self.readers:
                values[place] = reader(values[place])
            found.append(tuple(values))
        return found


def prepare(statement: Executable, dialect: Dialect, values: Values | None = None) -> Prepared:
    """The form of a kept statement on a database; worked out at its first use. `values`: of a
    row to insert, which may leave columns out.

    Raises:
        BugError: it cannot be scoped to a tenant, or needs more than filling in.
    """
    keys = tuple(values) if values is not None and isinstance(statement, Insert) else ()
    return _prepare(statement, dialect, keys)


@lru_cache(maxsize=1024)
def _prepare(statement: Any, dialect: Dialect, keys: tuple[str, ...]) -> Prepared:
    owned = isinstance(statement, Insert)
    if isinstance(statement, Update) and TENANT in {
        getattr(key, "key", key) for key in (statement._values or {})
    }:
        raise BugError("a kept statement must not move a row to a tenant")
    scoped = isinstance(statement, TextClause) or owned
    made: Any = statement if scoped else statement.options(only_rows_of(_ANY_TENANT))
    compiled: SQLCompiler = made.compile(dialect=dialect, column_keys=list(keys) or None)
    fixed = {name for name, value in compiled.params.items() if value == _ANY_TENANT}
    if owned and TENANT not in keys:
        raise BugError("a new row must name its tenant")
    if not (scoped or fixed):
        raise BugError("a kept statement that no tenant's rows are chosen by")
    if compiled.post_compile_params or compiled.literal_execute_params or compiled.insert_prefetch:
        raise BugError("a kept statement whose text depends on its parameters")
    binders = _find_binders(compiled, dialect)
    known = {
        name: binders[name](bind.value) if name in binders else bind.value
        for bind, name in compiled.bind_names.items()
        if bind.value is not None and not bind.required and name not in fixed and not owned
    }
    names = tuple(
        name for name in compiled.bind_names.values() if name not in known and name not in fixed
    )
    order = compiled.positiontup
    return Prepared(
        text=compiled.string,
        order=None if order is None else tuple(order),
        names=names,
        known=known,
        tenant_names=tuple(fixed),
        binders=binders,
        readers=_find_readers(compiled, dialect),
        owned=owned,
    )


def bind_all(
    asked: Sequence[Ask], dialect: Dialect, tenant_id: str | None
) -> tuple[list[Prepared], list[tuple[str, Any]]]:
    """What several statements are sent as, and what reads their rows."""
    ready = [prepare(statement, dialect, values) for statement, values in asked]
    sent = [
        (one.text, one.bind(values, tenant_id))
        for one, (_, values) in zip(ready, asked, strict=True)
    ]
    return ready, sent


def read_all(ready: Sequence[Prepared], found: Sequence[Sequence[Any]]) -> list[Rows]:
    """The rows of several statements, as the models have them."""
    return [one.read(rows) for one, rows in zip(ready, found, strict=True)]


@contextmanager
def as_database_errors(dialect: Dialect) -> Iterator[None]:
    """SQLite's own errors become those that SQLAlchemy raises; parameters stay out of them."""
    try:
        yield
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            None, None, error, sqlite3.Error, hide_parameters=True, dialect=dialect
        ) from error


def _find_binders(compiled: SQLCompiler, dialect: Dialect) -> dict[str, Callable[[Any], Any]]:
    found: dict[str, _Convert] = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect)
        for bind, name in compiled.bind_names.items()
    }
    return {name: binder for name, binder in found.items() if binder is not None}


def _find_readers(
    compiled: SQLCompiler, dialect: Dialect
) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    found: list[tuple[int, _Convert]] = [
        (place, column.type.dialect_impl(dialect).result_processor(dialect, _FLOAT8))
        for place, column in enumerate(compiled._result_columns)
    ]
    return tuple((place, reader) for place, reader in found if reader is not None)

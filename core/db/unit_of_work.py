"""The unit of work: the only place that commits.

A unit of work is opened for one tenant. SQLAlchemy's session then adds that tenant to every
select, update and delete of a `TenantRow`, and to every new one, so a repository cannot
forget it. Work for all tenants (the outbox runner, migrations) says so by `tenant_id=None`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Executable, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import ORMExecuteState, PassiveFlag, Session, UOWTransaction
from sqlalchemy.orm.attributes import get_history

from core.db.prepared import TENANT as _TENANT
from core.db.prepared import (
    Ask,
    Rows,
    Write,
    as_database_errors,
    bind_all,
    only_rows_of,
    prepare,
    read_all,
)
from core.db.sqlite_driver import SqliteConnection
from core.db.tables import TenantRow
from core.errors import BugError

_KEPT = "kept_statement"
Statement = TypeVar("Statement", bound=Executable)


def keep(statement: Statement) -> Statement:
    """A statement that is built once, at import, and executed often with parameters.

    Its form for a tenant is then remembered as well: adding the tenant to a statement and
    reading it for SQLAlchemy's cache costs more than executing it. Never for one that is built
    anew each time: it would be remembered for nothing.
    """
    kept: Statement = statement.execution_options(**{_KEPT: True})
    return kept


class UnitOfWork:
    """One transaction and what is to happen once it has been committed."""

    def __init__(self, session: AsyncSession, tenant_id: str | None, *, dialect: str) -> None:
        self.session = session
        self.dialect = dialect
        self._tenant_id = tenant_id
        self._after_commit: list[Callable[[], None]] = []
        self._connection: AsyncConnection | None = None
        self._driver: SqliteConnection | None = None
        session.info[_TENANT] = tenant_id

    @property
    def tenant_id(self) -> str:
        """The tenant this unit of work was opened for.

        Raises:
            BugError: it was opened for all tenants.
        """
        if self._tenant_id is None:
            raise BugError("this unit of work belongs to no tenant")
        return self._tenant_id

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` when the rows are safe; never when they are not."""
        self._after_commit.append(action)

    async def fetch(self, *asked: Ask) -> list[Rows]:
        """What kept statements find, in their order; for what every turn asks (core/db/prepared).
        It sees what was written and flushed.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refuses.
        """
        connection = await self._connect()
        ready, sent = bind_all(asked, connection.dialect, self._tenant_id)
        driver = await self._find_driver(connection)
        if driver is None:
            found = [list(await connection.exec_driver_sql(*one)) for one in sent]
        else:
            with as_database_errors(connection.dialect):
                found = await driver.fetch_all(sent)
        return read_all(ready, found)

    async def write(self, *written: Write) -> None:
        """Write by kept statements, in their order. What the session holds back is not sent.

        Raises:
            sqlalchemy.exc.IntegrityError: a constraint speaks; the transaction is lost.
            sqlalchemy.exc.DBAPIError: the database refuses.
            BugError: a new row belongs to another tenant.
        """
        connection = await self._connect()
        sent = []
        for statement, rows in written:
            if rows:
                one = prepare(statement, connection.dialect, rows[0])
                sent.append((one.text, [one.bind(row, self._tenant_id) for row in rows]))
        driver = await self._find_driver(connection)
        if driver is None:
            for text, bound in sent:
                await connection.exec_driver_sql(text, bound)
        else:
            with as_database_errors(connection.dialect):
                await driver.write_all(sent)

    async def _connect(self) -> AsyncConnection:
        if self._connection is None:
            self._connection = await self.session.connection()
        return self._connection

    async def _find_driver(self, connection: AsyncConnection) -> SqliteConnection | None:
        if self.dialect != "sqlite":
            return None
        if self._driver is None:
            raw: Any = await connection.get_raw_connection()
            self._driver = raw.driver_connection
        return self._driver

    async def flush(self) -> None:
        """Send what is pending, so that constraints speak now."""
        await self.session.flush()

    async def commit(self) -> None:
        """Make it so. Called by `Database`; tests of a crash call nothing."""
        await self.session.commit()
        actions, self._after_commit = self._after_commit, []
        for action in actions:
            action()


def _scope_statement(state: ORMExecuteState) -> None:
    tenant_id: Any = state.session.info.get(_TENANT)
    if tenant_id is None:
        return
    if state.is_insert or state.is_update:
        _check_written(state, tenant_id)
    if not (state.is_select or state.is_update or state.is_delete):
        return
    if state.is_column_load or state.is_relationship_load:
        return
    if state.execution_options.get(_KEPT):
        state.statement = _scope_kept(state.statement, tenant_id)
    else:
        state.statement = state.statement.options(only_rows_of(tenant_id))


@lru_cache(maxsize=4096)
def _scope_kept(statement: Any, tenant_id: str) -> Any:
    return statement.options(only_rows_of(tenant_id))


def _check_written(state: ORMExecuteState, tenant_id: str) -> None:
    """Criteria choose rows; they do not guard what is written into them. So look."""
    if state.bind_mapper is None or not issubclass(state.bind_mapper.class_, TenantRow):
        return
    name = state.bind_mapper.class_.__name__
    statement: Any = state.statement
    rows: Any = state.parameters or ()
    if isinstance(rows, Mapping):
        rows = (rows,)
    elif rows and state.is_update:
        # SQLAlchemy addresses such rows by their key alone.
        raise BugError(f"an update of many {name} by key cannot be held to one tenant")
    if getattr(statement, "_multi_values", ()) or getattr(statement, "select", None) is not None:
        raise BugError(f"give new rows of {name} as parameters, so that their tenant is seen")
    given = {getattr(key, "key", key): value for key, value in (statement._values or {}).items()}
    owners = [row[_TENANT] for row in rows if _TENANT in row]
    if _TENANT in given:
        owners.append(getattr(given[_TENANT], "value", None))
    if any(owner != tenant_id for owner in owners):
        raise BugError(f"a {name} of another tenant")


def _scope_rows(session: Session, _context: UOWTransaction, _instances: object) -> None:
    tenant_id = session.info.get(_TENANT)
    if tenant_id is None:
        return
    for row in session.new:
        if isinstance(row, TenantRow) and row.tenant_id is None:
            row.tenant_id = tenant_id
    # Also rows that another unit of work loaded and somebody handed over to this one.
    for row in (*session.new, *session.dirty, *session.deleted):
        if not isinstance(row, TenantRow):
            continue
        # Not `inspect(row).attrs`: that builds an object for each column of the row.
        before = get_history(row, _TENANT, PassiveFlag.PASSIVE_NO_INITIALIZE).deleted or ()
        if row.tenant_id != tenant_id or any(owner != tenant_id for owner in before):
            raise BugError(f"a {type(row).__name__} of another tenant")


event.listen(Session, "do_orm_execute", _scope_statement)
event.listen(Session, "before_flush", _scope_rows)

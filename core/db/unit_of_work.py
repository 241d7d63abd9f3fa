"""The unit of work: the only place that commits.

A unit of work is opened for one tenant. SQLAlchemy's session then adds that tenant to every
select, update and delete of a `TenantRow`, and to every new one, so a repository cannot
forget it. Work for all tenants (the outbox runner, migrations) says so by `tenant_id=None`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Executable, event, inspect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption

from core.db.tables import TenantRow
from core.errors import BugError

_TENANT = "tenant_id"
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
        state.statement = state.statement.options(_only_rows_of(tenant_id))


@lru_cache(maxsize=4096)
def _scope_kept(statement: Any, tenant_id: str) -> Any:
    return statement.options(_only_rows_of(tenant_id))


@lru_cache(maxsize=256)
def _only_rows_of(tenant_id: str) -> ORMOption:
    return with_loader_criteria(
        TenantRow,
        lambda cls: cls.tenant_id == tenant_id,
        include_aliases=True,
        track_closure_variables=True,
    )


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
        before = inspect(row).attrs[_TENANT].history.deleted or ()
        if row.tenant_id != tenant_id or any(owner != tenant_id for owner in before):
            raise BugError(f"a {type(row).__name__} of another tenant")


event.listen(Session, "do_orm_execute", _scope_statement)
event.listen(Session, "before_flush", _scope_rows)

"""Reads and writes teams, staff and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, or_, select, update

from core.db import UnitOfWork, keep
from core.ids import new_id
from sales.organization.models import Staff, StaffSession, Team
from sales.organization.schemas import NewStaff, StaffSummary

_EVERYBODY = keep(
    select(*(getattr(Staff, name) for name in StaffSummary.__slots__)).order_by(
        Staff.active.desc(), Staff.name, Staff.id
    )
)
NAMES = keep(select(Staff.id, Staff.name, Staff.team_id))


class StaffRepository:
    """Rows of the unit of work's tenant; of all tenants where it was opened for none, which
    only signing in and reading a session's cookie need."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._session = uow.session

    async def find_by_email(self, email: str) -> Staff | None:
        """The account of an address."""
        return (await self._session.execute(select(Staff).where(Staff.email == email))).scalar()

    async def find_staff(self, staff_id: str) -> Staff | None:
        """A member of staff, also one who left."""
        return (await self._session.execute(select(Staff).where(Staff.id == staff_id))).scalar()

    async def lock_staff(self, staff_id: str) -> Staff | None:
        """The same, and nobody else changes it or signs in with it until this is committed."""
        query = select(Staff).where(Staff.id == staff_id).with_for_update()
        return (await self._session.execute(query)).scalar()

    async def list_staff(self) -> list[Staff]:
        """Everybody, by name; who left comes last."""
        query = select(Staff).order_by(Staff.active.desc(), Staff.name, Staff.id)
        return list((await self._session.execute(query)).scalars())

    async def list_summaries(self) -> list[StaffSummary]:
        """The same as values, of one tenant, for work that asks each time."""
        [rows] = await self._uow.fetch((_EVERYBODY, {}))
        return [StaffSummary(*row) for row in rows]

    async def lock_admins(self) -> list[Staff]:
        """The active admins; two who change them at once do so one after the other."""
        query = (
            select(Staff)
            .where(Staff.role == "admin", Staff.active.is_(True))
            .order_by(Staff.id)
            .with_for_update()
        )
        return list((await self._session.execute(query)).scalars())

    async def add_staff(
        self, tenant_id: str, new: NewStaff, password_hash: str, at: datetime
    ) -> Staff:
        """A new account; `new.email` is already in the form accounts are found by."""
        row = Staff(
            id=new_id(),
            tenant_id=tenant_id,
            email=new.email,
            name=new.name,
            role=new.role,
            team_id=new.team_id,
            phone=new.phone,
            timezone=new.timezone,
            password_hash=password_hash,
            active=True,
            created_at=at,
        )
        self._session.add(row)
        await self._uow.flush()
        return row

    async def list_teams(self) -> list[Team]:
        """Every team, by name."""
        query = select(Team).order_by(Team.name, Team.id)
        return list((await self._session.execute(query)).scalars())

    async def find_team(self, team_id: str) -> Team | None:
        """A team."""
        return (await self._session.execute(select(Team).where(Team.id == team_id))).scalar()

    async def add_team(self, tenant_id: str, name: str, at: datetime) -> Team:
        """A new team."""
        row = Team(id=new_id(), tenant_id=tenant_id, name=name, created_at=at)
        self._session.add(row)
        await self._uow.flush()
        return row

    def add_session(self, staff: Staff, session_id: str, device: str, at: datetime) -> None:
        """A device signed in."""
        row = StaffSession(
            id=session_id,
            tenant_id=staff.tenant_id,
            staff_id=staff.id,
            device=device,
            created_at=at,
            last_seen_at=at,
        )
        self._session.add(row)

    async def find_session(self, session_id: str) -> tuple[StaffSession, Staff] | None:
        """A session and whose it is."""
        query = (
            select(StaffSession, Staff)
            .join(Staff, Staff.id == StaffSession.staff_id)
            .where(StaffSession.id == session_id)
        )
        found = (await self._session.execute(query)).first()
        return None if found is None else (found[0], found[1])

    async def list_sessions(self, staff_id: str) -> list[StaffSession]:
        """The devices of one member of staff, the last used first."""
        query = (
            select(StaffSession)
            .where(StaffSession.staff_id == staff_id)
            .order_by(StaffSession.last_seen_at.desc())
        )
        return list((await self._session.execute(query)).scalars())

    async def touch_session(self, session_id: str, at: datetime) -> bool:
        """Note that it was used; False when it was closed in the meantime."""
        done = await self._session.execute(
            update(StaffSession).where(StaffSession.id == session_id).values(last_seen_at=at)
        )
        return cast("CursorResult[Any]", done).rowcount == 1

    async def delete_session(self, session_id: str) -> None:
        """Close one."""
        await self._session.execute(delete(StaffSession).where(StaffSession.id == session_id))

    async def delete_sessions_of(self, staff_id: str, *, but: str | None = None) -> None:
        """Close all of one member of staff, except `but`."""
        query = delete(StaffSession).where(StaffSession.staff_id == staff_id)
        if but is not None:
            query = query.where(StaffSession.id != but)
        await self._session.execute(query)

    async def delete_old_sessions(self, seen_before: datetime, created_before: datetime) -> None:
        """Remove what nobody can use any more, of all tenants."""
        over = or_(
            StaffSession.last_seen_at < seen_before, StaffSession.created_at < created_before
        )
        await self._session.execute(delete(StaffSession).where(over))

"""Teams and the people who work with leads."""

from __future__ import annotations

from zoneinfo import available_timezones

from sqlalchemy.exc import IntegrityError

from core.clock import Clock
from core.db import Ask, Database, UnitOfWork
from core.errors import Conflict, Invalid, NotFound
from sales.organization.models import Staff
from sales.organization.passwords import PasswordVault
from sales.organization.rules import check_password, read_email, read_role
from sales.organization.schemas import NewStaff, StaffSummary, TeamSummary
from sales.organization.staff_repository import NAMES, StaffRepository

_NAME_LIMIT = 120
_PHONE_LIMIT = 40


class StaffService:
    """Accounts and teams of every tenant. Who may call this is the caller's to check
    (`rules.check_may`)."""

    def __init__(self, database: Database, clock: Clock, vault: PasswordVault) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault

    async def create_staff(self, tenant_id: str, new: NewStaff, password: str) -> StaffSummary:
        """Make an account.

        Raises:
            Invalid: something about it is not usable; the message says what.
            Conflict: the address has an account.
        """
        checked = _check_new(new)
        check_password(password, checked.email)
        password_hash = await self._vault.hash(password)
        try:
            async with self._database.unit_of_work(tenant_id) as uow:
                repository = StaffRepository(uow)
                await _check_team(repository, checked.team_id)
                row = await repository.add_staff(
                    tenant_id, checked, password_hash, self._clock.now()
                )
        except IntegrityError:
            raise Conflict(
                "There is an account with this e-mail address.", {"field": "email"}
            ) from None
        return _summary(row)

    async def find_account(self, email: str) -> StaffSummary | None:
        """The account of an address, whichever tenant's."""
        async with self._database.reading(None) as uow:
            row = await StaffRepository(uow).find_by_email(read_email(email))
        return None if row is None else _summary(row)

    async def get_staff(self, tenant_id: str, staff_id: str) -> StaffSummary:
        """A member of staff, also one who left.

        Raises:
            NotFound: not of this tenant.
        """
        async with self._database.reading(tenant_id) as uow:
            return _summary(await _get(StaffRepository(uow), staff_id))

    async def list_staff(self, tenant_id: str) -> list[StaffSummary]:
        """Everybody, by name; who left comes last."""
        async with self._database.reading(tenant_id) as uow:
            return [_summary(row) for row in await StaffRepository(uow).list_staff()]

    async def list_reps(self, tenant_id: str) -> list[StaffSummary]:
        """Who can be given leads and appointments: active, with the role rep."""
        listed = await self.list_staff(tenant_id)
        return [staff for staff in listed if staff.active and staff.role == "rep"]

    async def change_staff(self, tenant_id: str, staff_id: str, new: NewStaff) -> StaffSummary:
        """Take over name, role, team, phone and time zone; the address stays.

        A changed role or team closes the sessions: what they may see has changed.

        Raises:
            Invalid: something is not usable.
            NotFound: not of this tenant.
            Conflict: it is the last admin.
        """
        checked = _check_new(new)
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = StaffRepository(uow)
            await _check_team(repository, checked.team_id)
            row = await _lock(repository, staff_id)
            if row.role == "admin" and checked.role != "admin":
                await _check_not_last_admin(repository, row)
            if (row.role, row.team_id) != (checked.role, checked.team_id):
                await repository.delete_sessions_of(row.id)
            row.name, row.role, row.team_id = checked.name, checked.role, checked.team_id
            row.phone, row.timezone = checked.phone, checked.timezone
        return _summary(row)

    async def set_active(self, tenant_id: str, staff_id: str, *, active: bool) -> StaffSummary:
        """Let somebody in again, or shut them out at once: their sessions are closed.

        Raises:
            NotFound: not of this tenant.
            Conflict: it is the last admin.
        """
        async with self._database.unit_of_work(tenant_id) as uow:
            repository = StaffRepository(uow)
            row = await _lock(repository, staff_id)
            if not active:
                if row.role == "admin" and row.active:
                    await _check_not_last_admin(repository, row)
                await repository.delete_sessions_of(row.id)
            row.active = active
        return _summary(row)

    async def set_password(self, tenant_id: str, staff_id: str, password: str) -> None:
        """Give an account a new password and close all its sessions.

        Raises:
            Invalid: the password is not usable.
            NotFound: not of this tenant.
        """
        email = (await self.get_staff(tenant_id, staff_id)).email
        check_password(password, email)
        password_hash = await self._vault.hash(password)
        async with self._database.unit_of_work(tenant_id) as uow:
            await replace_password(uow, staff_id, password_hash)

    async def create_team(self, tenant_id: str, name: str) -> TeamSummary:
        """Make a team.

        Raises:
            Invalid: the name is empty or too long.
            Conflict: there is a team of that name.
        """
        name = _check_text(name, "name", _NAME_LIMIT)
        try:
            async with self._database.unit_of_work(tenant_id) as uow:
                row = await StaffRepository(uow).add_team(tenant_id, name, self._clock.now())
        except IntegrityError:
            raise Conflict("There is a team of this name.", {"field": "name"}) from None
        return TeamSummary(row.id, row.name)

    async def list_teams(self, tenant_id: str) -> list[TeamSummary]:
        """Every team, by name."""
        async with self._database.reading(tenant_id) as uow:
            return [
                TeamSummary(row.id, row.name) for row in await StaffRepository(uow).list_teams()
            ]


def build_asked_names() -> Ask:
    """Id, name and team of everybody, for who asks for something else at the same time."""
    return NAMES, {}


async def list_staff_in(uow: UnitOfWork) -> list[StaffSummary]:
    """Everybody, as the caller's transaction sees them."""
    return await StaffRepository(uow).list_summaries()


async def replace_password(uow: UnitOfWork, staff_id: str, password_hash: str) -> None:
    """Write a new password's hash; whoever is signed in with the old one no longer is."""
    repository = StaffRepository(uow)
    (await _lock(repository, staff_id)).password_hash = password_hash
    await repository.delete_sessions_of(staff_id)


async def _get(repository: StaffRepository, staff_id: str) -> Staff:
    row = await repository.find_staff(staff_id)
    if row is None:
        raise NotFound("There is no such member of staff.")
    return row


async def _lock(repository: StaffRepository, staff_id: str) -> Staff:
    row = await repository.lock_staff(staff_id)
    if row is None:
        raise NotFound("There is no such member of staff.")
    return row


async def _check_team(repository: StaffRepository, team_id: str | None) -> None:
    if team_id is not None and await repository.find_team(team_id) is None:
        raise Invalid("There is no such team.", {"field": "team_id"})


async def _check_not_last_admin(repository: StaffRepository, row: Staff) -> None:
    if not any(admin.id != row.id for admin in await repository.lock_admins()):
        raise Conflict("This is the last admin. Make somebody else admin first.")


def _check_new(new: NewStaff) -> NewStaff:
    timezone = new.timezone.strip()
    if timezone not in available_timezones():
        raise Invalid(
            "There is no such time zone. Write one like Europe/London.", {"field": "timezone"}
        )
    phone = " ".join(new.phone.split())
    if len(phone) > _PHONE_LIMIT:
        raise Invalid("The phone number is too long.", {"field": "phone"})
    return NewStaff(
        email=read_email(new.email),
        name=_check_text(new.name, "name", _NAME_LIMIT),
        role=read_role(new.role),
        team_id=new.team_id or None,
        phone=phone,
        timezone=timezone,
    )


def _check_text(text: str, field: str, limit: int) -> str:
    text = " ".join(text.split())
    if not text or len(text) > limit or not text.isprintable():
        raise Invalid(f"Write a {field} of 1 to {limit} characters.", {"field": field})
    return text


def _summary(row: Staff) -> StaffSummary:
    return StaffSummary(
        id=row.id,
        tenant_id=row.tenant_id,
        email=row.email,
        name=row.name,
        role=read_role(row.role),
        team_id=row.team_id,
        phone=row.phone,
        timezone=row.timezone,
        active=row.active,
        created_at=row.created_at,
    )

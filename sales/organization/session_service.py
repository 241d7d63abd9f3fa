"""Signing in to the portal, and the sessions that follow from it."""

from __future__ import annotations

import secrets
from datetime import timedelta

from core.clock import Clock
from core.db import Database
from core.errors import Invalid, Unauthorized
from core.security import hash_key
from sales.organization.models import Staff
from sales.organization.passwords import PasswordVault
from sales.organization.rules import (
    ABSOLUTE_LIMIT,
    IDLE_LIMIT,
    check_password,
    read_email,
    read_role,
    session_ends_at,
)
from sales.organization.schemas import DeviceSummary, LiveSession, OpenedSession, Principal
from sales.organization.staff_repository import StaffRepository
from sales.organization.staff_service import replace_password
from sales.organization.throttling import SignInThrottle

# A request within this time after the last noted one is not written down.
_TOUCH_PAUSE = timedelta(minutes=1)
_DEVICE_LIMIT = 200
_REFUSED = "The e-mail address or the password is not right."


class SessionService:
    """Opens, reads and closes the sessions of staff."""

    def __init__(
        self, database: Database, clock: Clock, vault: PasswordVault, throttle: SignInThrottle
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._throttle = throttle

    async def sign_in(
        self, email: str, password: str, *, address: str, device: str, before: str | None = None
    ) -> OpenedSession:
        """Open a session, always with a new token. `before`: the token that the same device
        had; its session is closed, so that a device has one.

        Raises:
            Unauthorized: unknown account, wrong password or an account that was shut: one
                message, after the same work.
            RateLimited: too many attempts.
        """
        staff = await self._authenticate(email, password, address)
        token, now = secrets.token_urlsafe(32), self._clock.now()
        async with self._database.unit_of_work(None) as uow:
            repository = StaffRepository(uow)
            # The password may have been changed while it was checked: then this is too late.
            current = await repository.lock_staff(staff.id)
            if not current or not current.active or current.password_hash != staff.password_hash:
                raise Unauthorized(_REFUSED)
            await repository.delete_old_sessions(now - IDLE_LIMIT, now - ABSOLUTE_LIMIT)
            if before:
                await repository.delete_session(hash_key(before))
            repository.add_session(staff, hash_key(token), device[:_DEVICE_LIMIT], now)
        return OpenedSession(token, _principal(staff))

    async def _authenticate(self, email: str, password: str, address: str) -> Staff:
        try:
            email = read_email(email)
        except Invalid:
            # What is no address is an unknown account, and costs as much.
            email = email[:254]
        self._throttle.count(email, address)
        async with self._database.reading(None) as uow:
            staff = await StaffRepository(uow).find_by_email(email)
        stored = staff.password_hash if staff else None
        right, renewed = await self._vault.check(password, stored)
        if staff is None or not right or not staff.active:
            raise Unauthorized(_REFUSED)
        self._throttle.forget(email)
        if renewed is not None:
            async with self._database.unit_of_work(staff.tenant_id) as uow:
                row = await StaffRepository(uow).find_staff(staff.id)
                if row is not None and row.password_hash == staff.password_hash:
                    row.password_hash = staff.password_hash = renewed
        return staff

    async def find_session(self, token: str, *, touch: bool = True) -> LiveSession | None:
        """The session of a cookie, if it holds. `touch=False` for what the page asks by
        itself: only the person's own doing keeps a session alive."""
        session_id, now = hash_key(token), self._clock.now()
        async with self._database.reading(None) as uow:
            found = await StaffRepository(uow).find_session(session_id)
        if found is None:
            return None
        session, staff = found
        ends_at = session_ends_at(session.created_at, session.last_seen_at)
        if not staff.active or now >= ends_at:
            return None
        if touch:
            ends_at = session_ends_at(session.created_at, now)
            if now - session.last_seen_at >= _TOUCH_PAUSE:
                async with self._database.unit_of_work(staff.tenant_id) as uow:
                    if not await StaffRepository(uow).touch_session(session_id, now):
                        return None
        return LiveSession(session_id, _principal(staff), staff.email, staff.timezone, ends_at)

    async def sign_out(self, token: str) -> None:
        """Close the session of a cookie; closing twice is no error."""
        async with self._database.unit_of_work(None) as uow:
            await StaffRepository(uow).delete_session(hash_key(token))

    async def change_password(
        self, session: LiveSession, old: str, new: str, *, address: str
    ) -> None:
        """Change one's own password. All sessions are closed, this one too.

        Raises:
            Invalid: the old one is not right, or the new one not usable.
            RateLimited: too many attempts.
        """
        staff = await self._find(session)
        self._throttle.count(staff.email, address)
        right, _ = await self._vault.check(old, staff.password_hash)
        if not right:
            raise Invalid("The old password is not right.", {"field": "old"})
        self._throttle.forget(staff.email)
        check_password(new, staff.email)
        if new == old:
            raise Invalid("The new password is the old one.", {"field": "password"})
        password_hash = await self._vault.hash(new)
        async with self._database.unit_of_work(staff.tenant_id) as uow:
            await replace_password(uow, staff.id, password_hash)

    async def list_devices(self, session: LiveSession) -> list[DeviceSummary]:
        """Where the same person is signed in, the last used first."""
        principal, now = session.principal, self._clock.now()
        async with self._database.reading(principal.tenant_id) as uow:
            rows = await StaffRepository(uow).list_sessions(principal.id)
        return [
            DeviceSummary(row.id, row.device, row.created_at, row.last_seen_at)
            for row in rows
            if now < session_ends_at(row.created_at, row.last_seen_at)
        ]

    async def close_other_devices(self, session: LiveSession) -> None:
        """Sign out everywhere else."""
        principal = session.principal
        async with self._database.unit_of_work(principal.tenant_id) as uow:
            await StaffRepository(uow).delete_sessions_of(principal.id, but=session.id)

    async def _find(self, session: LiveSession) -> Staff:
        principal = session.principal
        async with self._database.reading(principal.tenant_id) as uow:
            staff = await StaffRepository(uow).find_staff(principal.id)
        if staff is None:
            raise Unauthorized("Sign in again.")
        return staff


def _principal(staff: Staff) -> Principal:
    return Principal(
        staff.tenant_id, "staff", staff.id, staff.name, read_role(staff.role), staff.team_id
    )

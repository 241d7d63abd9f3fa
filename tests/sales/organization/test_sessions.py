"""Signing in, and when a session holds no more."""

from __future__ import annotations

import asyncio
import statistics
import time

import pytest
from sqlalchemy import func, select

from core.errors import Invalid, RateLimited, Unauthorized
from sales.organization.models import Staff, StaffSession
from sales.organization.passwords import PasswordVault
from sales.organization.throttling import SignInThrottle
from tests.sales.organization.conftest import PASSWORD, Office, build_office


async def count_sessions(office: Office) -> int:
    async with office.database.reading(None) as uow:
        return await uow.session.scalar(select(func.count()).select_from(StaffSession)) or 0


async def test_who_knows_the_password_is_let_in(office: Office) -> None:
    made = await office.hire("ada", "manager")
    opened = await office.sign_in("ADA")
    session = await office.sessions.find_session(opened.token)
    assert session is not None
    principal = session.principal
    assert (principal.id, principal.role, principal.kind) == (made.id, "manager", "staff")
    assert principal.tenant_id == office.tenant_id


async def test_neither_token_nor_password_can_be_read_from_the_database(office: Office) -> None:
    await office.hire()
    opened = await office.sign_in()
    async with office.database.reading(None) as uow:
        session = (await uow.session.execute(select(StaffSession))).scalar_one()
        staff = (await uow.session.execute(select(Staff))).scalar_one()
    assert opened.token not in str(vars(session))
    assert PASSWORD not in staff.password_hash
    assert staff.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(
    ("name", "password"),
    [("ada", "wrong horse battery"), ("ada", ""), ("nobody", PASSWORD), ("no body", PASSWORD)],
)
async def test_every_refusal_says_the_same(office: Office, name: str, password: str) -> None:
    await office.hire()
    with pytest.raises(Unauthorized) as refused:
        await office.sign_in(name, password)
    assert refused.value.message == "The e-mail address or the password is not right."
    assert await count_sessions(office) == 0


async def test_an_unknown_account_costs_as_much_time_as_a_wrong_password(office: Office) -> None:
    """A password check of real strength: its time must not tell which accounts exist."""
    await office.hire()
    vault = PasswordVault(memory_kib=8 * 1024, passes=2)
    stored = await vault.hash(PASSWORD)
    await vault.check("warm up", None)
    known: list[float] = []
    unknown: list[float] = []
    for _ in range(9):
        for times, hash_of in ((known, stored), (unknown, None)):
            started = time.perf_counter()
            await vault.check("wrong horse battery", hash_of)
            times.append(time.perf_counter() - started)
    assert 0.4 < statistics.median(unknown) / statistics.median(known) < 2.5


async def test_a_session_ends_after_half_an_hour_without_use(office: Office) -> None:
    await office.hire()
    token = (await office.sign_in()).token
    for _ in range(3):
        office.wait(minutes=29)
        assert await office.sessions.find_session(token)
    office.wait(minutes=30)
    assert await office.sessions.find_session(token) is None


async def test_a_session_ends_after_twelve_hours_of_steady_use(office: Office) -> None:
    await office.hire()
    token = (await office.sign_in()).token
    for _ in range(35):
        office.wait(minutes=20)
        assert await office.sessions.find_session(token)
    office.wait(minutes=20)
    assert await office.sessions.find_session(token) is None


async def test_what_a_page_asks_by_itself_keeps_no_session_alive(office: Office) -> None:
    await office.hire()
    token = (await office.sign_in()).token
    for _ in range(2):
        office.wait(minutes=14)
        assert await office.sessions.find_session(token, touch=False)
    office.wait(minutes=2)
    assert await office.sessions.find_session(token) is None


@pytest.mark.parametrize("forged", ["", "x", "A" * 43, "ä", "\udc80", "x" * 5000])
async def test_a_forged_token_is_no_session(office: Office, forged: str) -> None:
    await office.hire()
    await office.sign_in()
    assert await office.sessions.find_session(forged) is None


async def test_signing_in_never_takes_over_a_token(office: Office) -> None:
    """Session fixation: the token that a browser brings along is thrown away."""
    await office.hire()
    first = (await office.sign_in()).token
    second = (await office.sign_in(before=first)).token
    assert second != first
    assert await office.sessions.find_session(first) is None
    assert await office.sessions.find_session(second)
    assert await count_sessions(office) == 1


async def test_each_device_has_its_own_session(office: Office) -> None:
    await office.hire()
    desk = (await office.sign_in(device="Desk")).token
    phone = (await office.sign_in(device="Phone")).token
    session = await office.sessions.find_session(desk)
    assert session is not None
    listed = await office.sessions.list_devices(session)
    assert {device.device for device in listed} == {"Desk", "Phone"}
    await office.sessions.close_other_devices(session)
    assert await office.sessions.find_session(phone) is None
    assert await office.sessions.find_session(desk)


async def test_who_signs_out_is_out(office: Office) -> None:
    await office.hire()
    token = (await office.sign_in()).token
    await office.sessions.sign_out(token)
    await office.sessions.sign_out(token)
    assert await office.sessions.find_session(token) is None


async def test_a_changed_password_closes_every_session(office: Office) -> None:
    await office.hire()
    tokens = [(await office.sign_in()).token for _ in range(3)]
    session = await office.sessions.find_session(tokens[0])
    assert session is not None
    await office.sessions.change_password(session, PASSWORD, "another long one", address="::1")
    for token in tokens:
        assert await office.sessions.find_session(token) is None
    with pytest.raises(Unauthorized):
        await office.sign_in()
    assert await office.sign_in(password="another long one")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("wrong horse battery", "another long one", "old password is not right"),
        (PASSWORD, "short", "at least 12"),
        (PASSWORD, "ada@acme.example", "must not be the e-mail"),
        (PASSWORD, PASSWORD, "is the old one"),
    ],
)
async def test_a_password_that_cannot_be_changed_stays(
    office: Office, old: str, new: str, fault: str
) -> None:
    await office.hire()
    session = await office.sessions.find_session((await office.sign_in()).token)
    assert session is not None
    with pytest.raises(Invalid, match=fault):
        await office.sessions.change_password(session, old, new, address="::1")
    assert await office.sign_in()


async def test_guesses_at_one_account_are_ended_after_ten(office: Office) -> None:
    await office.hire()
    for attempt in range(10):
        with pytest.raises(Unauthorized):
            await office.sign_in(password=f"guess number {attempt}")
    with pytest.raises(RateLimited) as refused:
        await office.sign_in()
    assert refused.value.retry_after.total_seconds() == 900


async def test_an_unknown_account_is_throttled_like_a_known_one(office: Office) -> None:
    for _ in range(10):
        with pytest.raises(Unauthorized):
            await office.sign_in("nobody")
    with pytest.raises(RateLimited):
        await office.sign_in("nobody")


async def test_guesses_at_many_accounts_from_one_network_are_ended(office: Office) -> None:
    throttle = SignInThrottle(per_account=10, per_address=5)
    tenants = (office.tenant_id, office.other_id)
    strict = build_office(office.database, office.clock, tenants, throttle)
    await strict.hire()
    for number in range(5):
        with pytest.raises(Unauthorized):
            await strict.sign_in(f"name{number}", address=f"2001:db8:1:2::{number}")
    with pytest.raises(RateLimited):
        await strict.sign_in(address="2001:db8:1:2::99")
    assert await strict.sign_in(address="2001:db8:1:3::1")


async def test_attempts_at_the_same_moment_do_not_slip_through(office: Office) -> None:
    await office.hire()
    tries = [office.sign_in(password=f"guess number {number}") for number in range(30)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Unauthorized) for result in results) == 10
    assert sum(isinstance(result, RateLimited) for result in results) == 20


async def test_who_gets_in_starts_to_count_anew(office: Office) -> None:
    await office.hire()
    for _ in range(3):
        for attempt in range(9):
            with pytest.raises(Unauthorized):
                await office.sign_in(password=f"guess number {attempt}")
        assert await office.sign_in()


async def test_a_session_opened_while_the_password_changes_does_not_outlive_it(
    office: Office,
) -> None:
    """Whichever comes first in the database, the old password leaves no open session."""
    made = await office.hire()
    for number in range(5):
        old = PASSWORD if number == 0 else f"new password number {number - 1}"
        results = await asyncio.gather(
            office.sign_in(password=old),
            office.staff.set_password(office.tenant_id, made.id, f"new password number {number}"),
            return_exceptions=True,
        )
        assert not isinstance(results[1], BaseException)
        if not isinstance(results[0], BaseException):
            assert await office.sessions.find_session(results[0].token) is None


async def test_sessions_that_nobody_can_use_are_removed(office: Office) -> None:
    await office.hire()
    for _ in range(3):
        await office.sign_in()
    office.wait(hours=2)
    await office.sign_in()
    assert await count_sessions(office) == 1

"""Accounts and teams, each within its own tenant."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.errors import Conflict, Invalid, NotFound, Unauthorized
from sales.organization.schemas import NewStaff, StaffSummary
from tests.sales.organization.conftest import PASSWORD, Office


def as_new(staff: StaffSummary) -> NewStaff:
    return NewStaff(staff.email, staff.name, staff.role, staff.team_id, staff.phone, staff.timezone)


async def test_staff_are_listed_by_name_and_who_left_comes_last(office: Office) -> None:
    for name in ("cleo", "ada", "bert"):
        await office.hire(name)
    ada = (await office.staff.list_staff(office.tenant_id))[0]
    await office.staff.set_active(office.tenant_id, ada.id, active=False)
    listed = await office.staff.list_staff(office.tenant_id)
    assert [staff.name for staff in listed] == ["Bert", "Cleo", "Ada"]


async def test_reps_are_those_who_can_be_given_a_lead(office: Office) -> None:
    await office.hire("ada", "rep")
    gone = await office.hire("bert", "rep")
    await office.hire("cleo", "manager")
    await office.staff.set_active(office.tenant_id, gone.id, active=False)
    reps = await office.staff.list_reps(office.tenant_id)
    assert [staff.name for staff in reps] == ["Ada"]


async def test_an_address_has_one_account_whoever_asks(office: Office) -> None:
    await office.hire("ada")
    for tenant_id in (office.tenant_id, office.other_id):
        with pytest.raises(Conflict):
            await office.hire("ADA", tenant_id=tenant_id)


@pytest.mark.parametrize(
    ("new", "fault"),
    [
        (NewStaff("nobody", "Ada", "rep"), "e-mail address"),
        (NewStaff("a@acme.example", " ", "rep"), "name"),
        (NewStaff("a@acme.example", "A\x00da", "rep"), "name"),
        (NewStaff("a@acme.example", "x" * 121, "rep"), "name"),
        (NewStaff("a@acme.example", "Ada", "root"), "role"),  # type: ignore[arg-type]
        (NewStaff("a@acme.example", "Ada", "rep", "no-team"), "team"),
        (NewStaff("a@acme.example", "Ada", "rep", phone="1" * 41), "phone"),
        (NewStaff("a@acme.example", "Ada", "rep", timezone="Mars/Base"), "time zone"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_with_the_reason(
    office: Office, new: NewStaff, fault: str
) -> None:
    with pytest.raises(Invalid, match=fault):
        await office.staff.create_staff(office.tenant_id, new, PASSWORD)


async def test_another_tenants_staff_and_teams_do_not_exist(office: Office) -> None:
    theirs = await office.hire("ada", "admin", tenant_id=office.other_id)
    team = await office.staff.create_team(office.other_id, "North")
    staff, here = office.staff, office.tenant_id
    assert await staff.list_staff(here) == []
    assert await staff.list_teams(here) == []
    for attempt in (
        staff.get_staff(here, theirs.id),
        staff.change_staff(here, theirs.id, as_new(theirs)),
        staff.set_active(here, theirs.id, active=False),
        staff.set_password(here, theirs.id, "another long one"),
    ):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(Invalid, match="team"):
        await office.hire("bert", team_id=team.id)
    assert await office.sign_in("ada")


async def test_who_is_shut_out_is_out_at_once(office: Office) -> None:
    ada = await office.hire("ada")
    token = (await office.sign_in()).token
    await office.staff.set_active(office.tenant_id, ada.id, active=False)
    assert await office.sessions.find_session(token) is None
    with pytest.raises(Unauthorized):
        await office.sign_in()
    await office.staff.set_active(office.tenant_id, ada.id, active=True)
    assert await office.sessions.find_session(token) is None
    assert await office.sign_in()


async def test_a_new_role_signs_out_and_a_new_name_does_not(office: Office) -> None:
    ada = await office.hire("ada", "manager")
    token = (await office.sign_in()).token
    new = replace(as_new(ada), name="Ada King")
    await office.staff.change_staff(office.tenant_id, ada.id, new)
    session = await office.sessions.find_session(token)
    assert session is not None
    assert session.principal.name == "Ada King"
    await office.staff.change_staff(office.tenant_id, ada.id, replace(new, role="rep"))
    assert await office.sessions.find_session(token) is None


async def test_the_last_admin_stays(office: Office) -> None:
    ada = await office.hire("ada", "admin")
    with pytest.raises(Conflict, match="last admin"):
        await office.staff.set_active(office.tenant_id, ada.id, active=False)
    with pytest.raises(Conflict, match="last admin"):
        await office.staff.change_staff(office.tenant_id, ada.id, replace(as_new(ada), role="rep"))
    await office.hire("bert", "admin")
    await office.staff.set_active(office.tenant_id, ada.id, active=False)


async def test_of_two_admins_who_shut_each_other_out_one_stays(office: Office) -> None:
    pair = [await office.hire(name, "admin") for name in ("ada", "bert")]
    shut = [office.staff.set_active(office.tenant_id, admin.id, active=False) for admin in pair]
    await asyncio.gather(*shut, return_exceptions=True)
    listed = await office.staff.list_staff(office.tenant_id)
    assert sum(staff.active for staff in listed) == 1


async def test_a_team_has_a_name_of_its_own(office: Office) -> None:
    await office.staff.create_team(office.tenant_id, " North  America ")
    with pytest.raises(Conflict):
        await office.staff.create_team(office.tenant_id, "North America")
    with pytest.raises(Invalid):
        await office.staff.create_team(office.tenant_id, "   ")
    await office.staff.create_team(office.other_id, "North America")
    teams = await office.staff.list_teams(office.tenant_id)
    assert [team.name for team in teams] == ["North America"]

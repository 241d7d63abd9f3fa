"""What each role may do, which rows it sees, and what passwords and addresses must be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from core.errors import Forbidden, Invalid
from sales.organization.rules import (
    ROLES,
    Action,
    check_may,
    check_password,
    may,
    read_email,
    read_role,
    scope_of,
    sees,
    session_ends_at,
)
from sales.organization.schemas import Principal, Role

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NORTH, SOUTH = "team-north", "team-south"


def member(role: Role, team_id: str | None = NORTH, *, machine: bool = False) -> Principal:
    return Principal("t", "key" if machine else "staff", "me", "Me", role, team_id)


# role, own team, owner of the row, team of the row, is it seen
ROWS: list[tuple[Role, str | None, str | None, str | None, bool]] = [
    ("admin", None, None, None, True),
    ("admin", NORTH, "other", SOUTH, True),
    ("manager", NORTH, None, NORTH, True),
    ("manager", NORTH, "other", NORTH, True),
    ("manager", NORTH, "me", SOUTH, True),
    ("manager", NORTH, "other", SOUTH, False),
    ("manager", NORTH, None, SOUTH, False),
    ("manager", NORTH, None, None, False),
    ("manager", None, "other", None, True),
    ("manager", None, None, SOUTH, False),
    ("rep", NORTH, "me", NORTH, True),
    ("rep", NORTH, "me", SOUTH, True),
    ("rep", NORTH, None, NORTH, True),
    ("rep", NORTH, "other", NORTH, False),
    ("rep", NORTH, None, SOUTH, False),
    ("rep", NORTH, None, None, False),
    ("rep", None, None, None, True),
    ("rep", None, "me", None, True),
    ("rep", None, "other", None, False),
    ("rep", None, None, NORTH, False),
]


@pytest.mark.parametrize(("role", "own_team", "owner", "team", "seen"), ROWS)
def test_a_rep_sees_its_own_a_manager_the_team_an_admin_all(
    role: Role, own_team: str | None, owner: str | None, team: str | None, seen: bool
) -> None:
    assert sees(member(role, own_team), owner_id=owner, team_id=team) is seen


@pytest.mark.parametrize(("role", "own_team", "owner", "team", "seen"), ROWS)
def test_a_list_holds_what_can_be_seen_one_by_one(
    role: Role, own_team: str | None, owner: str | None, team: str | None, seen: bool
) -> None:
    scope = scope_of(member(role, own_team))
    mine = owner is not None and owner == scope.staff_id
    of_team = team == scope.team_id and not (scope.unassigned_only and owner is not None)
    assert (scope.everything or mine or of_team) is seen


def test_a_machine_owns_nothing() -> None:
    machine = member("rep", machine=True)
    assert machine.staff_id is None
    assert not sees(machine, owner_id="me", team_id=SOUTH)
    assert sees(machine, owner_id=None, team_id=NORTH)


ADMIN_ONLY = {
    "manage_staff",
    "manage_access",
    "manage_integrations",
    "drop_effects",
    "erase_people",
}
NOT_FOR_REPS = ADMIN_ONLY | {
    "see_health",
    "replay_effects",
    "assign_leads",
    "merge_leads",
    "change_gaps",
    "override_handoffs",
    "see_audit",
}


@pytest.mark.parametrize("action", get_args(Action))
def test_each_role_may_what_the_one_below_may_and_more(action: Action) -> None:
    assert may(member("admin"), action)
    assert may(member("manager"), action) is (action not in ADMIN_ONLY)
    assert may(member("rep"), action) is (action not in NOT_FOR_REPS)


def test_a_refusal_names_the_role_that_is_needed() -> None:
    with pytest.raises(Forbidden, match="this needs admin or manager"):
        check_may(member("rep"), "assign_leads")
    check_may(member("manager"), "assign_leads")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "at least 12"),
        ("", "at least 12"),
        ("x" * 257, "at most 256"),
        ("ada.lovelace@acme.example", "must not be the e-mail"),
        (" ADA.LOVELACE@acme.example", "must not be the e-mail"),
        ("ada.lovelace", "must not be the e-mail"),
        ("aaaaaaaaaaaaaaaa", "repeats too few"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, fault: str) -> None:
    with pytest.raises(Invalid, match=fault):
        check_password(password, "ada.lovelace@acme.example")


@pytest.mark.parametrize("password", ["correct horse", "пароль-пароль", "🐝🌻🚲🎈 and more bees"])
def test_any_other_password_is_taken(password: str) -> None:
    check_password(password, "ada@acme.example")


def test_an_address_is_found_however_it_was_typed() -> None:
    assert read_email("  Ada@Acme.Example ") == "ada@acme.example"


@pytest.mark.parametrize(
    "text", ["", "ada", "ada@acme", "a b@acme.example", "a@b@c.de", "<a@b.cd>", "x" * 250 + "@a.bc"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_email(text)


def test_a_role_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(Invalid, match="admin, manager, rep"):
        read_role("root")
    assert [read_role(role) for role in ROLES] == list(ROLES)


def test_a_session_ends_half_an_hour_after_its_last_use() -> None:
    seen = NOON + timedelta(hours=3)
    assert session_ends_at(NOON, seen) == seen + timedelta(minutes=30)


def test_a_session_ends_after_twelve_hours_in_any_case() -> None:
    seen = NOON + timedelta(hours=11, minutes=50)
    assert session_ends_at(NOON, seen) == NOON + timedelta(hours=12)

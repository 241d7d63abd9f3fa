"""Packages are checked as the published JSON Schema says: another library reads it as ours does."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from sales.handoffs.package_schema import (
    build_schema,
    check_package,
    read_moment,
)
from sales.handoffs.package_verticals import PACKS, fill_sections
from tests.contracts.sales_system import PACKAGE

WHOLE: dict[str, Any] = {
    **PACKAGE,
    "leadId": "a",
    "externalLeadId": "a",
    **{
        name: section
        for pack in PACKS.values()
        for name, section in fill_sections(pack, {}, {}).items()
    },
}
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, 1, -1, 1.0, 1.5, 101, 10**30, "", "x", "hot", "high", "a@b", "a b@c",
     "x" * 1001, "x" * 4001, "\U0001f600" * 320, "2026-12-01T09:00:00Z", "2026-13-01T09:00:00Z",
     "2026-12-01", [], [1], ["x"], ["x"] * 201, [{}], {}, {"type": "call"}]
)  # fmt: skip


def build_reference() -> Any:
    """The pure Python validator, with our reading of the two formats."""
    checker = FormatChecker(())
    checker.checks("date-time")(lambda value: not isinstance(value, str) or read_moment(value))
    checker.checks("email")(
        lambda value: (
            not isinstance(value, str)
            or (value.count("@") == 1 and all(value.split("@")) and not set(value) & {" ", "\n"})
        )
    )
    return Draft202012Validator(build_schema(), format_checker=checker)


REFERENCE = build_reference()


def list_places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every member of a package, and of what stands in it."""
    members: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        members = list(value.items())
    elif isinstance(value, list):
        members = list(enumerate(value))
    for name, inner in members:
        yield (*at, name)
        yield from list_places(inner, (*at, name))


PLACES = sorted(list_places(WHOLE), key=str)


def put(package: Any, place: tuple[str | int, ...], value: Any, *, remove: bool) -> None:
    """Something else at this place, where there still is such a place."""
    *way, name = place
    for step in way:
        package = package[step] if isinstance(package, dict) and step in package else {}
    if isinstance(package, dict) and remove:
        package.pop(name, None)
    elif isinstance(package, dict):
        package[name] = value


@given(st.lists(st.tuples(st.sampled_from(PLACES), ODD, st.booleans()), min_size=1, max_size=2))
def test_another_library_finds_fault_with_the_same_members(changes: list[Any]) -> None:
    package = copy.deepcopy(WHOLE)
    for place, value, remove in changes:
        put(package, place, value, remove=remove)
    # One error of the reference for each missing member, at the object that lacks it.
    expected = {".".join(map(str, error.absolute_path)) for error in REFERENCE.iter_errors(package)}
    found = {
        one["field"].rpartition(".")[0] if one["code"] == "MISSING_FIELD" else one["field"]
        for one in check_package(package)
    }
    assert found == expected


@pytest.mark.parametrize(
    ("place", "value", "code"),
    [
        (("contact", "email"), "nobody", "WRONG_FORMAT"),
        (("contact", "firstName"), 7, "WRONG_TYPE"),
        (("contact", "firstName"), "x" * 1001, "TOO_LONG"),
        (("leadId",), "", "EMPTY"),
        (("leadScoring", "overallScore"), 101, "OUT_OF_RANGE"),
        (("leadScoring", "overallScore"), -1, "OUT_OF_RANGE"),
        (("leadScoring", "tier"), "boiling", "UNKNOWN_VALUE"),
        (("behavioralContext", "pagesVisited"), ["x"] * 201, "TOO_MANY"),
        (("behavioralContext", "emailEngagement"), 7, "INVALID"),
        (("opportunity", "timeline"), 7, "INVALID"),
    ],
)
def test_each_kind_of_fault_has_its_code(place: tuple[str, ...], value: Any, code: str) -> None:
    package = copy.deepcopy(WHOLE)
    put(package, place, value, remove=False)
    [problem] = check_package(package)
    assert (problem["field"], problem["code"]) == (".".join(place), code)

"""From what is known of a lead to a CRM's fields: nothing cut, nothing guessed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.protocols.crm import CrmField, FieldType
from sales.crm_sync.mapping import PATHS, check_fields, check_paths, convert, map_fields
from sales.crm_sync.rules import choose_lead_state, count_room, list_changes
from tests.sales.crm_sync.world import CrmWorld, open_crm_world

PLACE = "sales_agent.crm_integration.hubspot.field_mapping"
NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)


def field(kind: FieldType, **values: Any) -> CrmField:
    return CrmField("f", "Field", kind, **values)


@pytest.mark.parametrize(
    ("fact", "into", "expected"),
    [
        ("Ana", field("text", max_length=3), "Ana"),
        (72, field("text"), "72"),
        (True, field("text"), "yes"),
        (["a", "b"], field("long_text"), "a, b"),
        (72, field("number"), 72),
        (False, field("boolean"), False),
        (NOW, field("date"), NOW),
        ("hot", field("picklist", options=("Cold", "Hot")), "Hot"),
        (True, field("picklist", options=("Yes", "No")), "Yes"),
        (["alerts"], field("multi_picklist", options=("Alerts", "Other")), ("Alerts",)),
        ("alerts", field("multi_picklist", options=("Alerts",)), ("Alerts",)),
    ],
)
def test_a_value_becomes_what_its_field_takes(fact: Any, into: CrmField, expected: Any) -> None:
    assert convert(fact, into) == expected


@pytest.mark.parametrize(
    ("fact", "into", "words"),
    [
        ("Anna", field("text", max_length=3), "4 characters are more than the 3"),
        ("many", field("number"), "takes a number"),
        (True, field("number"), "takes a number"),
        ("yes", field("boolean"), "takes yes or no"),
        ("tomorrow", field("date"), "takes a date"),
        ("tepid", field("picklist", options=("Cold", "Hot")), "tepid is no choice of Field: Cold"),
    ],
)
def test_a_value_that_does_not_fit_says_why(fact: Any, into: CrmField, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        convert(fact, into)


def test_what_does_not_fit_is_left_out_whole_and_what_is_unknown_empties_nothing() -> None:
    fields = {
        "short": CrmField("short", "Short", "text", max_length=5),
        "size": CrmField("size", "Size", "picklist", options=("S", "L")),
        "gone": CrmField("gone", "Gone", "text", read_only=True),
        "phone": CrmField("phone", "Phone", "text"),
    }
    mapping = {
        "short": "summary.text",
        "size": "profile.company_size",
        "gone": "score.tier",
        "nowhere": "score.tier",
        "phone": "profile.phone",
    }
    facts = {"summary.text": "a long story", "profile.company_size": "XL", "score.tier": "hot"}
    mapped = map_fields(mapping, facts, fields)
    assert mapped.values == {}
    left = {one.field: one for one in mapped.left_out}
    assert set(left) == {"short", "size", "gone", "nowhere"}
    assert left["short"].whole == "a long story"
    assert left["size"].whole == ""


def test_a_path_that_does_not_exist_names_the_nearest() -> None:
    mapping = {"person": {"a": "score.totl", "b": "custom.locations", "c": "custom.other"}, "x": {}}
    problems = check_paths(mapping, ["locations"], PLACE)
    assert (
        problems[0] == f"{PLACE}.person.a: there is no path score.totl. Did you mean score.total?"
    )
    assert len(problems) == 3
    assert check_paths({"person": dict.fromkeys("abc", "lead.url")}, [], PLACE) == []
    assert "attribution.first.utm.campaign" in PATHS


def test_a_mapping_is_held_against_the_crms_own_fields() -> None:
    fields = [
        CrmField("points", "Points", "number"),
        CrmField("created", "Created", "datetime", read_only=True),
    ]
    mapping = {
        "points": "score.tier",
        "point": "score.total",
        "created": "lead.created_at",
    }
    wrong, missing, fixed = check_fields(mapping, fields, {}, PLACE)
    assert "score.tier is text, the field is number" in wrong
    assert "Did you mean points?" in missing
    assert "does not let it be written" in fixed
    assert check_fields({"points": "custom.sites"}, fields, {"sites": "number"}, PLACE) == []


def test_the_most_pressing_state_speaks_for_the_lead() -> None:
    assert choose_lead_state([]) == "never"
    assert choose_lead_state(["in_step", "waiting"]) == "waiting"
    assert choose_lead_state(["in_step", "failed", "waiting"]) == "failed"


def test_a_span_that_is_over_begins_anew() -> None:
    span = timedelta(seconds=10)
    assert count_room(90, NOW, NOW + timedelta(seconds=4), calls=100, per=span)[0] == 10
    assert count_room(120, NOW, NOW + timedelta(seconds=4), calls=100, per=span)[0] == 0
    assert count_room(90, NOW, NOW + span, calls=100, per=span)[0] == 100


def test_a_change_is_told_once_and_what_was_never_sent_is_none() -> None:
    sent, theirs = {"title": "CFO"}, {"title": "CEO", "other": "x"}
    assert list_changes(sent, theirs, {}) == {"title": ("CFO", "CEO")}
    assert list_changes(sent, theirs, {"title": "CEO"}) == {}


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "test.sqlite")
    return f"sqlite:///{tmp_path / 'test.sqlite'}"


@pytest.fixture
async def opened(sqlite_url: str, tmp_path: Path) -> AsyncIterator[CrmWorld]:
    mapping = "field_mapping: {person: {test_size: profile.industry, jobtitle: profile.job_title}}"
    world = await open_crm_world(sqlite_url, tmp_path / "data", more=mapping)
    yield world
    await world.world.close()
    world.crm.stop()
    assert world.crm.errors == []


async def test_a_choice_that_is_none_and_a_text_that_is_too_long_hold_up_nobody(
    opened: CrmWorld,
) -> None:
    title = "Head of " + "very " * 30 + "cold storage"
    fits = await opened.enter(email="bo@x.example", last_name="Bo", industry="small")
    other = await opened.enter(email="ana@x.example", industry="Huge", title=title)
    await opened.parts.sync.plan_lead(opened.tenant_id, fits)
    await opened.settle()
    # HubSpot's own texts are all long: as another CRM would have it.
    ((account, known),) = opened.parts.pusher.known.items()
    short = replace(known.person["jobtitle"], max_length=40)
    opened.parts.pusher.known[account] = replace(known, person={**known.person, "jobtitle": short})
    await opened.parts.sync.plan_lead(opened.tenant_id, other)
    await opened.settle()
    by_id = {one["sales_agent_id"]: one for one in opened.list_contacts()}
    assert by_id[fits]["test_size"] == "Small"
    assert not by_id[other].get("test_size")
    assert not by_id[other].get("jobtitle")
    sync = await opened.read_sync(other)
    assert sync.state == "in_step"
    assert sync.person is not None
    why = {one["field"]: one["why"] for one in sync.person.left_out}
    assert "Huge is no choice" in why["test_size"]
    assert "more than the 40" in why["jobtitle"]
    notes = "".join(opened.list_bodies("notes", "hs_note_body"))
    assert notes.count("very ") == 30
    assert "cold storage" in notes

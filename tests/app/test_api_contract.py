"""What programs rely on stays: the API as it is, held against the API as it was frozen."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.api_compatibility import describe_breaks, list_breaks, list_schema_breaks
from app.api_document import FOLDER, check_frozen, freeze, read_frozen, write_frozen
from app.documenting import ALLOW, build_api, list_handoff_breaks, main
from core.clock import SystemClock
from sales.handoffs import package_schema as handoff_schema

ROOT = Path(__file__).parents[2]
TODAY = date(2026, 12, 1)
Json = dict[str, Any]
LEAD, LEADS = "/api/v1/leads/{lead_id}", "/api/v1/leads"
REPORT, START = "/api/v1/marketing/lead-feedback", "/api/v1/chat/conversations"


@pytest.fixture(scope="module")
def live() -> Json:
    return build_api()


def test_nothing_that_was_promised_is_broken(live: Json) -> None:
    breaks = check_frozen(live, ROOT / FOLDER, SystemClock().now().date())
    assert not breaks, describe_breaks(breaks)


def test_what_is_new_is_promised_too(live: Json) -> None:
    frozen = read_frozen(ROOT / FOLDER)
    stale = [name for name, text in freeze(live).items() if frozen.pop(name, "") != text]
    assert not [*stale, *frozen], "freeze it too, with: python -m app.documenting"


def test_every_operation_is_frozen_once(live: Json) -> None:
    listed = [(path, method) for path, item in live["paths"].items() for method in item]
    files = [json.loads(text)["paths"] for text in read_frozen(ROOT / FOLDER).values()]
    frozen = [(path, method) for paths in files for path in paths for method in paths[path]]
    assert sorted(frozen) == sorted(listed)
    assert len(frozen) > 60


def test_no_answer_is_described_that_is_never_given(live: Json) -> None:
    answers = [one["responses"] for item in live["paths"].values() for one in item.values()]
    assert not [found for found in answers if "422" in found]
    assert "HTTPValidationError" not in live["components"]["schemas"]


def test_the_package_stays_readable_for_both_sides() -> None:
    assert list_handoff_breaks(ROOT / "docs" / "schemas") == []
    now = handoff_schema.build_schema()
    changed = copy.deepcopy(now)
    contact = changed["properties"]["contact"]
    contact["properties"].pop("phone")
    contact["required"].remove("email")
    changed["properties"]["sla"]["properties"]["priorityLevel"]["enum"].append("at once")
    words = {str(one) for one in list_schema_breaks("package", now, changed)}
    assert "package: as we read it.contact.phone: is gone or has another name" in words
    assert "package: as we send it.contact.email: may be missing now" in words
    assert len(words) == 3
    changed["x-version"] = "2.0"
    assert list_schema_breaks("package", now, changed) == []


def schema(document: Json, name: str) -> Json:
    found: Json = document["components"]["schemas"][name]
    return found


def body(document: Json, path: str, method: str = "post") -> Json:
    content = document["paths"][path][method]["requestBody"]["content"]["application/json"]
    found: Json = content["schema"]
    return found


def parameter(document: Json, path: str, name: str) -> Json:
    listed = document["paths"][path]["get"]["parameters"]
    found: Json = next(one for one in listed if one["name"] == name)
    return found


def _rename(members: Json, name: str) -> None:
    members[f"{name}_2"] = members.pop(name)


BREAKING: dict[str, tuple[Callable[[Json], object], str]] = {
    "a path is removed": (
        lambda one: one["paths"].pop(LEAD),
        f"GET {LEAD}: operation: is gone or has another name",
    ),
    "a path is renamed": (
        lambda one: _rename(one["paths"], LEADS),
        f"POST {LEADS}: operation: is gone",
    ),
    "a method is removed": (
        lambda one: one["paths"][LEAD].pop("patch"),
        f"PATCH {LEAD}: operation: is gone",
    ),
    "a field of an answer is removed": (
        lambda one: schema(one, "LeadOut")["properties"].pop("score"),
        f"GET {LEAD}: answer 200.score: is gone",
    ),
    "a field within a list is renamed": (
        lambda one: _rename(schema(one, "CitationOut")["properties"], "quote"),
        "answer 200.citations[].quote: is gone",
    ),
    "a field of an answer may be null": (
        lambda one: schema(one, "LeadOut")["properties"].update(score={"type": ["null"]}),
        "answer 200.score: null may come now",
    ),
    "a field of an answer may be missing": (
        lambda one: schema(one, "LeadOut")["required"].remove("id"),
        f"GET {LEAD}: answer 200.id: may be missing now",
    ),
    "a value of an answer is renamed": (
        lambda one: schema(one, "TranscriptOut")["properties"]["status"].update(enum=["open"]),
        "answer 200.status: the value 'ended' is gone",
    ),
    "an answer has another status": (
        lambda one: _rename(one["paths"][START]["post"]["responses"], "201"),
        f"POST {START}: answer 201: comes no more",
    ),
    "an answer has another format": (
        lambda one: _rename(
            one["paths"][LEADS]["get"]["responses"]["200"]["content"], "application/json"
        ),
        f"GET {LEADS}: answer 200: is no longer application/json",
    ),
    "the error body changes": (
        lambda one: schema(one, "ErrorContent")["properties"].pop("details"),
        f"GET {LEAD}: answer 404.error.details: is gone",
    ),
    "an optional field of a request is required": (
        lambda one: schema(one, "CreateLead").update(required=["email"]),
        f"POST {LEADS}: body.email: is required now",
    ),
    "a new field of a request is required": (
        lambda one: body(one, REPORT)["required"].append("reason"),
        f"POST {REPORT}: body.reason: is required now",
    ),
    "a field of a request is removed": (
        lambda one: schema(one, "CreateLead")["properties"].pop("phone"),
        f"POST {LEADS}: body.phone: is gone",
    ),
    "a field of a request may not be null": (
        lambda one: schema(one, "CreateLead")["properties"].update(phone={"type": "string"}),
        f"POST {LEADS}: body.phone: null is not taken any more",
    ),
    "a number is narrowed to a whole one": (
        lambda one: body(one, REPORT)["properties"].update(revenue={"type": ["integer", "null"]}),
        f"POST {REPORT}: body.revenue: number is not taken any more",
    ),
    "a text is shorter": (
        lambda one: schema(one, "StartRequest")["properties"]["locale"].update(maxLength=2),
        f"POST {START}: body.locale: maxLength is 2 now, and was 64",
    ),
    "a value of a request is removed": (
        lambda one: body(one, REPORT)["properties"]["qualificationStatus"]["enum"].remove(
            "nurture"
        ),
        f"POST {REPORT}: body.qualificationStatus: the value 'nurture' is gone",
    ),
    "only some values are taken": (
        lambda one: schema(one, "CreateLead")["properties"]["source"].update(enum=["api"]),
        f"POST {LEADS}: body.source: only ['api'] are taken now",
    ),
    "unknown members are refused": (
        lambda one: schema(one, "StartRequest").update(additionalProperties=False),
        f"POST {START}: body: unknown members are refused now",
    ),
    "a default changes": (
        lambda one: parameter(one, LEADS, "limit")["schema"].update(default=10),
        f"GET {LEADS}: query parameter limit: left out, it means 10",
    ),
    "a parameter is removed": (
        lambda one: one["paths"][LEADS]["get"]["parameters"].remove(parameter(one, LEADS, "q")),
        f"GET {LEADS}: query parameter q: is gone",
    ),
    "a parameter is required": (
        lambda one: parameter(one, LEADS, "q").update(required=True),
        f"GET {LEADS}: query parameter q: is required now",
    ),
    "a parameter is new and required": (
        lambda one: one["paths"][LEADS]["get"]["parameters"].append(
            {"in": "query", "name": "why", "required": True, "schema": {}}
        ),
        f"GET {LEADS}: query parameter why: is new and required",
    ),
}
HARMLESS: dict[str, Callable[[Json], object]] = {
    "a new path": lambda one: one["paths"].update({"/api/v1/x": {"get": {"responses": {}}}}),
    "a new field of an answer": lambda one: schema(one, "LeadOut")["properties"].update(x={}),
    "a new optional field of a request": lambda one: schema(one, "CreateLead")["properties"].update(
        x={"type": "string"}
    ),
    "a new optional parameter": lambda one: one["paths"][LEADS]["get"]["parameters"].append(
        {"in": "query", "name": "why", "schema": {}}
    ),
    "a longer text": lambda one: schema(one, "StartRequest")["properties"]["locale"].update(
        maxLength=65
    ),
    "a new value in a request": lambda one: body(one, REPORT)["properties"]["qualificationStatus"][
        "enum"
    ].append("later"),
    "a field that is always there": lambda one: schema(one, "TranscriptOut")["required"].append(
        "awaits_staff"
    ),
    "a mark that it will go": lambda one: one["paths"][LEAD]["get"].update(deprecated=True),
    "other words": lambda one: one["paths"][LEAD]["get"].update(description="Other words."),
}


@pytest.mark.parametrize("case", BREAKING)
def test_a_breaking_change_is_named(live: Json, case: str) -> None:
    change, expected = BREAKING[case]
    changed = copy.deepcopy(live)
    change(changed)
    words = describe_breaks(list_breaks(live, changed, TODAY))
    assert expected in words
    assert "docs/versioning.md" in words


@pytest.mark.parametrize("case", HARMLESS)
def test_an_addition_breaks_nobody(live: Json, case: str) -> None:
    changed = copy.deepcopy(live)
    HARMLESS[case](changed)
    assert list_breaks(live, changed, TODAY) == []


def test_only_what_was_deprecated_long_enough_may_go(live: Json) -> None:
    marked = copy.deepcopy(live)
    marked["paths"][LEAD]["get"].update({"deprecated": True, "x-sunset": "2026-12-01"})
    without = copy.deepcopy(live)
    without["paths"][LEAD].pop("get")
    assert len(list_breaks(live, without, TODAY)) == 1
    assert len(list_breaks(marked, without, date(2026, 11, 30))) == 1
    assert list_breaks(marked, without, TODAY) == []


def test_the_command_freezes_additions_and_refuses_breaks(
    live: Json,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs" / "schemas").mkdir(parents=True)
    fewer = copy.deepcopy(live)
    fewer["paths"].pop(LEAD)
    write_frozen(fewer, FOLDER)
    assert main([]) == 0
    assert read_frozen(FOLDER) == freeze(live)
    promised = copy.deepcopy(live)
    schema(promised, "LeadOut")["properties"]["shoe_size"] = {"type": "integer"}
    write_frozen(promised, FOLDER)
    before = read_frozen(FOLDER)
    assert main([]) == 1
    assert f"GET {LEAD}: answer 200.shoe_size: is gone" in capsys.readouterr().err
    assert read_frozen(FOLDER) == before
    assert main([ALLOW]) == 0
    assert read_frozen(FOLDER) == freeze(live)

"""The judge itself: it refuses what a vendor would refuse, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.specification import Specification, load_specification

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example/v1"}],
    "security": [{"key": []}],
    "paths": {
        "/things/mine": {"get": {"responses": {"200": {"description": "yes"}}}},
        "/things/{id}": {
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "get": {
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 9}},
                    {
                        "name": "tags",
                        "in": "query",
                        "schema": {"type": "array", "items": {"enum": ["a", "b"]}},
                    },
                    {"$ref": "#/components/parameters/version"},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                        }
                    }
                },
            },
            "put": {
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}
                    },
                },
                "responses": {"default": {"description": "done"}},
            },
        },
    },
    "components": {
        "parameters": {
            "version": {
                "name": "X-Version",
                "in": "header",
                "required": True,
                "schema": {"type": "string"},
            }
        },
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "Api-Key"}},
        "schemas": {
            "Named": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "maxLength": 5}},
            },
            "Thing": {
                "allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {
                        "type": "object",
                        "properties": {
                            "made": {"type": "string", "format": "date-time", "nullable": True},
                            "free": {"type": "object"},
                            "owner": {"$ref": "#/components/schemas/Named"},
                            "size": {
                                "oneOf": [
                                    {"type": "number"},
                                    {"type": "object", "properties": {"w": {"type": "number"}}},
                                ]
                            },
                        },
                    },
                ]
            },
        },
    },
}
HEADERS = {"api-key": "k", "X-Version": "1", "Content-Type": "application/json"}


def check(method: str, target: str, body: Any = None, headers: Any = None) -> list[str]:
    sent = json.dumps(body).encode() if body is not None else b""
    given = HEADERS if headers is None else headers
    return Specification(DOCUMENT).check_request(method, target, headers=given, body=sent)


@pytest.mark.parametrize(
    "target", ["/things/4", "/v1/things/4?limit=9", "/things/4?tags=a&tags=b", "/things/mine"]
)
def test_what_is_described_passes(target: str) -> None:
    assert check("GET", target) == []


@pytest.mark.parametrize(
    ("target", "word"),
    [
        ("/thing/4", "no such operation"),
        ("/things/four", "path id"),
        ("/things/4?limit=10", "maximum"),
        ("/things/4?limit=many", "limit"),
        ("/things/4?tags=c", "tags"),
        ("/things/4?page=2", "query page: unknown"),
    ],
)
def test_what_is_not_described_is_named(target: str, word: str) -> None:
    (problem,) = check("GET", target)
    assert word in problem


def test_missing_headers_and_credentials_are_named() -> None:
    problems = check("GET", "/things/4", headers={})
    assert ["lacks X-Version" in problems[0], "credentials" in problems[1]] == [True, True]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "ok"},
        {"name": "ok", "made": None, "free": {"any": 1}, "size": 3},
        {"name": "ok", "made": "2026-11-22T10:00:00Z", "owner": {"name": "me"}, "size": {"w": 1}},
    ],
)
def test_bodies_as_described_pass(body: Any) -> None:
    assert check("PUT", "/things/4", body) == []


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"name": "too long"},
        {"name": "ok", "colour": "red"},
        {"name": "ok", "owner": {"name": "me", "age": 3}},
        {"name": "ok", "size": {"h": 1}},
        {"name": "ok", "made": "yesterday"},
        {"name": "ok", "made": "2026-11-22T10:00:00"},
    ],
)
def test_unknown_fields_are_refused_at_every_depth(body: Any) -> None:
    assert check("PUT", "/things/4", body)


def test_answers_are_judged_as_well() -> None:
    judge = Specification(DOCUMENT)
    assert judge.check_response("GET", "/things/4", 200, b'{"name": "ok"}') == []
    assert judge.check_response("GET", "/things/4", 200, b'{"title": "ok"}')
    assert judge.check_response("GET", "/things/4", 404, b"")


def test_records_of_each_account_may_be_left_open() -> None:
    body = b'{"name": "ok", "colour": "red"}'
    strict = Specification(DOCUMENT).check_request("PUT", "/things/4", headers=HEADERS, body=body)
    free = Specification(DOCUMENT, free=["Thing"])
    assert strict
    assert free.check_request("PUT", "/things/4", headers=HEADERS, body=body) == []


def test_swagger_two_is_read_with_forms_and_json() -> None:
    slack = load_specification("slack")
    headers = {"token": "x", "Authorization": "Bearer x"}
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    assert (
        slack.check_request(
            "POST", "/api/chat.postMessage", headers=form, body=b"channel=C1&text=Hi&mrkdwn=true"
        )
        == []
    )
    assert slack.check_request(
        "POST", "/api/chat.postMessage", headers=form, body=b"channel=C1&txt=Hi"
    )


@pytest.mark.parametrize(
    "name",
    ["calendly", "hubspot", "openai", "openai_responses", "pinecone_control", "pinecone_data",
     "sendgrid", "slack", "zoho"],
)  # fmt: skip
def test_every_published_specification_can_be_read(name: str) -> None:
    document = load_specification(name)
    assert document.check_request("GET", "/no/such/path")


def test_a_published_request_passes_and_one_more_field_fails() -> None:
    openai = load_specification("openai")
    headers = {"Authorization": "Bearer x", "Content-Type": "application/json"}
    body: dict[str, Any] = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    path = "/v1/chat/completions"
    assert openai.check_request("POST", path, headers=headers, body=json.dumps(body).encode()) == []
    body["stream_options"]["more"] = 1
    assert openai.check_request("POST", path, headers=headers, body=json.dumps(body).encode())

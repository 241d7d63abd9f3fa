"""Every refusal has S2's error body, a request id, and no trace of our insides."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from agent.answers import Draft
from agent.responder import TurnContext
from app.runtime import Runtime
from app.wiring import Resources
from core.db import Database
from tests.app.threaded import ThreadedServer, build_runtime, swap_turn
from tests.support.visitor import Visitor, check_error
from tests.support.website import SITE_KEY, write_website

START = "/api/v1/chat/conversations"


def test_an_unknown_address_is_not_found(http: httpx.Client) -> None:
    for path in ("/nothing", "/api/v1/nothing", "/api/v2/chat/conversations", "/%00", "/.env"):
        check_error(http.get(path), 404, "NOT_FOUND")


def test_a_wrong_method_names_the_right_ones(http: httpx.Client) -> None:
    response = http.delete(START)
    check_error(response, 405, "METHOD_NOT_ALLOWED")
    assert "POST" in response.headers["allow"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"{}",
        b'{"site_key": 5}',
        b'{"site_key": ""}',
        b'{"site_key": "bikes", "page": "x"}',
        b'{"site_key": "bikes", "params": [1]}',
        b'{"site_key": "bikes", "params": {"a": {"b": 1}}}',
        b'{"site_key": "bikes", "channel": "<script>"}',
        b'{"site_key": "\xff\xfe"}',
        b"[" * 100_000,
        b'{"site_key": "bikes", "params": {"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}}",
        b'{"site_key": "bikes", "params": {"a": ' + b"9" * 6000 + b"}}",
        b'{"site_key": "bikes", "page": {"url": "' + b"u" * 9000 + b'"}}',
    ],
)
def test_a_body_of_another_form_is_a_validation_error(http: httpx.Client, body: bytes) -> None:
    response = http.post(START, content=body, headers={"content-type": "application/json"})
    check_error(response, 400, "VALIDATION_ERROR")


def test_a_body_of_another_content_type_is_refused_with_the_fix(http: httpx.Client) -> None:
    content = b'{"site_key": "bikes"}'
    response = http.post(START, content=content, headers={"content-type": "text/plain"})
    error = check_error(response, 400, "VALIDATION_ERROR")
    assert "application/json" in error["message"]


def test_rejected_values_are_not_repeated(http: httpx.Client) -> None:
    body = {"site_key": {"email": "ann@private.example"}}
    response = http.post(START, json=body)
    check_error(response, 400, "VALIDATION_ERROR")
    assert "ann@private.example" not in response.text


def test_a_body_beyond_the_limit_is_too_large_announced_or_not(http: httpx.Client) -> None:
    big = b'{"site_key": "' + b"x" * 400_000 + b'"}'
    headers = {"content-type": "application/json"}
    error = check_error(http.post(START, content=big, headers=headers), 413, "VALIDATION_ERROR")
    assert "256 KB" in error["message"]
    parts = (big[start : start + 9000] for start in range(0, len(big), 9000))
    check_error(http.post(START, content=parts, headers=headers), 413, "VALIDATION_ERROR")


def test_endless_headers_are_refused(http: httpx.Client) -> None:
    assert http.get("/healthz", headers={"x-long": "a" * 30_000}).status_code == 200
    # The server may close the connection while the client still writes: both are a refusal.
    with contextlib.suppress(httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
        response = http.get("/healthz", headers={"x-long": "a" * 2_000_000})
        assert response.status_code == 400
    assert http.get("/healthz").status_code == 200


def test_several_requests_of_one_connection_are_all_answered(http: httpx.Client) -> None:
    body = {"site_key": SITE_KEY, "page": {"title": "t" * 1900}}
    for _ in range(60):
        assert http.post(START, json=body).status_code == 201


def test_a_request_id_is_taken_over_if_it_looks_like_one(http: httpx.Client) -> None:
    given = str(uuid.uuid4())
    response = http.get("/nothing", headers={"x-request-id": given})
    assert check_error(response, 404, "NOT_FOUND")["request_id"] == given
    for strange in ("x", "a b c d e f g", "<script>alert(1)</script>", "a" * 65):
        own = http.get("/nothing", headers={"x-request-id": strange})
        assert uuid.UUID(check_error(own, 404, "NOT_FOUND")["request_id"])


def test_the_timestamp_is_of_now_in_utc(http: httpx.Client) -> None:
    stamp = check_error(http.get("/nothing"), 404, "NOT_FOUND")["timestamp"]
    at = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - at).total_seconds()) < 60


def test_an_unknown_site_key_is_not_found(http: httpx.Client) -> None:
    error = check_error(http.post(START, json={"site_key": "nobody"}), 404, "NOT_FOUND")
    assert "site" in error["message"]


def test_too_many_messages_are_refused_with_a_time_to_wait(tmp_path: Path) -> None:
    limits = "limits: {messages_per_minute_per_visitor: 3, conversations_per_minute_per_address: 4}"
    config = write_website(tmp_path, more=limits)
    with ThreadedServer(lambda: build_runtime(config)) as server:
        visitor = Visitor.arrive(server.http)
        for _ in range(3):
            visitor.ask("Hello")
        refused = visitor.send("Hello")
        error = check_error(refused, 429, "RATE_LIMIT_EXCEEDED")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert error["details"]["retry_after_seconds"] == int(refused.headers["retry-after"])
        other = Visitor.arrive(server.http)
        assert other.ask("Hello")["text"]
        for _ in range(2):
            Visitor.arrive(server.http)
        many = server.http.post(START, json={"site_key": SITE_KEY})
        check_error(many, 429, "RATE_LIMIT_EXCEEDED")


class _Broken:
    """A responder with a mistake in it."""

    def respond(self, context: TurnContext) -> Draft:
        raise ZeroDivisionError(f"geheim: {context.text}")


def _break_responder(runtime: Runtime) -> None:
    swap_turn(runtime, responder=_Broken())


def test_a_mistake_of_ours_is_a_500_without_its_story(tmp_path: Path) -> None:
    config = write_website(tmp_path)
    with ThreadedServer(lambda: build_runtime(config, then=_break_responder)) as server:
        visitor = Visitor.arrive(server.http, {"origin": "https://www.brightwater.example"})
        for accept in ("application/json", "text/event-stream"):
            response = visitor.send("How much is it?", accept=accept)
            check_error(response, 500, "INTERNAL_ERROR")
            assert "geheim" not in response.text
            allowed = response.headers["access-control-allow-origin"]
            assert allowed == "https://www.brightwater.example"
        assert visitor.transcript()["messages"] == []


def _without_database(url: str) -> Callable[[Resources], Resources]:
    return lambda resources: replace(resources, database=Database(url))


@pytest.mark.parametrize(
    "url", ["sqlite:////nowhere/at/all.db", "postgresql://nobody:geheim@127.0.0.1:1/nothing"]
)
def test_a_database_that_is_gone_is_said_as_unavailable(tmp_path: Path, url: str) -> None:
    config = write_website(tmp_path)
    with ThreadedServer(lambda: build_runtime(config, _without_database(url))) as server:
        start = server.http.post(START, json={"site_key": SITE_KEY})
        check_error(start, 503, "UNAVAILABLE")
        for response in (start, server.http.get("/readyz"), server.http.get("/healthz")):
            assert "geheim" not in response.text
        assert server.http.get("/readyz").status_code == 503
        assert server.http.get("/healthz").status_code == 200

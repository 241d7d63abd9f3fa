"""A conversation belongs to who began it, on the websites that its site names."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.wiring import Resources
from core.clock import FixedClock
from tests.app.conftest import Served
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import Visitor, check_error
from tests.support.website import BASE_URL, SITE_KEY, write_website

START = "/api/v1/chat/conversations"
Call = Callable[[Visitor, dict[str, str]], httpx.Response]


def _restore(visitor: Visitor, headers: dict[str, str]) -> httpx.Response:
    return visitor.http.get(visitor.path, headers=headers)


def _send(visitor: Visitor, headers: dict[str, str]) -> httpx.Response:
    body = {"message_id": "m", "text": "Hello"}
    return visitor.http.post(f"{visitor.path}/messages", json=body, headers=headers)


def _view(visitor: Visitor, headers: dict[str, str]) -> httpx.Response:
    body = {"page": {"url": BASE_URL}}
    return visitor.http.post(f"{visitor.path}/page-views", json=body, headers=headers)


def _end(visitor: Visitor, headers: dict[str, str]) -> httpx.Response:
    return visitor.http.post(f"{visitor.path}/end", headers=headers)


CALLS = pytest.mark.parametrize("call", [_restore, _send, _view, _end])


def _forge(token: str, **claims: object) -> str:
    head, body, _ = token.split(".")
    content = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps({**content, **claims}).encode()).rstrip(b"=")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=")
    signature = "" if claims.get("alg") == "none" else "A" * 43
    return f"{none.decode() if not signature else head}.{changed.decode()}.{signature}"


@CALLS
def test_no_call_goes_without_the_conversations_own_token(served: Served, call: Call) -> None:
    visitor, stranger = served.arrive(), served.arrive()
    token = visitor.started["token"]
    wrong = [
        "",
        "Bearer",
        "Bearer nonsense",
        "Bearer " + "a" * 5000,
        f"Basic {token}",
        f"Bearer {token[:-2]}xx",
        f"Bearer {_forge(token, sub=token)}",
        f"Bearer {_forge(token, alg='none')}",
        f"Bearer {visitor.started['visitor_token']}",
        f"Bearer {stranger.started['token']}",
    ]
    for value in wrong:
        check_error(call(visitor, {"authorization": value} if value else {}), 401, "UNAUTHORIZED")
    assert visitor.transcript()["status"] == "open"
    assert visitor.transcript()["messages"] == []


@CALLS
def test_a_token_of_another_tenants_conversation_opens_nothing(served: Served, call: Call) -> None:
    ours = served.arrive()
    theirs = served.arrive(site_key="elsewhere")
    check_error(call(ours, theirs.token), 401, "UNAUTHORIZED")


@CALLS
def test_a_page_of_a_foreign_website_is_refused_on_every_call(served: Served, call: Call) -> None:
    visitor = served.arrive({"origin": BASE_URL})
    for origin in ("https://evil.example", "null", BASE_URL.replace("https", "http")):
        response = call(visitor, {**visitor.token, "origin": origin})
        check_error(response, 403, "FORBIDDEN")
        assert "access-control-allow-origin" not in response.headers
    allowed = call(visitor, {**visitor.token, "origin": BASE_URL})
    assert allowed.is_success
    assert allowed.headers["access-control-allow-origin"] == BASE_URL


def test_an_expired_token_is_refused_and_says_what_to_do(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
    config = write_website(tmp_path, more="conversations: {token_days: 2}")

    def set_clock(resources: Resources) -> Resources:
        return replace(resources, clock=clock)

    with ThreadedServer(lambda: build_runtime(config, set_clock)) as server:
        visitor = Visitor.arrive(server.http)
        clock.set(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=2, seconds=-1))
        assert visitor.ask("Hello")["text"]
        clock.set(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=2))
        error = check_error(visitor.send("Hello"), 401, "UNAUTHORIZED")
        assert "new conversation" in error["message"]
        again = Visitor.arrive(server.http, visitor_token=visitor.started["visitor_token"])
        assert again.ask("Hello")["text"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (BASE_URL, True),
        (BASE_URL.upper(), True),
        ("https://shop.bikes.example", True),
        ("https://a.b.bikes.example", True),
        ("https://bikes.example", False),
        ("https://bikes.example.evil.example", False),
        ("https://evilbikes.example", False),
        ("http://shop.bikes.example", False),
        ("https://evil.example#.bikes.example", False),
        ("https://evil.example/.bikes.example", False),
        ("https://brightwater.example", False),
        ("null", False),
        ("", False),
        ("https://evil.example", False),
    ],
)
def test_only_pages_of_allowed_origins_may_begin(
    http: httpx.Client, origin: str, allowed: bool
) -> None:
    headers = {"origin": origin}
    response = http.post(START, json={"site_key": SITE_KEY}, headers=headers)
    assert response.status_code == (201 if allowed else 403), response.text
    asks = {**headers, "access-control-request-method": "POST"}
    asks["access-control-request-headers"] = "authorization,content-type"
    preflight = http.options(START, headers=asks)
    if allowed:
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == origin
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        assert "access-control-allow-credentials" not in preflight.headers
    else:
        check_error(response, 403, "FORBIDDEN")
        check_error(preflight, 403, "FORBIDDEN")


def test_self_is_this_server_and_no_other_port(served: Served) -> None:
    assert served.arrive({"origin": served.address}).started
    other = served.address.rpartition(":")[0] + ":1"
    response = served.http.post(START, json={"site_key": SITE_KEY}, headers={"origin": other})
    check_error(response, 403, "FORBIDDEN")


def test_a_page_of_one_site_cannot_use_the_key_of_another(served: Served) -> None:
    headers = {"origin": BASE_URL}
    response = served.http.post(START, json={"site_key": "elsewhere"}, headers=headers)
    check_error(response, 403, "FORBIDDEN")


def test_no_answer_sets_a_cookie(served: Served) -> None:
    response = served.http.post(START, json={"site_key": SITE_KEY})
    assert "set-cookie" not in response.headers

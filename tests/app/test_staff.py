"""Endpoints for staff: with an API key, or for a program on this very machine."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.app.conftest import Served
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.process import run_command
from tests.support.visitor import check_error
from tests.support.website import BASE_URL, write_website

SEARCH = "/api/v1/knowledge/search?q=How+much+does+a+service+cost"
ADDRESSES = (SEARCH, "/api/v1/analytics/lead-sources", "/metrics")


def test_search_shows_every_score(http: httpx.Client) -> None:
    response = http.get(SEARCH, params={"limit": "2", "q": "How much does a service cost?"})
    content = response.json()
    assert set(content) == {"question", "site", "vectors_used", "passages"}
    assert content["vectors_used"] is True
    assert 1 <= len(content["passages"]) <= 2
    best = content["passages"][0]
    assert best["url"] == f"{BASE_URL}/pricing"
    assert best["title"] == "Prices"
    assert "€59" in best["text"]
    assert -1 <= best["vector_score"] <= 1
    assert 0 <= best["probability"] <= 1
    assert {"keyword_score", "fused_score", "bm25", "heading_path", "passage_id"} <= set(best)


def test_when_sources_were_read_in_is_told_and_checked(served: Served) -> None:
    found = served.http.get("/api/v1/knowledge/sources").json()
    [reading] = found["data"]
    assert reading["outcome"] == "done"
    assert reading["found"] == found["pages"] > 0
    assert reading["started_at"] <= reading["ended_at"]
    done = run_command("check", cwd=served.config.parent, environment=served.environment)
    assert f"last read in: {reading['source']}, " in " ".join(done.stderr.split())


@pytest.mark.parametrize("q", ["", "x" * 2001])
def test_a_search_for_nothing_or_too_much_is_refused(http: httpx.Client, q: str) -> None:
    response = http.get("/api/v1/knowledge/search", params={"q": q})
    check_error(response, 400, "VALIDATION_ERROR")


@pytest.mark.parametrize("q", ["\x00", "'; DROP TABLE sites; --", '"(*NEAR', "%_%", "💥", "\u202e"])
def test_a_strange_search_is_only_a_search(http: httpx.Client, q: str) -> None:
    assert http.get("/api/v1/knowledge/search", params={"q": q}).status_code == 200


@pytest.mark.parametrize("limit", ["0", "-1", "17", "many"])
def test_a_limit_beyond_reason_is_refused(http: httpx.Client, limit: str) -> None:
    response = http.get(SEARCH, params={"q": "x", "limit": limit})
    check_error(response, 400, "VALIDATION_ERROR")


def test_metrics_are_in_the_form_of_prometheus(http: httpx.Client) -> None:
    response = http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert "sales_agent_turn_seconds_bucket" in response.text


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "www.example.com"},
        {"x-forwarded-for": "203.0.113.9"},
        {"x-forwarded-proto": "https"},
        {"x-real-ip": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 proxy"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": BASE_URL},
        {"origin": "null"},
    ],
)
def test_what_comes_from_elsewhere_needs_a_key(
    http: httpx.Client, address: str, headers: dict[str, str]
) -> None:
    check_error(http.get(address, headers=headers), 401, "UNAUTHORIZED")


def test_a_proxy_that_speaks_http_1_0_is_no_local_program(served: Served) -> None:
    parts = urlsplit(served.address)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(f"GET /metrics HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    assert answer.split(b"\r\n")[0].endswith(b"401 Unauthorized")


def test_behind_a_public_address_nobody_is_local(tmp_path: Path) -> None:
    config = write_website(tmp_path, more="server: {public_url: 'https://chat.example'}")
    with ThreadedServer(lambda: build_runtime(config)) as server:
        for address in ADDRESSES:
            check_error(server.http.get(address), 401, "UNAUTHORIZED")


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_key_opens_and_a_wrong_one_never_does(served: Served, address: str) -> None:
    key = served.run("api-key", "reporting").strip()
    from_afar = {"x-forwarded-for": "203.0.113.9"}
    for proof in ({"x-api-key": key}, {"authorization": f"Bearer {key}"}):
        assert served.http.get(address, headers={**from_afar, **proof}).status_code == 200
    for wrong in ("x", key[:-1], key + "x", "sak_" + "A" * 43):
        response = served.http.get(address, headers={"x-api-key": wrong})
        check_error(response, 401, "UNAUTHORIZED")
    assert key not in served.read_new_log()


def test_a_key_of_another_tenant_sees_only_its_own(served: Served) -> None:
    key = served.run("api-key", "theirs", "--tenant", "other").strip()
    headers = {"x-api-key": key}
    response = served.http.get(SEARCH, params={"q": "price", "site": "bikes"}, headers=headers)
    check_error(response, 403, "FORBIDDEN")
    own = served.http.get(SEARCH, params={"q": "price"}, headers=headers)
    assert (own.json()["site"], own.json()["passages"]) == ("elsewhere", [])
    served.arrive(page={"url": f"{BASE_URL}/only-ours"})
    sources = served.http.get("/api/v1/analytics/lead-sources", headers=headers)
    assert "/only-ours" not in sources.text
    address = "/api/v1/analytics/lead-sources?site=bikes"
    check_error(served.http.get(address, headers=headers), 403, "FORBIDDEN")


def test_a_foreign_key_without_a_site_is_refused(http: httpx.Client) -> None:
    response = http.get("/api/v1/knowledge/search", params={"q": "x", "site": "nobody"})
    check_error(response, 404, "NOT_FOUND")

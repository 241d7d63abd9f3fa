"""Health, readiness, the widget, and the documents of the API."""

from __future__ import annotations

import httpx

from tests.app.conftest import Served

PROMISED = {
    ("POST", "/api/v1/chat/conversations"),
    ("POST", "/api/v1/chat/conversations/{conversation_id}/messages"),
    ("GET", "/api/v1/chat/conversations/{conversation_id}"),
    ("POST", "/api/v1/chat/conversations/{conversation_id}/page-views"),
    ("POST", "/api/v1/chat/conversations/{conversation_id}/end"),
    ("GET", "/api/v1/citations/{citation_id}"),
    ("GET", "/api/v1/knowledge/search"),
    ("GET", "/api/v1/analytics/lead-sources"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
}


def test_a_running_server_is_alive_and_ready(http: httpx.Client) -> None:
    alive = http.get("/healthz")
    assert (alive.status_code, alive.json()["status"]) == (200, "ok")
    ready = http.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert ready.json()["database"] == "ok"
    progress = ready.json()["vectors"]["bikes"]
    assert 0 < progress["done"] <= progress["total"]


def test_every_promised_endpoint_is_documented(http: httpx.Client) -> None:
    paths = http.get("/openapi.json").json()["paths"]
    documented = {(method.upper(), path) for path, one in paths.items() for method in one}
    assert documented >= PROMISED
    for path, one in paths.items():
        for name, method in one.items():
            assert method.get("description") or method.get("summary"), f"{name} {path}"


def test_the_widget_is_one_script_that_any_page_may_load(http: httpx.Client) -> None:
    response = http.get("/widget.js", headers={"origin": "https://anywhere.example"})
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/javascript")
    again = http.get("/widget.js", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_demo_website_is_served_under_a_strict_policy(http: httpx.Client) -> None:
    response = http.get("/demo/")
    assert response.status_code == 200
    assert "script-src 'self'" in response.headers["content-security-policy"]
    assert "unsafe-inline" not in response.headers["content-security-policy"]
    missing = http.get("/demo/no-such-page")
    assert missing.status_code == 404
    for outside in ("/demo/..%2f..%2fapp.yaml", "/demo/%2e%2e/%2e%2e/pyproject.toml"):
        assert http.get(outside).status_code == 404


def test_headers_forbid_guessing_types(served: Served) -> None:
    for path in ("/healthz", "/nothing", "/widget.js", "/openapi.json"):
        assert served.http.get(path).headers["x-content-type-options"] == "nosniff"

"""Programs call from where they may, whatever they claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.machine_gate import check_machine, check_webhook, is_within
from app.settings import ServerSettings
from core.errors import Forbidden
from core.http import ErrorResponses
from core.ids import new_id
from tests.app.test_handoffs import make_key
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.website import write_pages, write_website

OFFICE = ServerSettings(
    machine_addresses=("198.51.100.0/24",), webhook_addresses=("2001:db8::/32",)
)


def build_app(server: ServerSettings) -> FastAPI:
    app = FastAPI(exception_handlers=ErrorResponses().handlers())

    @app.get("/machine")
    async def machine(request: Request) -> str:
        check_machine(server, request)
        return "in"

    @app.get("/webhook")
    async def webhook(request: Request) -> str:
        check_webhook(server, request)
        return "in"

    return app


async def call(app: object, peer: str, path: str = "/machine", **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, client=(peer, 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://x.example") as client:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.get(path, headers=named)


async def test_an_address_that_is_not_on_the_list_is_refused_with_words() -> None:
    app = build_app(OFFICE)
    assert (await call(app, "198.51.100.7")).status_code == 200
    assert (await call(app, "::ffff:198.51.100.7")).status_code == 200
    refused = await call(app, "203.0.113.9")
    assert refused.status_code == 403
    assert "server.machine_addresses" in refused.json()["error"]["message"]
    assert (await call(app, "198.51.100.7", "/webhook")).status_code == 403
    assert (await call(app, "2001:db8::1", "/webhook")).status_code == 200
    assert (await call(build_app(ServerSettings()), "203.0.113.9")).status_code == 200


async def test_a_forged_forwarded_header_opens_nothing() -> None:
    forged = {"x_forwarded_for": "198.51.100.7", "x_real_ip": "198.51.100.7"}
    assert (await call(build_app(OFFICE), "203.0.113.9", **forged)).status_code == 403
    # The same behind the middleware that uvicorn puts there for server.trusted_proxies.
    proxied = ProxyHeadersMiddleware(build_app(OFFICE), trusted_hosts=["10.0.0.1"])  # type: ignore[arg-type]
    assert (await call(proxied, "203.0.113.9", **forged)).status_code == 403
    assert (await call(proxied, "10.0.0.1", **forged)).status_code == 200
    # The proxy appends whom it saw; what the caller wrote before that counts for nothing.
    chained = {"x_forwarded_for": "198.51.100.7, 203.0.113.9"}
    assert (await call(proxied, "10.0.0.1", **chained)).status_code == 403


def test_what_is_no_network_is_refused_in_the_settings() -> None:
    with pytest.raises(ValidationError, match="no address or network"):
        ServerSettings(machine_addresses=("office",))
    assert not is_within("", ["0.0.0.0/0"])
    assert not is_within("testclient", ["0.0.0.0/0"])
    with pytest.raises(Forbidden):
        check_machine(OFFICE, Request({"type": "http", "headers": [], "client": None}))


def test_the_sales_systems_messages_too_come_from_listed_addresses_only(tmp_path: Path) -> None:
    config = write_website(tmp_path, more='server: {webhook_addresses: ["192.0.2.0/24"]}')
    write_pages(tmp_path / "pages")
    with ThreadedServer(lambda: build_runtime(config)) as server:
        for path in ("/webhooks/sales-updates", "/webhooks/vendors/slack/default"):
            refused = server.http.post(path, content=b"{}")
            assert refused.status_code == 403, refused.text
            assert "server.webhook_addresses" in refused.text


# What visitors and their browsers call, what is published, and what must answer everybody.
_FOR_EVERYBODY = (
    "/api/v1/chat/",
    "/api/v1/citations/",
    "/api/v1/handoffs/schema",
    "/api/v1/handoffs/scripts",
    "/healthz",
    "/readyz",
)
_INSIDE, _OUTSIDE = {"x-forwarded-for": "192.0.2.7"}, {"x-forwarded-for": "203.0.113.9"}


def test_every_endpoint_for_programs_is_inside_the_list(tmp_path: Path) -> None:
    """The server here believes 127.0.0.1, as a proxy that `server.trusted_proxies` names."""
    inside = '["192.0.2.0/24"]'
    config = write_website(
        tmp_path, more=f"server: {{machine_addresses: {inside}, webhook_addresses: {inside}}}"
    )
    with ThreadedServer(lambda: build_runtime(config)) as server:
        key = make_key(server)
        paths: dict[str, dict[str, Any]] = server.http.get("/openapi.json").json()["paths"]
        calls = [
            (method, re.sub(r"\{\w+\}", new_id(), path), key)
            for path, methods in paths.items()
            if not path.startswith(_FOR_EVERYBODY)
            for method in methods
        ]
        assert len(calls) > 50
        calls += [
            ("post", "/oauth/token", {}),
            ("get", "/metrics", key),
            ("post", "/webhooks/sales-updates", {}),
            ("post", "/webhooks/vendors/slack/default", {}),
            ("get", "/webhooks/vendors/slack/default", {}),
        ]
        open_ones, shut = [], []
        for method, path, proof in calls:
            for address in ({}, _OUTSIDE):
                answer = server.http.request(method, path, headers={**proof, **address}, json={})
                if answer.status_code != 403 or "_addresses" not in answer.text:
                    open_ones.append(f"{method} {path}: {answer.status_code}")
            # Whoever lies about the address behind a proxy only adds to what the proxy saw.
            lied = {"x-forwarded-for": "192.0.2.7, 203.0.113.9"}
            answer = server.http.request(method, path, headers={**proof, **lied}, json={})
            if answer.status_code != 403:
                open_ones.append(f"{method} {path}: lied")
            answer = server.http.request(method, path, headers={**proof, **_INSIDE}, json={})
            if "_addresses" in answer.text:
                shut.append(f"{method} {path}")
        assert not open_ones, "\n".join(open_ones)
        assert not shut, "\n".join(shut)
        started = server.http.post(
            "/api/v1/chat/conversations", json={"site_key": "bikes"}, headers=_OUTSIDE
        )
        assert started.status_code == 201

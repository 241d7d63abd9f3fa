"""Programs call from where they may, whatever they claim."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from pydantic import ValidationError
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.machine_gate import check_machine, check_webhook, is_within
from app.settings import ServerSettings
from core.errors import Forbidden
from core.http import ErrorResponses
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

"""The real server with staff of two tenants, on each database, with a clock set by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.places import Places
from app.runtime import Runtime
from app.settings import load_app_settings
from app.wiring import Resources, build_resources
from core.clock import FixedClock
from sales.organization.access_service import AccessService
from sales.organization.passwords import PasswordVault
from sales.organization.schemas import NewStaff
from sales.organization.session_service import SessionService
from sales.organization.staff_service import StaffService
from tests.app.threaded import ThreadedServer
from tests.support.website import write_website

PASSWORD = "correct horse battery"
TEAM = "North America"
COOKIE = "sales_agent_session"
# Two tenants, somebody who gets summaries, and a rep who can be met at nearly any hour.
WORK = """
tenants: [{key: default}, {key: other}]
email: {sales_team: [sales@acme.example]}
sales_agent:
  appointment_scheduling:
    enabled: true
    reps:
      - key: rita
        name: Rita
        email: rita@acme.example
        timezone: UTC
        working_hours: {mon-sun: "0:00-23:30"}
"""


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser as far as HTTP shows: it keeps cookies and sends where a form comes from."""

    http: httpx.Client

    def get(self, path: str, **more: object) -> httpx.Response:
        return self.http.get(path, **more)  # type: ignore[arg-type]

    def csrf(self, path: str = "/portal/account") -> str:
        found = re.search(r'name="csrf" value="(\w+)"', self.get(path).text)
        assert found, f"no form at {path}"
        return found[1]

    def send(self, path: str, /, *, headers: Any = None, **fields: str) -> httpx.Response:
        """Send a form; with the token of the page's own forms unless another is given."""
        if "csrf" not in fields:
            fields["csrf"] = self.csrf()
        origin = {"origin": str(self.http.base_url).rstrip("/")}
        return self.http.post(path, data=fields, headers={**origin, **(headers or {})})

    def sign_in(self, name: str, password: str = PASSWORD, /, **more: str) -> httpx.Response:
        fields = {"email": f"{name}@acme.example", "password": password, **more}
        if "csrf" not in fields:
            fields["csrf"] = self.csrf("/portal/login")
        return self.send("/portal/login", **fields)


@dataclass(frozen=True, slots=True)
class PortalServer:
    """The running server and its clock."""

    address: str
    clock: FixedClock
    runtime: Runtime
    server: ThreadedServer

    def browser(self) -> Browser:
        return Browser(httpx.Client(base_url=self.address, timeout=20))

    def enter(self, name: str) -> Browser:
        """A browser in which somebody has signed in."""
        browser = self.browser()
        response = browser.sign_in(name)
        assert response.status_code == 303, response.text
        return browser

    def wait(self, **time: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**time))


def with_clock(resources: Resources, clock: FixedClock) -> Resources:
    """The same parts with a clock set by hand, and passwords that are quick to check."""
    database, vault = resources.database, PasswordVault(memory_kib=64, passes=1)
    return replace(
        resources,
        clock=clock,
        staff=StaffService(database, clock, vault),
        sessions=SessionService(database, clock, vault, resources.throttle),
        access=AccessService(database, clock, resources.signer),
    )


async def hire(resources: Resources) -> None:
    """An admin, a manager and two reps here; an admin of another tenant."""
    here = resources.organization.get_tenant("default").id
    other = resources.organization.get_tenant("other").id
    team = await resources.staff.create_team(here, TEAM)
    for name, role in (("ada", "admin"), ("max", "manager"), ("rita", "rep"), ("rolf", "rep")):
        team_id = None if role == "admin" else team.id
        new = NewStaff(f"{name}@acme.example", name.title(), role, team_id)  # type: ignore[arg-type]
        await resources.staff.create_staff(here, new, PASSWORD)
    theirs = NewStaff("otto@acme.example", "Otto", "admin")
    await resources.staff.create_staff(other, theirs, PASSWORD)


def serve(config: Path, clock: FixedClock) -> ThreadedServer:
    async def start() -> Runtime:
        settings = load_app_settings(config)
        data = config.parent / "data"
        data.mkdir(exist_ok=True)
        resources = await build_resources(settings, Places(config, data), None)
        changed = with_clock(resources, clock)
        await hire(changed)
        return Runtime(settings, changed)

    return ThreadedServer(start)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 2, 9, tzinfo=UTC))


@pytest.fixture
def portal(
    database_url: str, tmp_path: Path, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PortalServer]:
    monkeypatch.setenv("TEST_PORTAL_DATABASE", database_url)
    more = WORK
    config = write_website(
        tmp_path, database="database: {url: '${TEST_PORTAL_DATABASE}'}", more=more
    )
    with serve(config, clock) as server:
        # The server is up once it answers.
        server.http.get("/healthz")
        assert server.runtime is not None
        yield PortalServer(server.address, clock, server.runtime, server)


def text_of(response: httpx.Response) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())

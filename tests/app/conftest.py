"""A real server for each kind of database, for the whole session, with a small website read in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import ServerProcess, run_command
from tests.support.visitor import Visitor
from tests.support.website import write_website

# Somebody can be met around the clock, so that tests do not depend on when they run.
MEETINGS = """
email: {sales_team: [team@brightwater.example]}
sales_agent:
  appointment_scheduling:
    enabled: true
    durations: [15, 60]
    minimum_notice_hours: 1
    reps:
      - {key: robin, name: Robin Weller, email: robin@brightwater.example, timezone: UTC,
         working_hours: {mon-sun: "0:00-24:00"}}
"""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server, how to reach it, and where its things are."""

    http: httpx.Client
    address: str
    process: ServerProcess
    config: Path
    environment: dict[str, str]
    kind: str

    def arrive(self, headers: dict[str, str] | None = None, **body: object) -> Visitor:
        """A visitor begins a conversation."""
        return Visitor.arrive(self.http, headers, **body)

    def run(self, *arguments: str) -> str:
        """Run another `sales-agent` command on the same data; returns what it printed."""
        done = run_command(*arguments, cwd=self.config.parent, environment=self.environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read_new_log(self) -> str:
        """The server's log without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self.process.read_log())


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp(f"served-{request.param}")
    environment = {"SALES_AGENT_DATA": str(folder / "data"), "SALES_AGENT_LOG_LEVEL": "DEBUG"}
    database = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        template: str = request.getfixturevalue("postgres_template")
        environment["TEST_DATABASE_URL"] = server.create_database(template)
        database = "database: {url: '${TEST_DATABASE_URL}'}"
    more = f"tenants: [{{key: default}}, {{key: other}}]\n{MEETINGS}"
    config = write_website(folder, database=database, more=more)
    other = "  - {key: elsewhere, name: Elsewhere, tenant: other, allowed_origins: [self]}\n"
    config.write_text(config.read_text().replace("knowledge:\n", f"{other}knowledge:\n"))
    read_in = run_command("ingest", cwd=folder, environment=environment)
    assert read_in.returncode == 0, read_in.stderr
    process = ServerProcess(folder, environment=environment)
    try:
        address = process.address()
        with httpx.Client(base_url=address, timeout=30) as http:
            yield Served(http, address, process, config, environment, request.param)
    finally:
        process.stop()


@pytest.fixture
def http(served: Served) -> httpx.Client:
    return served.http


@pytest.fixture
def visitor(served: Served) -> Visitor:
    return served.arrive()

"""Forged and replayed messages, at every door that believes a signature: refused with the right
status, nothing stored, nothing done twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import func, select

from app.settings import ServerSettings
from core.db.tables import TenantRow
from core.ids import new_id
from sales.connections.models import ReceivedEvent
from sales.feedback.models import FeedbackFact, FeedbackReport
from tests.app.signed_doors import (
    DOORS,
    KEYS,
    OTHER_SALES_KEY,
    SALES_KEY,
    STRANGE,
    Door,
    Headers,
    build_sales_door,
    describe_sendgrid_key,
)
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import check_error
from tests.support.website import write_website

TABLES: tuple[tuple[type[TenantRow], ...], ...] = ((ReceivedEvent,), (FeedbackReport, FeedbackFact))
NAMES = ("sales-updates", *(door.name for door in DOORS))
SETTINGS = """
tenants: [{key: default}, {key: other}]
feedback: {webhook_secrets: {default: ['${TEST_SALES_KEY}'], other: ['${TEST_OTHER_KEY}']}}
integrations:
  slack: {tenants: [default], bot_token: '${TEST_ANY}', signing_secret: '${TEST_SLACK}'}
  sendgrid: {tenants: [default], api_key: '${TEST_ANY}', verification_key: '${TEST_SENDGRID}'}
  mailgun: {tenants: [default], api_key: '${TEST_ANY}', signing_key: '${TEST_MAILGUN}'}
  calendly: {tenants: [default], token: '${TEST_ANY}', webhook_signing_key: '${TEST_CALENDLY}'}
  hubspot: {tenants: [default], access_token: '${TEST_ANY}', client_secret: '${TEST_HUBSPOT}'}
"""


@dataclass(frozen=True)
class Guarded:
    """A server with every door open, and a lead that was handed over."""

    server: ThreadedServer
    sales: Door

    def get_door(self, name: str) -> Door:
        return next(door for door in (self.sales, *DOORS) if door.name == name)

    def url(self, door: Door) -> str:
        """The address as the vendor knows it."""
        assert self.server.runtime is not None
        return f"{self.server.runtime.resources.address.get()}{door.path}"

    def send(self, door: Door, headers: Headers, body: bytes) -> httpx.Response:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return self.server.http.post(door.path, content=body, headers=raw)

    def count(self, door: Door) -> dict[str, int]:
        """What is stored by what comes in here."""
        assert self.server.runtime is not None
        database = self.server.runtime.resources.database

        async def read() -> dict[str, int]:
            async with database.reading(None) as uow:
                tables = TABLES[door.name == "sales-updates"]
                return {
                    table.__name__: (
                        await uow.session.execute(select(func.count()).select_from(table))
                    ).scalar_one()
                    for table in tables
                }

        return self.server.wait(read())


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_SALES_KEY", SALES_KEY)
    patch.setenv("TEST_OTHER_KEY", OTHER_SALES_KEY)
    patch.setenv("TEST_SENDGRID", describe_sendgrid_key())
    patch.setenv("TEST_ANY", "anything")
    for name, key in KEYS.items():
        patch.setenv(f"TEST_{name.upper()}", key)
    config = write_website(tmp_path_factory.mktemp("guarded"), more=SETTINGS)
    with ThreadedServer(lambda: build_runtime(config)) as server:
        server.http.get("/healthz")
        assert server.runtime is not None
        resources = server.runtime.resources
        tenant_id = resources.organization.get_tenant("default").id
        made = server.wait(resources.access.create_api_key(tenant_id, "tests", "admin"))
        proof = {"x-api-key": made}
        body = {"email": f"{new_id()}@acme.example"}
        lead = server.http.post("/api/v1/leads", json=body, headers=proof).json()
        handed = server.http.post("/api/v1/handoffs", json={"lead_id": lead["id"]}, headers=proof)
        assert handed.status_code == 202, handed.text
        yield Guarded(server, build_sales_door(lead["id"]))
    patch.undo()


def now() -> datetime:
    return datetime.now(UTC)


def sign(
    guarded: Guarded,
    door: Door,
    *,
    stamp: str | None = None,
    key: str | None = None,
    digest: str = "sha256",
) -> tuple[Headers, bytes]:
    """A message of its own, signed."""
    message = door.build(guarded.url(door))
    moment = door.stamp(now()) if stamp is None else stamp
    return door.sign(message, moment, door.key if key is None else key, digest)


def alter(guarded: Guarded, door: Door) -> tuple[Headers, bytes]:
    """Changed on its way, in what the signature covers."""
    headers, body = sign(guarded, door)
    if door.covers_body:
        return headers, body.replace(b"e", b"3", 1)
    content = json.loads(body)
    content["signature"]["token"] += "0"
    return headers, json.dumps(content).encode()


def empty(guarded: Guarded, door: Door) -> tuple[Headers, bytes]:
    """Without what proves anything."""
    headers, body = sign(guarded, door)
    if door.headers:
        return dict.fromkeys(headers, ""), body
    return headers, json.dumps({"event-data": json.loads(body)["event-data"]}).encode()


def elsewhere(guarded: Guarded, door: Door) -> tuple[Headers, bytes]:
    """Signed with a key that belongs to another door here."""
    other = next(one for one in KEYS if one != door.name)
    key = STRANGE if door.name in ("sales-updates", "sendgrid") else KEYS[other]
    return sign(guarded, door, key=key)


Attack = Callable[[Guarded, Door], tuple[Headers, bytes]]
ATTACKS: dict[str, Attack] = {
    "a wrong key": lambda guarded, door: sign(guarded, door, key=STRANGE),
    "an empty key": lambda guarded, door: sign(guarded, door, key=_make_empty(door)),
    "the key of another door": elsewhere,
    "an altered body": alter,
    "an old message": lambda guarded, door: sign(
        guarded, door, stamp=door.stamp(now() - timedelta(hours=2))
    ),
    "a message of tomorrow": lambda guarded, door: sign(
        guarded, door, stamp=door.stamp(now() + timedelta(days=1))
    ),
    "SHA-1": lambda guarded, door: sign(guarded, door, digest="sha1"),
    "SHA-512": lambda guarded, door: sign(guarded, door, digest="sha512"),
    "nothing signed": empty,
}
TIMES = ("", "now", "-1", "0", "1e400", "nan", "\u00b2", "9" * 14, "9" * 400, "0x6", "1_0")


def _make_empty(door: Door) -> str:
    return STRANGE if door.name in ("sales-updates", "sendgrid") else "\x00"


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", NAMES)
def test_what_is_forged_is_refused_and_leaves_nothing(
    guarded: Guarded, name: str, attack: str
) -> None:
    door = guarded.get_door(name)
    before = guarded.count(door)
    headers, body = ATTACKS[attack](guarded, door)
    answer = guarded.send(door, headers, body)
    status = door.unsigned if attack == "nothing signed" else 401
    check_error(answer, status, "UNAUTHORIZED" if status == 401 else "VALIDATION_ERROR")
    assert guarded.count(door) == before


@pytest.mark.parametrize("name", NAMES)
def test_a_time_that_is_none_is_refused(guarded: Guarded, name: str) -> None:
    door = guarded.get_door(name)
    before = guarded.count(door)
    for stamp in TIMES:
        headers, body = sign(guarded, door, stamp=stamp)
        assert guarded.send(door, headers, body).status_code == 401, stamp[:20]
    assert guarded.count(door) == before


@pytest.mark.parametrize("name", NAMES)
def test_each_header_is_needed_and_nonsense_in_it_is_refused(guarded: Guarded, name: str) -> None:
    door = guarded.get_door(name)
    before = guarded.count(door)
    for header in door.headers:
        headers, body = sign(guarded, door)
        without = {one: value for one, value in headers.items() if one != header}
        assert guarded.send(door, without, body).status_code == 401
        for nonsense in ("\u00e9\u00ff", "A" * 5000, "v1,", "t=1,v1=", ",", "="):
            wrong = {**headers, header: nonsense}
            assert guarded.send(door, wrong, body).status_code == 401, nonsense[:10]
    assert guarded.count(door) == before


@pytest.mark.parametrize("name", NAMES)
def test_what_is_right_is_taken_once_however_often_it_comes(guarded: Guarded, name: str) -> None:
    door = guarded.get_door(name)
    before = guarded.count(door)
    headers, body = sign(guarded, door)
    answer = guarded.send(door, headers, body)
    assert answer.is_success, answer.text
    after = guarded.count(door)
    assert all(after[table] == count + 1 for table, count in before.items()), after
    for _ in range(3):
        assert guarded.send(door, headers, body).status_code in (door.replayed, answer.status_code)
    assert guarded.count(door) == after
    if not door.covers_body:
        # Mailgun signs no more than its token, which is believed once.
        content = json.loads(body)
        content["event-data"]["severity"] = "temporary"
        guarded.send(door, headers, json.dumps(content).encode())
        assert guarded.count(door) == after


@pytest.mark.parametrize("name", [door.name for door in DOORS])
def test_a_signature_for_one_tenant_opens_no_other_tenants_door(
    guarded: Guarded, name: str
) -> None:
    door = guarded.get_door(name)
    before = guarded.count(door)
    headers, body = sign(guarded, door)
    for tenant in ("other", "nobody"):
        elsewhere = replace(door, path=door.path.replace("default", tenant))
        assert guarded.send(elsewhere, headers, body).status_code in (401, 404)
    assert guarded.count(door) == before


def test_another_tenants_key_tells_nothing_of_our_leads(guarded: Guarded) -> None:
    door = guarded.sales
    before = guarded.count(door)
    headers, body = sign(guarded, door, key=OTHER_SALES_KEY)
    error = check_error(guarded.send(door, headers, body), 404, "NOT_FOUND")
    assert error["details"]["code"] == "UNKNOWN_LEAD"
    assert guarded.count(door) == before


def test_a_flood_is_told_to_come_later_before_a_signature_is_looked_at(guarded: Guarded) -> None:
    runtime = guarded.server.runtime
    assert runtime is not None
    kept = runtime.settings
    few: ServerSettings = kept.server.model_copy(update={"webhooks_per_minute": 1})
    runtime.settings = kept.model_copy(update={"server": few})
    try:
        for door in (guarded.sales, *DOORS):
            guarded.send(door, *sign(guarded, door, key=STRANGE))
            answer = guarded.send(door, *sign(guarded, door))
            check_error(answer, 429, "RATE_LIMIT_EXCEEDED")
            assert 1 <= int(answer.headers["retry-after"]) <= 60
        # Names that are made up share one count.
        for name in ("one", "two"):
            answer = guarded.server.http.post(f"/webhooks/vendors/{name}/default")
        check_error(answer, 429, "RATE_LIMIT_EXCEEDED")
    finally:
        runtime.settings = kept
    assert guarded.send(guarded.sales, *sign(guarded, guarded.sales)).status_code == 200

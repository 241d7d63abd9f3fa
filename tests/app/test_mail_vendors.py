"""The whole server with a vendor for mail: what leaves, and what comes back of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.process import run_command
from tests.support.visitor import Visitor
from tests.support.website import write_pages, write_website
from tests.vendors.mailgun import MailgunStandIn
from tests.vendors.sendgrid import SendGridStandIn
from tests.vendors.standin import HttpStandIn

ADDRESS = "jo.doe@nordlicht.example"


@pytest.fixture(params=[SendGridStandIn, MailgunStandIn], ids=lambda kind: str(kind.vendor))
def vendor(request: pytest.FixtureRequest) -> Iterator[HttpStandIn]:
    with request.param() as running:
        yield running
        assert running.errors == []


@pytest.fixture
def server(
    vendor: HttpStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ThreadedServer]:
    section = dict(vendor.settings())
    for name, value in vendor.credentials().items():
        monkeypatch.setenv(f"TEST_{name.upper()}", value)
        section[name] = f"${{TEST_{name.upper()}}}"
    more = f"""
email: {{provider: {vendor.vendor}, from_address: hello@brightwater.example}}
integrations:
  {vendor.vendor}: {json.dumps(section)}
"""
    config = write_website(tmp_path, more=more)
    write_pages(tmp_path / "pages")
    with ThreadedServer(lambda: build_runtime(config)) as running:
        place = ("--config", str(config), "--data", str(tmp_path / "data"))
        made = run_command("api-key", "tests", *place)
        assert made.returncode == 0, made.stderr
        running.http.headers["x-api-key"] = made.stdout.split()[-1]
        yield running


def test_a_summary_leaves_once_and_its_bounce_marks_mail_and_lead(
    server: ThreadedServer, vendor: HttpStandIn
) -> None:
    visitor = Visitor.arrive(server.http)
    visitor.ask(f"My email is {ADDRESS}. How much is a full service?")
    for _ in range(2):
        server.http.post(f"{visitor.path}/end", headers=visitor.token)
    (mail,) = _wait_for(lambda: _sent_to(server, ADDRESS))
    assert len([one for one in vendor.requests if one.method == "POST"]) == 1

    key = _key_of(mail["id"], server)
    address = f"/webhooks/vendors/{vendor.vendor}/default"
    headers, body = _sign_bounce(vendor, key)
    for expected in (200, 200):
        answer = server.http.post(address, content=body, headers=headers)
        assert answer.status_code == expected, answer.text
    _wait_for(lambda: [one for one in _sent_to(server, ADDRESS) if one["delivery"] == "bounced"])
    forged = server.http.post(address, content=body.replace(b"550", b"551"), headers=headers)
    if isinstance(vendor, SendGridStandIn):
        # Mailgun signs its moment and token only, not what it tells.
        assert forged.status_code == 401
    assert server.http.post(address, content=b"{}").status_code in {400, 401}


def _wait_for(find: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def _sent_to(server: ThreadedServer, address: str) -> list[dict[str, Any]]:
    mails = server.http.get("/api/v1/mails").json()["data"]
    return [one for one in mails if one["recipients"] == [address] and one["state"] == "sent"]


def _key_of(mail_id: str, server: ThreadedServer) -> str:
    whole = server.http.get(f"/api/v1/mails/{mail_id}").json()
    return f"summary-visitor.{whole['conversation_id']}"


def _sign_bounce(vendor: HttpStandIn, key: str) -> tuple[dict[str, str], bytes]:
    now = datetime.now(UTC)
    if isinstance(vendor, SendGridStandIn):
        event = {
            "event": "bounce",
            "email": ADDRESS,
            "sg_event_id": "event-1",
            "mail_key": key,
            "reason": "550 no such user",
            "timestamp": int(now.timestamp()),
        }
        return vendor.sign([event], now)
    assert isinstance(vendor, MailgunStandIn)
    data = {
        "event": "failed",
        "severity": "permanent",
        "id": "event-1",
        "timestamp": now.timestamp(),
        "recipient": ADDRESS,
        "user-variables": {"mail_key": key},
        "delivery-status": {"message": "550 no such user"},
    }
    return {"content-type": "application/json"}, vendor.sign(data, now)

"""The whole server with Slack: staff hear of a lead and a button brings their word back."""

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
from tests.vendors.slack import SlackStandIn
from tests.vendors.standin import Fault

SAID = (
    "Hi, I'm Priya Raman from Saltworks Bakery, priya@saltworks.example. We need a full service "
    "for 40 bikes this week, our budget is $9,000 and I decide. Can somebody call me today?"
)


@pytest.fixture
def slack() -> Iterator[SlackStandIn]:
    with SlackStandIn() as running:
        yield running
        assert running.errors == []


@pytest.fixture
def server(
    slack: SlackStandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ThreadedServer]:
    section = dict(slack.settings())
    for name, value in slack.credentials().items():
        monkeypatch.setenv(f"TEST_{name.upper()}", value)
        section[name] = f"${{TEST_{name.upper()}}}"
    more = f"""
integrations: {{slack: {json.dumps(section)}}}
notices:
  - {{when: lead.qualified, via: slack, to: "#sales"}}
  - {{when: lead.qualified, via: slack, to: "U0HANNAH", names: false}}
  - {{when: lead.qualified, via: mail, to: "boss@brightwater.example"}}
"""
    config = write_website(tmp_path, more=more)
    write_pages(tmp_path / "pages")
    with ThreadedServer(lambda: build_runtime(config)) as running:
        place = ("--config", str(config), "--data", str(tmp_path / "data"))
        made = run_command("api-key", "tests", *place)
        assert made.returncode == 0, made.stderr
        running.http.headers["x-api-key"] = made.stdout.split()[-1]
        yield running


def _wait_for(find: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while not (found := find()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_new_lead_is_told_once_to_each_and_taken_on_by_a_button(
    server: ThreadedServer, slack: SlackStandIn
) -> None:
    slack.faults.order(Fault(status=429, retry_after=1), Fault("cut_before"))
    visitor = Visitor.arrive(server.http)
    visitor.ask(SAID)
    lead = _wait_for(lambda: server.http.get("/api/v1/leads").json()["data"])[0]
    visitor.ask("How much is a full service?")
    _wait_for(lambda: len(slack.messages) == 2)
    by_channel = {one["channel"]: json.dumps(one["blocks"]) for one in slack.messages}
    assert "Priya Raman" in by_channel["C0SALES"]
    assert "Priya" not in by_channel["D0HANNAH"]
    assert "Saltworks" not in by_channel["D0HANNAH"]
    for text in by_channel.values():
        assert f"/portal/leads/{lead['id']}" in text
        assert "priya@saltworks.example" not in text

    def find_mail() -> list[dict[str, Any]]:
        mails = server.http.get("/api/v1/mails", params={"kind": "alert"}).json()["data"]
        return [one for one in mails if one["recipients"] == ["boss@brightwater.example"]]

    _wait_for(find_mail)

    headers, body = slack.press(f"lead:{lead['id']}", datetime.now(UTC))
    for _ in range(2):
        answer = server.http.post("/webhooks/vendors/slack/default", content=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def find_word() -> list[Any]:
        found = server.http.get(f"/api/v1/leads/{lead['id']}").json()
        history = found.get("history", [])
        return [one for one in history if one["kind"] == "acknowledged"]

    (word,) = _wait_for(find_word)
    assert word["actor"] == "hannah (slack)"
    assert (len(slack.messages), len(find_mail())) == (2, 1)
    stale = slack.press(f"lead:{lead['id']}", datetime(2026, 1, 1, tzinfo=UTC))
    path = "/webhooks/vendors/slack/default"
    refused = server.http.post(path, content=stale[1], headers=stale[0])
    assert refused.status_code == 401

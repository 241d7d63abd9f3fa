"""Slack's Web API, as far as we use it; requests are held against its published specification
where that is at hand, and blocks against the limits of its documentation."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.support.specification import VARIABLE, Specification, load_specification
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

TOKEN, SECRET = "xoxb-test-token", "slack-signing-secret"
CHANNELS = {"#sales": "C0SALES", "C0SALES": "C0SALES", "U0HANNAH": "D0HANNAH"}


class SlackStandIn(HttpStandIn):
    """Keeps messages, and signs pressed buttons."""

    vendor = "slack"
    title = "Slack"

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        named = os.environ.get(VARIABLE)
        self._specification: Specification | None = load_specification("slack") if named else None

    def answer(self, request: SeenRequest) -> Answer:
        """What Slack would answer: 200 to nearly everything."""
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Answer(200, {"ok": False, "error": "invalid_auth"})
        if self._specification is not None:
            problems = self._specification.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
            assert problems == [], problems
        if (request.method, request.path) == ("GET", "/api/auth.test"):
            return Answer(200, {"ok": True, "team": "Larkmere", "user": "assistant"})
        assert (request.method, request.path) == ("POST", "/api/chat.postMessage"), request.path
        form = request.form()
        channel = CHANNELS.get(form["channel"])
        if channel is None:
            return Answer(200, {"ok": False, "error": "channel_not_found"})
        blocks = json.loads(form["blocks"])
        if problem := find_problem(blocks):
            return Answer(200, {"ok": False, "error": "invalid_blocks", "detail": problem})
        stamp = f"1732270000.{len(self.messages):06}"
        self.messages.append({**form, "channel": channel, "ts": stamp, "blocks": blocks})
        return Answer(200, {"ok": True, "channel": channel, "ts": stamp, "message": {}})

    def records(self) -> Records:
        """What was posted."""
        return {"messages": [{"channel": m["channel"], "text": m["text"]} for m in self.messages]}

    def settings(self) -> Mapping[str, Any]:
        """What `integrations.slack` must say."""
        return {"base_url": f"{self.url}/api/"}

    def credentials(self) -> Mapping[str, str]:
        """What connects here."""
        return {"bot_token": TOKEN, "signing_secret": SECRET}

    def press(
        self, value: str, at: datetime, name: str = "acknowledge", kind: str = "block_actions"
    ) -> tuple[dict[str, str], bytes]:
        """Headers and body of a pressed button."""
        moment = at.timestamp()
        payload = {
            "type": kind,
            "user": {"id": "U0HANNAH", "username": "hannah", "name": "hannah"},
            "actions": [{"action_id": name, "value": value, "action_ts": f"{moment:.6f}"}],
        }
        body = urlencode({"payload": json.dumps(payload)}).encode()
        timestamp = str(int(moment))
        base = b":".join((b"v0", timestamp.encode(), body))
        digest = hmac.new(SECRET.encode(), base, hashlib.sha256).hexdigest()
        headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": f"v0={digest}"}
        return headers, body


def find_problem(blocks: list[dict[str, Any]]) -> str:
    """What Block Kit would refuse."""
    for block in blocks:
        texts = [block["text"]] if "text" in block else []
        limit = 150 if block["type"] == "header" else 3000
        if any(not 0 < len(one["text"]) <= limit for one in texts):
            return f"text of a {block['type']}"
        if any(not 0 < len(one["text"]) <= 2000 for one in block.get("fields", [])):
            return "a field"
        if len(block.get("fields", [])) > 10 or len(block.get("elements", [])) > 25:
            return "too many"
        for element in block.get("elements", []):
            if not 0 < len(element["text"]["text"]) <= 75 or len(element.get("value", "")) > 2000:
                return "a button"
    return ""

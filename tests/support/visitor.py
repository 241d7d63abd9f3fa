"""A visitor's browser, as far as the API goes: starts a conversation, asks, reads events."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.website import SITE_KEY


@dataclass(frozen=True, slots=True)
class Event:
    """One event of an answer's stream."""

    name: str
    data: dict[str, Any]


def read_events(text: str) -> list[Event]:
    """The events of a stream, as a browser reads them."""
    events = []
    for block in text.split("\n\n"):
        if not block:
            continue
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        events.append(Event(fields["event"], json.loads(fields["data"])))
    return events


@dataclass
class Visitor:
    """One conversation."""

    http: httpx.Client
    started: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def arrive(
        cls, http: httpx.Client, headers: dict[str, str] | None = None, **body: Any
    ) -> Visitor:
        """Begin a conversation."""
        content = {"site_key": SITE_KEY, **body}
        response = http.post("/api/v1/chat/conversations", json=content, headers=headers)
        assert response.status_code == 201, response.text
        return cls(http, response.json(), headers or {})

    @property
    def path(self) -> str:
        """The conversation's address."""
        return f"/api/v1/chat/conversations/{self.started['conversation_id']}"

    @property
    def token(self) -> dict[str, str]:
        """The headers that prove who asks."""
        return {**self.headers, "authorization": f"Bearer {self.started['token']}"}

    def send(self, text: Any, message_id: str = "", accept: str = "") -> httpx.Response:
        """Send a message; the response as it is."""
        body = {"message_id": message_id or str(uuid.uuid4()), "text": text}
        headers = {**self.token, **({"accept": accept} if accept else {})}
        return self.http.post(f"{self.path}/messages", json=body, headers=headers)

    def ask(self, text: str, message_id: str = "") -> dict[str, Any]:
        """Ask; the whole answer."""
        response = self.send(text, message_id, "application/json")
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def stream(self, text: str, message_id: str = "") -> list[Event]:
        """Ask; the events of the answer."""
        response = self.send(text, message_id, "text/event-stream")
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/event-stream")
        return read_events(response.text)

    def transcript(self) -> dict[str, Any]:
        """The conversation as the server has it."""
        response = self.http.get(self.path, headers=self.token)
        assert response.status_code == 200, response.text
        content: dict[str, Any] = response.json()
        return content


def check_error(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Hold a response against S2's error body; returns its `error`."""
    assert response.status_code == status, response.text
    assert set(response.json()) == {"error"}
    error: dict[str, Any] = response.json()["error"]
    assert set(error) == {"code", "message", "details", "request_id", "timestamp"}
    assert error["code"] == code
    assert error["message"]
    assert "Traceback" not in response.text
    assert error["request_id"] == response.headers["x-request-id"]
    return error

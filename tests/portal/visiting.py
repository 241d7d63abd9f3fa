"""Visitors of the portal's server: what staff then find on their pages."""

from __future__ import annotations

from typing import Any

import httpx

from core.ids import new_id


class Visitor:
    """Somebody who chats with the site over HTTP."""

    def __init__(self, address: str, url: str = "https://bikes.example/") -> None:
        self._address = f"{address}/api/v1/chat/conversations"
        body = {
            "site_key": "bikes",
            "page": {"url": url, "title": "Bikes", "referrer": "https://search.example/"},
            "timezone": "Europe/Berlin",
            "locale": "en",
        }
        started = httpx.post(self._address, json=body, timeout=20)
        assert started.status_code == 201, started.text
        self.id: str = started.json()["conversation_id"]
        self._headers = {
            "authorization": f"Bearer {started.json()['token']}",
            "accept": "application/json",
        }

    def say(self, text: str, message_id: str = "") -> dict[str, Any]:
        body = {"message_id": message_id or new_id(), "text": text}
        path = f"{self._address}/{self.id}/messages"
        answer = httpx.post(path, json=body, headers=self._headers, timeout=20)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def read(self) -> dict[str, Any]:
        answer = httpx.get(f"{self._address}/{self.id}", headers=self._headers, timeout=20)
        found: dict[str, Any] = answer.json()
        return found

    def end(self) -> None:
        httpx.post(f"{self._address}/{self.id}/end", headers=self._headers, timeout=20)

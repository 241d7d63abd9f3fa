"""In Google Calendar's place: freeBusy, events with sync tokens, and tokens for both kinds of
account. Every request is checked against the description inside Google's own library."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.vendors.google_discovery import check_google_request
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

_EVENTS = re.compile(r"calendars/([^/]+)/events(?:/([^/]+))?")
_ID = re.compile(r"[a-v0-9]{5,1024}")
_NOT_WITH_A_TOKEN = ("timeMin", "timeMax", "q", "orderBy", "updatedMin", "privateExtendedProperty")
CLIENT = {"client_id": "demo-client", "client_secret": "demo-secret"}


@lru_cache(maxsize=1)
def make_service_account() -> dict[str, str]:
    """A key file as the console gives it out."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "type": "service_account",
        "project_id": "demo",
        "private_key_id": "1",
        "private_key": text.decode(),
        "client_email": "agent@demo.iam.gserviceaccount.example",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
        "public_key_of_the_stand_in": public.decode(),
    }


class GoogleCalendarStandIn(HttpStandIn):
    """A calendar for every address; `closed` are those nobody may see. `tokens` are those that
    hold; take one out to have it refused."""

    vendor = "google"
    title = "Google Calendar"

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, dict[str, Any]]] = {}
        self.tokens: dict[str, str] = {}
        self.refresh_tokens = {"refresh-1"}
        self.closed: dict[str, str] = {}
        self.oldest_sync = 0
        self.page = 2
        self._count = 0

    def settings(self) -> Mapping[str, Any]:
        return {
            "base_url": self.url,
            "accounts_url": self.url,
            "token_url": f"{self.url}/token",
            "revoke_url": f"{self.url}/revoke",
        }

    def credentials(self) -> Mapping[str, str]:
        return {"service_account": json.dumps(make_service_account())}

    def records(self) -> Records:
        listed = [
            {"calendar": owner, **{key: event.get(key) for key in ("id", "summary", "status")}}
            | {"start": event["start"].get("dateTime"), "end": event["end"].get("dateTime")}
            for owner, events in self.events.items()
            for event in events.values()
        ]
        return {"events": listed}

    def list_shown(self, owner: str) -> list[dict[str, Any]]:
        """What a person sees in a calendar."""
        return [one for one in self.events.get(owner, {}).values() if one["status"] != "cancelled"]

    def change_by_hand(self, owner: str, event_id: str, **changes: Any) -> None:
        """What somebody does with an event in their browser."""
        with self.lock:
            self._store(owner, {**self.events[owner][event_id], **changes})

    def add_by_hand(self, owner: str, start: datetime, end: datetime) -> None:
        """An entry of the owner's own."""
        with self.lock:
            event = {"id": f"private{self._count}", "status": "confirmed", "summary": "Dentist"}
            times = {
                key: {"dateTime": at.isoformat()} for key, at in (("start", start), ("end", end))
            }
            self._store(owner, {**event, **times})

    def answer(self, request: SeenRequest) -> Answer:
        if request.path == "/token":
            return self._give_token(request)
        if request.path == "/revoke":
            return Answer(200, {})
        assert request.path.startswith("/calendar/v3/"), request.path
        path, body = request.path.removeprefix("/calendar/v3/"), request.json()
        self.errors += check_google_request(request.method, path, request.query, body)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return _refuse(401, "authError")
        if path == "freeBusy":
            return self._free_busy(body, self.tokens[token])
        found = _EVENTS.fullmatch(path)
        assert found, path
        owner = unquote(found[1]).lower()
        if owner in self.closed or self.tokens[token] not in ("", owner):
            reason = self.closed.get(owner, "notFound")
            return _refuse(404 if reason == "notFound" else 403, reason)
        return self._serve_events(owner, found[2], request, body)

    def _serve_events(
        self, owner: str, event_id: str | None, request: SeenRequest, body: Any
    ) -> Answer:
        if event_id is None:
            return self._insert(owner, body) if body else self._list(owner, request)
        event = self.events.get(owner, {}).get(event_id)
        if event is None:
            return _refuse(404, "notFound")
        return self._work_on(owner, event, request, body)

    def _give_token(self, request: SeenRequest) -> Answer:
        form = request.form()
        token, who = f"token-{len(self.tokens) + 1}-{self._count}", ""
        self._count += 1
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return Answer(400, {"error": "invalid_grant", "error_description": "revoked"})
            assert {key: form[key] for key in CLIENT} == CLIENT
        else:
            assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
            public = make_service_account()["public_key_of_the_stand_in"]
            options: Any = {"verify_aud": False, "verify_exp": False, "verify_iat": False}
            claims = jwt.decode(form["assertion"], public, algorithms=["RS256"], options=options)
            who = str(claims.get("sub", ""))
        self.tokens[token] = who.lower()
        return Answer(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def _free_busy(self, body: dict[str, Any], who: str) -> Answer:
        since, until = (datetime.fromisoformat(body[key]) for key in ("timeMin", "timeMax"))
        if (until - since).days > 90:
            return _refuse(400, "timeRangeTooLong")
        calendars = {}
        for item in body["items"]:
            owner = item["id"].lower()
            if owner in self.closed or (who and owner not in (who, "primary")):
                reason = self.closed.get(owner, "notFound")
                calendars[item["id"]] = {
                    "errors": [{"domain": "global", "reason": reason}],
                    "busy": [],
                }
                continue
            times = sorted(
                (_at(event, "start"), _at(event, "end"))
                for event in self.list_shown(owner)
                if event.get("transparency") != "transparent"
            )
            busy = [(a, b) for a, b in _join(times) if a < until and b > since]
            calendars[item["id"]] = {
                "busy": [{"start": _text(a), "end": _text(b)} for a, b in busy]
            }
        return Answer(200, {"kind": "calendar#freeBusy", "calendars": calendars})

    def _insert(self, owner: str, body: dict[str, Any]) -> Answer:
        assert _ID.fullmatch(body["id"]), body["id"]
        if body["id"] in self.events.get(owner, {}):
            return _refuse(409, "duplicate")
        event = {"status": "confirmed", **body}
        if "createRequest" in event.get("conferenceData", {}):
            link = f"https://meet.example/{event['id'][-8:]}"
            event["hangoutLink"] = link
            event["conferenceData"]["entryPoints"] = [{"entryPointType": "video", "uri": link}]
        return Answer(200, self._store(owner, event))

    def _work_on(
        self, owner: str, event: dict[str, Any], request: SeenRequest, body: Any
    ) -> Answer:
        if request.method == "GET":
            return Answer(200, event)
        wanted = request.headers.get("if-match", event["etag"])
        if wanted != event["etag"]:
            return _refuse(412, "conditionNotMet")
        if request.method == "DELETE":
            if event["status"] == "cancelled":
                return _refuse(410, "deleted")
            self._store(owner, {**event, "status": "cancelled"})
            return Answer(204)
        merged = copy.deepcopy(event)
        for key, value in body.items():
            both = isinstance(value, dict) and isinstance(merged.get(key), dict)
            merged[key] = {**merged[key], **value} if both else value
        return Answer(200, self._store(owner, merged))

    def _list(self, owner: str, request: SeenRequest) -> Answer:
        token = request.param("syncToken")
        if token and any(request.param(name) for name in _NOT_WITH_A_TOKEN):
            return _refuse(400, "badRequest")
        since = int(token.removeprefix("sync-")) if token else 0
        if token and since < self.oldest_sync:
            return _refuse(410, "fullSyncRequired")
        events = sorted(self.events.get(owner, {}).values(), key=lambda one: int(one["etag"]))
        changed = [one for one in events if int(one["etag"]) > since]
        start = int(request.param("pageToken") or 0)
        page = [_shorten(one) if token else one for one in changed[start : start + self.page]]
        if start + self.page < len(changed):
            return Answer(200, {"items": page, "nextPageToken": str(start + self.page)})
        return Answer(200, {"items": page, "nextSyncToken": f"sync-{self._count}"})

    def _store(self, owner: str, event: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        event = {**event, "etag": str(self._count)}
        self.events.setdefault(owner, {})[event["id"]] = event
        return event


def _shorten(event: dict[str, Any]) -> dict[str, Any]:
    """Of a deleted event only the id is promised."""
    if event["status"] != "cancelled":
        return event
    return {"id": event["id"], "status": "cancelled"}


def _refuse(status: int, reason: str) -> Answer:
    error = {"domain": "global", "reason": reason, "message": reason}
    return Answer(status, {"error": {"errors": [error], "code": status, "message": reason}})


def _at(event: dict[str, Any], key: str) -> datetime:
    return datetime.fromisoformat(event[key]["dateTime"])


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _join(times: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Google tells neither whose entries are nor where one ends and the next begins."""
    joined: list[tuple[datetime, datetime]] = []
    for start, end in times:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined

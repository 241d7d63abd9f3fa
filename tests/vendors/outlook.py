"""In Microsoft Graph's place: getSchedule, events and their delta, and tokens. There is no
specification to check requests with: the fields, parameters and headers that are let through
here are those of the public reference of Graph v1.0, and everything else is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

_TIME = {"dateTime": str, "timeZone": str}
_PROPERTY = {"id": str, "value": str}
_PERSON = {"emailAddress": {"address": str, "name": str}, "type": str}
# Graph v1.0 reference: event, "Properties" that may be written, as far as we write them.
_EVENT: dict[str, Any] = {
    "subject": str,
    "body": {"contentType": str, "content": str},
    "start": _TIME,
    "end": _TIME,
    "showAs": str,
    "attendees": [_PERSON],
    "transactionId": str,
    "isOnlineMeeting": bool,
    "onlineMeetingProvider": str,
    "singleValueExtendedProperties": [_PROPERTY],
}
_SCHEDULE: dict[str, Any] = {
    "schedules": [str],
    "startTime": _TIME,
    "endTime": _TIME,
    "availabilityViewInterval": int,
}
_PARAMETERS = {
    "events": {"$filter", "$select", "$top"},
    "event": {"$select"},
    "delta": {"startDateTime", "endDateTime", "$deltatoken", "$skiptoken"},
    "users": {"$select", "$top"},
}
_FILTER = re.compile(
    r"singleValueExtendedProperties/any\(ep: ep/id eq '(String \{[0-9a-f-]{36}\} Name \w+)'"
    r" and ep/value eq '([0-9a-f-]{36})'\)"
)
_PATH = re.compile(
    r"/v1\.0/users/([^/]+)/(events|calendarView/delta|calendar/getSchedule)(?:/(.+))?"
)


class OutlookStandIn(HttpStandIn):
    """A mailbox for every address but those in `missing`. `tokens` are those that hold."""

    vendor = "outlook"
    title = "Outlook (Microsoft Graph)"

    def __init__(self) -> None:
        super().__init__()
        self.events: dict[str, dict[str, dict[str, Any]]] = {}
        self.log: list[tuple[int, str, str, bool]] = []
        self.tokens: set[str] = set()
        self.refresh_tokens = {"refresh-1"}
        self.missing: set[str] = set()
        self.oldest_delta = 0
        self.page = 2
        self._count = 0

    def settings(self) -> Mapping[str, Any]:
        return {"base_url": self.url, "login_url": self.url, "directory": "demo.example"}

    def credentials(self) -> Mapping[str, str]:
        return {"client_id": "demo-app", "client_secret": "demo-secret"}

    def records(self) -> Records:
        listed = [
            {"calendar": owner, "subject": one["subject"], "id": one["id"]}
            | {"start": one["start"]["dateTime"], "end": one["end"]["dateTime"]}
            for owner, events in self.events.items()
            for one in events.values()
        ]
        return {"events": listed}

    def list_shown(self, owner: str) -> list[dict[str, Any]]:
        return list(self.events.get(owner, {}).values())

    def find_event_id(self, owner: str, meeting_id: str) -> str:
        """The event of a meeting of ours."""
        return next(key for key, one in self.events[owner].items() if _value_of(one) == meeting_id)

    def change_by_hand(self, owner: str, event_id: str, **changes: Any) -> None:
        """What somebody does with an event in Outlook."""
        with self.lock:
            self._store(owner, {**self.events[owner][event_id], **changes})

    def delete_by_hand(self, owner: str, event_id: str) -> None:
        """The same, for good."""
        with self.lock:
            self._delete(owner, event_id)

    def answer(self, request: SeenRequest) -> Answer:
        if request.path == "/demo.example/oauth2/v2.0/token":
            return self._give_token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return _refuse(401, "InvalidAuthenticationToken")
        if 'outlook.timezone="UTC"' not in request.headers.get("prefer", ""):
            self.errors.append(f"{request.target}: times in the mailbox's own zone")
        if request.path == "/v1.0/users":
            self._check_query(request, "users")
            return Answer(200, {"value": [{"id": "1"}]})
        if request.path == "/v1.0/me/calendar":
            return Answer(200, {"owner": {"address": "boss@larkmere.example"}})
        found = _PATH.fullmatch(request.path)
        assert found, request.path
        owner = unquote(found[1]).lower()
        if owner in self.missing:
            return _refuse(404, "ErrorInvalidUser")
        return self._serve_mailbox(owner, found[2], found[3] or "", request)

    def _serve_mailbox(self, owner: str, what: str, event_id: str, request: SeenRequest) -> Answer:
        if what == "calendar/getSchedule":
            return self._get_schedule(request.json())
        if what == "calendarView/delta":
            return self._get_delta(owner, request)
        if event_id:
            return self._work_on(owner, unquote(event_id), request)
        return self._create(owner, request) if request.method == "POST" else self._find(request)

    def _give_token(self, request: SeenRequest) -> Answer:
        form = request.form()
        if form.pop("client_id") != "demo-app" or form.pop("client_secret") != "demo-secret":
            return Answer(401, {"error": "invalid_client"})
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": 3599}
        if form["grant_type"] == "client_credentials":
            assert form == {"grant_type": "client_credentials", "scope": f"{self.url}/.default"}
        else:
            assert form["grant_type"] == "refresh_token"
            assert "offline_access" in form["scope"]
            if form["refresh_token"] not in self.refresh_tokens:
                return Answer(400, {"error": "invalid_grant"})
            self.refresh_tokens = {f"refresh-{self._count + 2}"}
            [answer["refresh_token"]] = self.refresh_tokens
        self._count += 1
        answer["access_token"] = f"token-{self._count}"
        self.tokens.add(answer["access_token"])
        return Answer(200, answer)

    def _get_schedule(self, body: dict[str, Any]) -> Answer:
        self._check_fields("getSchedule", body, _SCHEDULE)
        since, until = _read(body["startTime"]), _read(body["endTime"])
        if (until - since).days >= 62:
            return _refuse(400, "ErrorInvalidTimeInterval")
        listed = []
        for address in body["schedules"]:
            items = [
                {"status": one["showAs"], "start": one["start"], "end": one["end"]}
                for one in self.events.get(address, {}).values()
                if _read(one["start"]) < until and _read(one["end"]) > since
            ]
            listed.append({"scheduleId": address, "scheduleItems": items})
        return Answer(200, {"value": listed})

    def _create(self, owner: str, request: SeenRequest) -> Answer:
        body = request.json()
        self._check_fields("event", body, _EVENT)
        for one in self.events.get(owner, {}).values():
            if one["transactionId"] == body["transactionId"]:
                return Answer(201, _show(one))
        self._count += 1
        event = {"attendees": [], "isCancelled": False, **body, "id": f"AAMk={self._count}/x"}
        if event.get("isOnlineMeeting"):
            event["onlineMeeting"] = {"joinUrl": f"https://teams.example/{self._count}"}
        return Answer(201, _show(self._store(owner, event)))

    def _find(self, request: SeenRequest) -> Answer:
        self._check_query(request, "events")
        found = _FILTER.fullmatch(request.param("$filter"))
        assert found, request.param("$filter")
        owner = unquote(request.path.split("/")[3]).lower()
        listed = [
            _show(one)
            for one in self.events.get(owner, {}).values()
            if {"id": found[1], "value": found[2]} in one.get("singleValueExtendedProperties", ())
        ]
        return Answer(200, {"value": listed[: int(request.param("$top") or 10)]})

    def _work_on(self, owner: str, event_id: str, request: SeenRequest) -> Answer:
        event = self.events.get(owner, {}).get(event_id)
        if event is None:
            return _refuse(404, "ErrorItemNotFound")
        if request.method == "GET":
            self._check_query(request, "event")
            return Answer(200, _show(event))
        if request.method == "DELETE":
            self._delete(owner, event_id)
            return Answer(204)
        body = request.json()
        self._check_fields("event", body, _EVENT)
        assert not {"transactionId", "singleValueExtendedProperties"} & body.keys()
        return Answer(200, _show(self._store(owner, {**event, **body})))

    def _get_delta(self, owner: str, request: SeenRequest) -> Answer:
        self._check_query(request, "delta")
        token = request.param("$deltatoken") or request.param("$skiptoken")
        since, start = (int(part) for part in (token or "0.0").split("."))
        if request.param("$deltatoken") and since < self.oldest_delta:
            return _refuse(410, "SyncStateNotFound")
        newest = {
            event_id: is_gone
            for count, whose, event_id, is_gone in self.log
            if whose == owner and count > since
        }
        entries = [
            {"id": one, "@removed": {"reason": "deleted"}}
            if is_gone
            else {"id": one, "subject": self.events[owner][one]["subject"]}
            for one, is_gone in newest.items()
            if not (is_gone and since == 0)
        ]
        base = f"{self.url}{request.path}"
        page = {"value": entries[start : start + self.page]}
        if start + self.page < len(entries):
            page["@odata.nextLink"] = f"{base}?$skiptoken={since}.{start + self.page}"  # type: ignore[assignment]
        else:
            page["@odata.deltaLink"] = f"{base}?$deltatoken={self._count}.0"  # type: ignore[assignment]
        return Answer(200, page)

    def _store(self, owner: str, event: dict[str, Any]) -> dict[str, Any]:
        self._count += 1
        self.events.setdefault(owner, {})[event["id"]] = event
        self.log.append((self._count, owner, event["id"], False))
        return event

    def _delete(self, owner: str, event_id: str) -> None:
        self._count += 1
        del self.events[owner][event_id]
        self.log.append((self._count, owner, event_id, True))

    def _check_query(self, request: SeenRequest, kind: str) -> None:
        unknown = request.query.keys() - _PARAMETERS[kind]
        if unknown:
            self.errors.append(f"{request.target}: unknown parameters {sorted(unknown)}")

    def _check_fields(self, place: str, value: Any, shape: Any) -> None:
        if isinstance(shape, list):
            assert isinstance(value, list), place
            for one in value:
                self._check_fields(place, one, shape[0])
        elif isinstance(shape, dict):
            for name, one in value.items():
                if name not in shape:
                    self.errors.append(f"{place}.{name} is not described")
                else:
                    self._check_fields(f"{place}.{name}", one, shape[name])
        elif not isinstance(value, shape):
            self.errors.append(f"{place} is no {shape.__name__}")


def _show(event: dict[str, Any]) -> dict[str, Any]:
    """Extended properties are shown only when they are asked for."""
    return {
        key: value for key, value in event.items() if key != "singleValueExtendedProperties"
    } | {key: _shown_time(event[key]) for key in ("start", "end")}


def _shown_time(value: dict[str, str]) -> dict[str, str]:
    return {**value, "dateTime": f"{value['dateTime'][:19]}.0000000"}


def _value_of(event: dict[str, Any]) -> str:
    return str(event.get("singleValueExtendedProperties", [{"value": ""}])[0]["value"])


def _read(value: dict[str, str]) -> datetime:
    assert value["timeZone"] == "UTC"
    return datetime.fromisoformat(value["dateTime"][:19]).replace(tzinfo=UTC)


def _refuse(status: int, code: str) -> Answer:
    return Answer(status, {"error": {"code": code, "message": code}})

"""In Calendly's place: users, event types, available times, bookings, webhooks. Requests are
checked against Calendly's published specification where one is given. That specification does
not know `POST /invitees`, which is newer: its fields are checked as the public reference of the
Scheduling API says."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

API = "https://api.calendly.com"
ORGANIZATION = f"{API}/organizations/ORG1"
_HALF_HOUR = timedelta(minutes=30)
_WEEK = timedelta(days=7)
_INVITEE = {"email", "name", "first_name", "last_name", "timezone", "text_reminder_number"}
_BOOKING = {"event_type", "start_time", "invitee", "location", "tracking", "event_guests"}
_TRACKING = {
    "utm_campaign",
    "utm_source",
    "utm_medium",
    "utm_content",
    "utm_term",
    "salesforce_uuid",
}
_EVENT = re.compile(r"/scheduled_events/(\w+)(?:/(invitees|cancellation)(?:/(\w+))?)?")


class Judge(Protocol):
    """Tells what is wrong with a request (tests/support/specification.py)."""

    def check_request(
        self, method: str, target: str, *, headers: Mapping[str, str] | None, body: bytes
    ) -> list[str]: ...


class CalendlyStandIn(HttpStandIn):
    """An organisation whose people can be met at every half hour. `tokens` are those that hold;
    `taken` are times that Calendly offers and then refuses."""

    vendor = "calendly"
    title = "Calendly"

    def __init__(
        self,
        people: tuple[str, ...] = ("hannah@larkmere.example", "marcus@larkmere.example"),
        judge: Judge | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self.people, self.judge, self.now = people, judge, now
        self.tokens = {"personal-token"}
        self.refresh_tokens = {"refresh-1"}
        self.events: dict[str, dict[str, Any]] = {}
        self.invitees: dict[str, dict[str, Any]] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.taken: set[datetime] = set()
        self.is_paid = True
        # Data compliance is for Enterprise accounts.
        self.is_enterprise = True
        self.erased: list[str] = []
        self._count = 0

    def settings(self) -> Mapping[str, Any]:
        return {"base_url": self.url, "auth_url": self.url}

    def credentials(self) -> Mapping[str, str]:
        return {"token": "personal-token", "webhook_signing_key": "a-long-random-key"}

    def records(self) -> Records:
        listed = [
            {key: one[key] for key in ("uri", "status", "start_time")}
            | {"invitee": self._invitees_of(one["uri"])[0]["email"]}
            for one in self.events.values()
        ]
        return {"events": listed}

    def list_active(self) -> list[dict[str, Any]]:
        return [one for one in self.events.values() if one["status"] == "active"]

    def cancel_by_hand(self, event_id: str, by: str = "host") -> None:
        """What a host or invitee does in Calendly."""
        with self.lock:
            self._cancel(event_id, "Something came up", by)

    def move_by_hand(self, event_id: str, start: datetime) -> None:
        """Calendly moves by cancelling and booking anew, with a link from one to the other."""
        with self.lock:
            old = self.events[event_id]
            [invitee] = self._invitees_of(old["uri"])
            new = self._book(old["event_type"], start, dict(invitee))
            self._cancel(event_id, "moved", "invitee")
            key = invitee["uri"].rpartition("/")[2]
            self.invitees[key] |= {"rescheduled": True, "new_invitee": new["uri"]}

    def find_event_id(self, meeting_id: str) -> str:
        """The active event of a meeting of ours."""
        for one in self.list_active():
            [invitee] = self._invitees_of(one["uri"])
            if invitee["tracking"]["utm_content"] == meeting_id:
                return str(one["uri"]).rpartition("/")[2]
        raise AssertionError(f"{meeting_id} is not booked")

    def sign(self, body: bytes, at: datetime, key: str = "a-long-random-key") -> dict[str, str]:
        """The header of a webhook."""
        stamp = str(int(at.timestamp()))
        found = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {"calendly-webhook-signature": f"t={stamp},v1={found}"}

    def answer(self, request: SeenRequest) -> Answer:
        if request.path == "/oauth/token":
            return self._give_token(request)
        is_booking = request.path == "/invitees" and request.method == "POST"
        is_erasure = request.path == "/data_compliance/deletion/invitees"
        if self.judge is not None and not is_booking and not is_erasure:
            self.errors += self.judge.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _refuse(401, "Unauthenticated")
        if is_booking:
            return self._take_booking(request.json())
        if is_erasure:
            return self._take_erasure(request.json())
        found = _EVENT.fullmatch(request.path)
        if found:
            return self._serve_event(found[1], found[2] or "", found[3] or "", request)
        return self._serve_rest(request)

    def _serve_rest(self, request: SeenRequest) -> Answer:
        if request.path.startswith("/webhook_subscriptions"):
            return self._serve_webhooks(request)
        if request.path.startswith("/users/"):
            name = request.path.rpartition("/")[2]
            number = 0 if name == "me" else int(name.removeprefix("USER"))
            return Answer(200, {"resource": self._describe_user(number)})
        collections: dict[str, Callable[[SeenRequest], list[dict[str, Any]]]] = {
            "/event_types": self._list_event_types,
            "/event_type_available_times": self._list_available,
            "/user_busy_times": self._list_busy,
            "/scheduled_events": self._list_events,
        }
        if request.param("start_time"):
            begin, end = (_read(request.param(key)) for key in ("start_time", "end_time"))
            if end - begin > _WEEK or begin < self.now():
                return _refuse(400, "Invalid Argument")
            # These two have no pages.
            return Answer(200, {"collection": collections[request.path](request)})
        return self._page(collections[request.path](request), request)

    def _serve_event(
        self, event_id: str, what: str, invitee_id: str, request: SeenRequest
    ) -> Answer:
        event = self.events.get(event_id)
        if event is None:
            return _refuse(404, "Resource Not Found")
        if what == "cancellation":
            if event["status"] == "canceled":
                return _refuse(403, "Event is already canceled")
            self._cancel(event_id, request.json()["reason"], "host")
            return Answer(201, {"resource": event["cancellation"]})
        if invitee_id:
            return Answer(200, {"resource": self.invitees[invitee_id]})
        if what == "invitees":
            email = request.param("email")
            listed = [one for one in self._invitees_of(event["uri"]) if one["email"] == email]
            return self._page(listed, request)
        return Answer(200, {"resource": event})

    def _take_erasure(self, body: dict[str, Any]) -> Answer:
        """As the public reference says ("Delete Invitee Data")."""
        if not self.is_enterprise:
            return _refuse(403, "Permission Denied")
        if body.keys() != {"emails"} or not body["emails"]:
            self.errors.append("POST /data_compliance/deletion/invitees: send emails")
        self.erased += body["emails"]
        return Answer(202, {})

    def _take_booking(self, body: dict[str, Any]) -> Answer:
        if not self.is_paid:
            return _refuse(403, "Permission Denied")
        unknown = (body.keys() - _BOOKING) | (body["invitee"].keys() - _INVITEE)
        if unknown or body["tracking"].keys() != _TRACKING:
            self.errors.append(f"POST /invitees: unknown or missing: {sorted(unknown)}")
        if not {"email", "timezone", "name"} <= body["invitee"].keys():
            self.errors.append("POST /invitees: an invitee needs email, timezone and name")
        start = _read(body["start_time"])
        if start in self.taken or not self._is_free(body["event_type"], start):
            details = [{"code": "already_filled", "message": "This time is already filled"}]
            return Answer(400, {"title": "Invalid Argument", "details": details})
        return Answer(
            201, {"resource": self._book(body["event_type"], start, body["invitee"], body)}
        )

    def _book(
        self,
        event_type: str,
        start: datetime,
        person: dict[str, Any],
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        self._count += 1
        event_id, invitee_id = f"EVENT{self._count}", f"INVITEE{self._count}"
        uri = f"{API}/scheduled_events/{event_id}"
        end = start + timedelta(minutes=self._read_minutes(event_type))
        self.events[event_id] = {
            "uri": uri,
            "name": "Meeting",
            "status": "active",
            "start_time": _write(start),
            "end_time": _write(end),
            "event_type": event_type,
            "location": {"type": "zoom", "join_url": f"https://zoom.example/{event_id}"},
            "event_memberships": [{"user": event_type.rpartition("-")[0].replace("TYPE", "USER")}],
        }
        tracking = (body or {}).get("tracking") or person.get("tracking")
        self.invitees[invitee_id] = {
            "uri": f"{uri}/invitees/{invitee_id}",
            "event": uri,
            "email": person["email"],
            "name": person["name"],
            "status": "active",
            "timezone": person["timezone"],
            "tracking": tracking,
            "rescheduled": False,
            "old_invitee": None,
            "new_invitee": None,
            "cancel_url": f"https://calendly.example/cancellations/{invitee_id}",
            "reschedule_url": f"https://calendly.example/reschedulings/{invitee_id}",
        }
        return self.invitees[invitee_id]

    def _cancel(self, event_id: str, reason: str, by: str) -> None:
        event = self.events[event_id]
        event["status"] = "canceled"
        event["cancellation"] = {"canceled_by": "x", "reason": reason, "canceler_type": by}
        for one in self._invitees_of(event["uri"]):
            one["status"] = "canceled"

    def _serve_webhooks(self, request: SeenRequest) -> Answer:
        if request.method == "GET":
            return self._page(list(self.webhooks.values()), request)
        if request.method == "DELETE":
            del self.webhooks[request.path.rpartition("/")[2]]
            return Answer(204)
        body = request.json()
        self._count += 1
        name = f"HOOK{self._count}"
        self.webhooks[name] = {
            "uri": f"{API}/webhook_subscriptions/{name}",
            "callback_url": body["url"],
            "state": "active",
        }
        return Answer(201, {"resource": self.webhooks[name]})

    def _list_event_types(self, request: SeenRequest) -> list[dict[str, Any]]:
        assert request.param("organization") == ORGANIZATION or request.param("user")
        return [
            {
                "uri": f"{API}/event_types/TYPE{number}-{minutes}",
                "name": f"{minutes} Minute Meeting",
                "slug": f"{minutes}min",
                "active": True,
                "secret": False,
                "duration": minutes,
                "profile": {"type": "User", "owner": f"{API}/users/USER{number}"},
            }
            for number in range(len(self.people))
            for minutes in (15, 30, 60)
        ]

    def _list_available(self, request: SeenRequest) -> list[dict[str, Any]]:
        at, end = _read(request.param("start_time")), _read(request.param("end_time"))
        at = at.replace(minute=0, second=0, microsecond=0)
        found = []
        while at < end:
            if at > self.now() and self._is_free(request.param("event_type"), at):
                one = {"status": "available", "invitees_remaining": 1, "start_time": _write(at)}
                found.append(one)
            at += _HALF_HOUR
        return found

    def _list_busy(self, request: SeenRequest) -> list[dict[str, Any]]:
        begin, end = _read(request.param("start_time")), _read(request.param("end_time"))
        return [
            {"type": "calendly", "start_time": one["start_time"], "end_time": one["end_time"]}
            for one in self.list_active()
            if request.param("user")
            == one["event_memberships"][0]["user"].replace("event_types", "users")
            and _read(one["start_time"]) < end
            and _read(one["end_time"]) > begin
        ]

    def _list_events(self, request: SeenRequest) -> list[dict[str, Any]]:
        low = _read(request.param("min_start_time") or "2000-01-01T00:00:00Z")
        high = _read(request.param("max_start_time") or "2100-01-01T00:00:00Z")
        email, status = request.param("invitee_email"), request.param("status")
        return [
            one
            for one in self.events.values()
            if low <= _read(one["start_time"]) <= high
            and status in ("", one["status"])
            and (not email or email in [who["email"] for who in self._invitees_of(one["uri"])])
        ]

    def _page(self, listed: list[dict[str, Any]], request: SeenRequest) -> Answer:
        size, start = int(request.param("count") or 20), int(request.param("page_token") or 0)
        following = str(start + size) if start + size < len(listed) else None
        pagination = {"count": len(listed), "next_page_token": following}
        return Answer(200, {"collection": listed[start : start + size], "pagination": pagination})

    def _is_free(self, event_type: str, start: datetime) -> bool:
        end = start + timedelta(minutes=self._read_minutes(event_type))
        host = event_type.rpartition("-")[0]
        return not any(
            one["event_type"].rpartition("-")[0] == host
            and _read(one["start_time"]) < end
            and _read(one["end_time"]) > start
            for one in self.list_active()
        )

    def _read_minutes(self, event_type: str) -> int:
        return int(event_type.rpartition("-")[2])

    def _describe_user(self, number: int) -> dict[str, Any]:
        return {
            "uri": f"{API}/users/USER{number}",
            "name": self.people[number].partition("@")[0].title(),
            "email": self.people[number],
            "current_organization": ORGANIZATION,
        }

    def _invitees_of(self, event_uri: str) -> list[dict[str, Any]]:
        return [one for one in self.invitees.values() if one["event"] == event_uri]

    def _give_token(self, request: SeenRequest) -> Answer:
        form = request.form()
        if form["refresh_token"] not in self.refresh_tokens:
            return Answer(400, {"error": "invalid_grant"})
        self._count += 1
        self.refresh_tokens = {f"refresh-{self._count}"}
        token = f"token-{self._count}"
        self.tokens.add(token)
        [following] = self.refresh_tokens
        return Answer(200, {"access_token": token, "refresh_token": following, "expires_in": 7200})


def make_webhook(kind: str, number: int = 1) -> bytes:
    """The body of a webhook."""
    payload = {"uri": f"{API}/scheduled_events/EVENT{number}/invitees/INVITEE{number}"}
    return json.dumps({"event": kind, "created_at": "x", "payload": payload}).encode()


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _write(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _refuse(status: int, title: str) -> Answer:
    return Answer(status, {"title": title, "message": title})

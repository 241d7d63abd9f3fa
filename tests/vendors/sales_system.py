"""Somebody else's sales system, by the contract of S0: stateful, with faults to order.

It has its own idea of the contract, so that ours is not only compared with itself: the hash is
computed over the bytes that arrive, which are canonical already.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

PATH = "/api/v1/sales/leads"


class SalesSystemStandIn(HttpStandIn):
    """Takes leads over. `word`: what is said of new ones. `failing`: the share of packages that
    are answered 503, half of them after they were taken. `alter`: what is done to the answer's
    hash. `token_seconds`: how long a token holds."""

    vendor = "sales_system"
    title = "Sales system"

    def __init__(self) -> None:
        super().__init__()
        self.word = "accepted"
        self.reason = "out-of-area"
        self.failing = 0.0
        self.wrong_hashes = 0
        self.token_seconds = 3600
        self.tokens: set[str] = set()
        self.issued = 0
        self.leads: dict[str, dict[str, Any]] = {}
        self.packages: dict[str, list[bytes]] = {}
        self.answers: dict[str, tuple[str, dict[str, Any]]] = {}
        self.expected: datetime | None = None
        self._moment = datetime(2026, 12, 1, tzinfo=UTC)
        self._dice = random.Random(7)

    def settings(self) -> Mapping[str, Any]:
        return {"endpoint": self.url + PATH, "token_url": f"{self.url}/oauth/token"}

    def credentials(self) -> Mapping[str, str]:
        return {"client_id": "marketing", "client_secret": "s3cret"}

    def records(self) -> Records:
        return {"leads": list(self.leads.values())}

    def answer(self, request: SeenRequest) -> Answer:  # noqa: PLR0911 - one way out a route
        if request.path == "/oauth/token":
            return self._issue(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return self._refuse(401, "UNAUTHORIZED", "the token does not hold")
        if request.path == PATH and request.method == "POST":
            return self._receive(request)
        if request.path == PATH:
            return self._list(request)
        lead = self.leads.get(unquote(request.path.removeprefix(PATH + "/")))
        if lead is None:
            return self._refuse(404, "NOT_FOUND", "no such lead")
        if request.method == "DELETE":
            lead["status"], lead["position"] = "erased", self._next()
            return Answer(204)
        return Answer(200, lead)

    def forget_tokens(self) -> None:
        """As if they had run out."""
        self.tokens.clear()

    def _issue(self, request: SeenRequest) -> Answer:
        proof = base64.b64encode(b"marketing:s3cret").decode()
        if request.headers.get("authorization") != f"Basic {proof}":
            return Answer(401, {"error": "invalid_client"})
        if request.form().get("grant_type") != "client_credentials":
            return Answer(400, {"error": "unsupported_grant_type"})
        self.issued += 1
        token = f"token-{self.issued}"
        self.tokens.add(token)
        content = {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}
        return Answer(200, content)

    def _receive(self, request: SeenRequest) -> Answer:
        fails = self._dice.random() < self.failing
        if fails and self._dice.random() < 0.5:
            return Answer(503, {"message": "not now"})
        answer = self._take(request)
        return Answer(503, {"message": "lost"}) if fails else answer

    def _take(self, request: SeenRequest) -> Answer:
        digest = f"sha256:{hashlib.sha256(request.body).hexdigest()}"
        if request.headers.get("x-payload-hash") != digest:
            return self._refuse(400, "VALIDATION_ERROR", "changed", "HASH_MISMATCH")
        package, key = json.loads(request.body), request.headers["idempotency-key"]
        if not request.headers.get("x-transaction-id"):
            self.errors.append("no transaction id")
        known = self.answers.get(key)
        if known is not None and known[0] != digest:
            return self._refuse(409, "CONFLICT", "another package under this key")
        if known is None:
            self.packages.setdefault(package["leadId"], []).append(request.body)
            self.answers[key] = (digest, self._decide(package["leadId"], digest))
        returned = digest
        if self.wrong_hashes:
            self.wrong_hashes -= 1
            returned = "sha256:" + "0" * 64
        return Answer(200, self.answers[key][1], {"x-payload-hash": returned})

    def _decide(self, lead_id: str, digest: str) -> dict[str, Any]:
        before = self.leads.get(lead_id, {})
        self._moment += timedelta(seconds=1)
        at = self._moment.isoformat()
        lead = {
            "leadId": lead_id,
            "status": self.word,
            "salesAgentLeadId": before.get("salesAgentLeadId", f"S-{len(self.leads) + 1}"),
            "acknowledgedAt": at,
            "assignedTo": "rep-7",
            "estimatedContactTime": self.expected.isoformat() if self.expected else None,
            "rejectionReason": self.reason if self.word == "rejected" else None,
        }
        self.leads[lead_id] = {
            **lead,
            "acknowledgement": self.word,
            "changedAt": at,
            "payloadHash": digest,
            "outcome": {},
            "position": self._next(),
        }
        return lead

    def say(self, lead_id: str, word: str) -> None:
        """Change one's mind about a lead."""
        self._moment += timedelta(seconds=1)
        at = self._moment.isoformat()
        change = {"acknowledgement": word, "status": word, "acknowledgedAt": at, "changedAt": at}
        self.leads[lead_id].update(change, position=self._next(), estimatedContactTime=None)

    def _next(self) -> int:
        return 1 + max((lead["position"] for lead in self.leads.values()), default=0)

    def _list(self, request: SeenRequest) -> Answer:
        since, limit = int(request.param("cursor", "0")), int(request.param("limit", "200"))
        found = sorted(self.leads.values(), key=lambda lead: int(lead["position"]))
        found = [lead for lead in found if lead["position"] > since]
        shown = found[:limit]
        cursor = str(shown[-1]["position"]) if shown else str(since)
        content = {"data": shown, "cursor": cursor, "hasMore": len(found) > limit}
        return Answer(200, content)

    def _refuse(self, status: int, code: str, message: str, detail: str = "") -> Answer:
        details = {"code": detail, "problems": [{"field": "", "code": detail}]} if detail else {}
        return Answer(status, {"error": {"code": code, "message": message, "details": details}})

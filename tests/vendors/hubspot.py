"""HubSpot's CRM as a stand-in: contacts, companies, deals, notes, meetings and what joins them.

What it does with requests follows HubSpot's documentation; that they are of the right form is
judged by the published specification, where `specification` is given.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support.specification import Specification
from tests.vendors.hubspot_state import STAGES, Refusal, Store, describe
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

_ID = r"([^/]+)"
_OBJECTS = r"/crm/v3/objects/(contacts|companies|deals|notes|meetings)"
_LINKS = rf"/crm/v4/associations/{_ID}/{_ID}/batch/associate/default"
TOKENS = "/oauth/v1/token"
# Not in the specification that we have: read as HubSpot's documentation has it.
_UNSPECIFIED = {"/crm/v3/owners/": {"limit", "after", "email", "archived"}}


class HubSpotStandIn(HttpStandIn):
    """One account. Its private app's token never ends; OAuth tokens do, when told to."""

    vendor = "hubspot"
    title = "HubSpot"

    def __init__(self, specification: Specification | None = None) -> None:
        super().__init__()
        self.specification = specification
        self.store = Store()
        self.token, self.refresh_token = "token-0", "refresh-0"
        self.tokens_given = 0
        self.is_revoked = False

    def settings(self) -> Mapping[str, Any]:
        """What leads here."""
        return {"base_url": self.url, "app_url": self.url, "portal_id": 4711}

    def credentials(self) -> Mapping[str, str]:
        """Those of a signed-in OAuth app."""
        return {
            "client_id": "app",
            "client_secret": "app-secret",
            "access_token": self.token,
            "refresh_token": self.refresh_token,
        }

    def records(self) -> Records:
        """What an admin would see."""
        return {
            kind: [{"id": one, **item["properties"]} for one, item in items.items()]
            for kind, items in self.store.objects.items()
        }

    def answer(self, request: SeenRequest) -> Answer:
        """What HubSpot would."""
        problems = self._list_problems(request)
        if problems:
            self.errors += problems
            return Answer(400, describe("; ".join(problems)))
        if request.path == TOKENS:
            return self._renew(request.form())
        if self.is_revoked or request.headers.get("authorization") != f"Bearer {self.token}":
            return Answer(401, describe("Authentication credentials not found or expired"))
        try:
            answer = self._serve(request)
        except Refusal as refusal:
            return Answer(refusal.status, describe(refusal.message, refusal.category))
        if self.specification is not None and answer.body is not None:
            self._check_answer(request, answer)
        limits = {
            "x-hubspot-ratelimit-max": "190",
            "x-hubspot-ratelimit-interval-milliseconds": "10000",
            "x-hubspot-ratelimit-remaining": "189",
            "x-hubspot-ratelimit-daily-remaining": "600000",
        }
        return Answer(answer.status, answer.body, limits)

    def _list_problems(self, request: SeenRequest) -> list[str]:
        known = _UNSPECIFIED.get(request.path)
        if known is not None:
            return [f"{request.path}: no parameter {name}" for name in request.query.keys() - known]
        if self.specification is None:
            return []
        return [
            f"{request.method} {request.target}: {problem}"
            for problem in self.specification.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
        ]

    def _check_answer(self, request: SeenRequest, answer: Answer) -> None:
        if request.path in _UNSPECIFIED or self.specification is None:
            return
        self.errors += self.specification.check_response(
            request.method, request.target, answer.status, json.dumps(answer.body).encode()
        )

    def _renew(self, form: Mapping[str, str]) -> Answer:
        fits = form.get("refresh_token") == self.refresh_token
        if self.is_revoked or not fits or form.get("client_secret") != "app-secret":
            return Answer(400, describe("missing or invalid refresh token", "BAD_REFRESH_TOKEN"))
        self.tokens_given += 1
        self.token = f"token-{self.tokens_given}"
        body = {
            "access_token": self.token,
            "refresh_token": self.refresh_token,
            "expires_in": 1800,
            "token_type": "bearer",
            "hub_id": 4711,
            "user_id": 1,
            "scopes": ["oauth"],
        }
        return Answer(200, body)

    def _serve(self, request: SeenRequest) -> Answer:
        for method, pattern, name in _ROUTES:
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                answer: Answer = getattr(self, name)(request, *found.groups())
                return answer
        raise Refusal(404, f"no such path: {request.method} {request.path}")

    def _search(self, request: SeenRequest, kind: str) -> Answer:
        question = request.json()
        found = self.store.search(kind, question["filterGroups"], question["sorts"])
        start, limit = int(question["after"]), question["limit"]
        if limit > 200 or start + limit > 10_000:
            raise Refusal(400, "the limit of a search is 200, and 10,000 in all")
        page = found[start : start + limit]
        body: dict[str, Any] = {
            "total": len(found),
            "results": [self.store.show(kind, one, question["properties"]) for one in page],
        }
        if start + limit < len(found):
            body["paging"] = {"next": {"after": str(start + limit)}}
        return Answer(200, body)

    def _read_batch(self, request: SeenRequest, kind: str) -> Answer:
        question = request.json()
        shown = []
        for entry in question["inputs"]:
            one = self.store.find(kind, entry["id"], question.get("idProperty"))
            if one is not None:
                shown.append(self.store.show(kind, one, question["properties"]))
        return Answer(200, _batch(shown))

    def _update_batch(self, request: SeenRequest, kind: str) -> Answer:
        inputs = request.json()["inputs"]
        if len({one["id"] for one in inputs}) < len(inputs):
            raise Refusal(400, "Duplicate IDs found in batch input")
        ids = []
        for entry in inputs:
            one = self.store.find(kind, entry["id"], entry.get("idProperty"))
            if one is None:
                raise Refusal(404, f"resource not found: {entry['id']}", "OBJECT_NOT_FOUND")
            self.store.check(kind, entry["properties"], one)
            ids.append(one)
        for one, entry in zip(ids, inputs, strict=True):
            self.store.change(kind, one, entry["properties"])
        return Answer(200, _batch([self.store.show(kind, one) for one in ids]))

    def _upsert_batch(self, request: SeenRequest, kind: str) -> Answer:
        inputs = request.json()["inputs"]
        if not 0 < len(inputs) <= 100:
            raise Refusal(400, "The maximum number of inputs supported in a batch request is 100")
        keys = {(one["idProperty"], one["id"].lower()) for one in inputs}
        if len(keys) < len(inputs):
            raise Refusal(400, "Duplicate IDs found in batch input")
        for entry in inputs:
            known = self.store.find(kind, entry["id"], entry["idProperty"])
            self.store.check(kind, entry["properties"], known)
        shown = []
        for entry in inputs:
            one = self.store.find(kind, entry["id"], entry["idProperty"])
            is_new = one is None
            if one is None:
                one = self.store.create(kind, {entry["idProperty"]: entry["id"]})
            self.store.change(kind, one, entry["properties"])
            shown.append({**self.store.show(kind, one), "new": is_new})
        return Answer(200, _batch(shown))

    def _archive_batch(self, request: SeenRequest, kind: str) -> Answer:
        for entry in request.json()["inputs"]:
            self.store.archive(kind, entry["id"])
        return Answer(204)

    def _create(self, request: SeenRequest, kind: str) -> Answer:
        content = request.json()
        self.store.check(kind, content["properties"], None)
        one = self.store.create(kind, content["properties"])
        for link in content.get("associations") or ():
            (spec,) = link["types"]
            other = {202: ("notes", "contacts"), 200: ("meetings", "contacts")}
            if other.get(spec["associationTypeId"], ("", ""))[0] != kind:
                raise Refusal(400, "this association type does not join these objects")
            self.store.associate(kind, one, "contacts", link["to"]["id"])
        return Answer(201, self.store.show(kind, one))

    def _change(self, request: SeenRequest, kind: str, one: str) -> Answer:
        if self.store.find(kind, one, None) is None:
            raise Refusal(404, f"resource not found: {one}", "OBJECT_NOT_FOUND")
        self.store.check(kind, request.json()["properties"], one)
        self.store.change(kind, one, request.json()["properties"])
        return Answer(200, self.store.show(kind, one))

    def _list(self, request: SeenRequest, kind: str) -> Answer:
        wants_archived = request.param("archived", "false") == "true"
        start, limit = int(request.param("after", "0")), int(request.param("limit", "10"))
        every = list(self.store.list_ids(kind, archived=wants_archived))
        body: dict[str, Any] = {
            "results": [self.store.show(kind, one) for one in every[start : start + limit]]
        }
        if start + limit < len(every):
            body["paging"] = {"next": {"after": str(start + limit)}}
        return Answer(200, body)

    def _purge(self, request: SeenRequest) -> Answer:
        one = request.json()["objectId"]
        if self.store.find("contacts", one, None) is None:
            raise Refusal(404, "contact not found", "OBJECT_NOT_FOUND")
        self.store.purge("contacts", one)
        return Answer(204)

    def _associate(self, request: SeenRequest, kind: str, other: str) -> Answer:
        for pair in request.json()["inputs"]:
            self.store.associate(kind, pair["from"]["id"], other, pair["to"]["id"])
        return Answer(200, _batch([]))

    def _list_links(self, _request: SeenRequest, kind: str, one: str, other: str) -> Answer:
        found = self.store.list_associated(kind, one, other)
        link = {"category": "HUBSPOT_DEFINED", "typeId": 201}
        results = [{"toObjectId": each, "associationTypes": [link]} for each in found]
        return Answer(200, {"results": results})

    def _list_properties(self, _request: SeenRequest, kind: str) -> Answer:
        return Answer(200, {"results": [*self.store.properties[kind].values()]})

    def _create_property(self, request: SeenRequest, kind: str) -> Answer:
        content = request.json()
        if content["groupName"] not in self.store.groups[kind]:
            raise Refusal(400, f"Property group {content['groupName']} does not exist")
        if content["name"] in self.store.properties[kind]:
            raise Refusal(
                409, f"Property {content['name']} already exists", "OBJECT_ALREADY_EXISTS"
            )
        created = {"description": "", "options": [], **content}
        self.store.properties[kind][content["name"]] = created
        return Answer(201, created)

    def _create_group(self, request: SeenRequest, kind: str) -> Answer:
        content = request.json()
        if content["name"] in self.store.groups[kind]:
            raise Refusal(409, "the group already exists", "OBJECT_ALREADY_EXISTS")
        self.store.groups[kind].add(content["name"])
        body = {"displayOrder": -1, "archived": False, **content}
        return Answer(201, body)

    def _show_pipeline(self, _request: SeenRequest, pipeline: str) -> Answer:
        if pipeline != "default":
            raise Refusal(404, f"no pipeline {pipeline}", "OBJECT_NOT_FOUND")
        common = {"archived": False, "createdAt": _ZERO, "updatedAt": _ZERO}
        stages = [
            {"id": one, "label": label, "displayOrder": n, "metadata": {}, **common}
            for n, (one, label) in enumerate(STAGES.items())
        ]
        sales = {"id": "default", "label": "Sales Pipeline", "displayOrder": 0, **common}
        return Answer(200, {**sales, "stages": stages})

    def _list_owners(self, _request: SeenRequest) -> Answer:
        return Answer(200, {"results": [*self.store.owners.values()]})


_ZERO = "1970-01-01T00:00:00Z"
_ROUTES = (
    ("POST", _OBJECTS + "/search", "_search"),
    ("POST", _OBJECTS + "/batch/read", "_read_batch"),
    ("POST", _OBJECTS + "/batch/update", "_update_batch"),
    ("POST", _OBJECTS + "/batch/upsert", "_upsert_batch"),
    ("POST", _OBJECTS + "/batch/archive", "_archive_batch"),
    ("POST", "/crm/v3/objects/contacts/gdpr-delete", "_purge"),
    ("POST", _OBJECTS, "_create"),
    ("GET", _OBJECTS, "_list"),
    ("PATCH", f"{_OBJECTS}/{_ID}", "_change"),
    ("POST", _LINKS, "_associate"),
    ("GET", f"/crm/v4/objects/{_ID}/{_ID}/associations/{_ID}", "_list_links"),
    ("GET", f"/crm/v3/properties/{_ID}", "_list_properties"),
    ("POST", f"/crm/v3/properties/{_ID}", "_create_property"),
    ("POST", f"/crm/v3/properties/{_ID}/groups", "_create_group"),
    ("GET", f"/crm/v3/pipelines/deals/{_ID}", "_show_pipeline"),
    ("GET", "/crm/v3/owners/", "_list_owners"),
)


def _batch(results: list[dict[str, Any]]) -> dict[str, Any]:
    now = datetime.fromtimestamp(time.time(), UTC).isoformat()
    return {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}

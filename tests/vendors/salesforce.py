"""Salesforce's REST API and its token endpoint, as far as a sales agent uses them.

Salesforce publishes no specification of these paths; so the stand-in is strict by itself: objects
and fields as the reference has them (`salesforce_schema`), queries are read (`salesforce_soql`); a
path, parameter or header that the REST guide does not name is an error of the test.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.vendors.salesforce_schema import (
    EXTERNAL_ID,
    PREFIXES,
    RELATIONS,
    SCHEMAS,
    RefusedError,
    check_record,
    describe,
)
from tests.vendors.salesforce_soql import MalformedQueryError, read_query, sort_rows
from tests.vendors.salesforce_store import SalesforceStore
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

CLIENT_ID = "3MVG9stand.in"
CLIENT_SECRET = "stand-in-consumer-secret"
USERNAME = "agent@larkmere.example"
ROOT = "/services/data/v62.0/"
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HEADERS = {
    *("host", "user-agent", "accept", "accept-encoding", "connection", "content-type"),
    *("content-length", "authorization", "x-prettyprint"),
    *("sforce-auto-assign", "sforce-duplicate-rule-header"),
}
_PAGE = 200


@cache
def make_key() -> tuple[str, str]:
    """A private key in PEM form and its public one; one for all tests of a process."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


class SalesforceStandIn(HttpStandIn):
    """One account. `without`: fields that this account lacks. `clock_offset`: how many seconds
    its clock is ahead of ours. `warn_of_duplicates`: None, or whether its rule lets people save."""

    title = "Salesforce"

    def __init__(self) -> None:
        super().__init__()
        self.store = SalesforceStore()
        self.tokens: set[str] = set()
        self.issued = 0
        self.refused = False
        self.clock_offset = 0.0
        self.without: set[str] = set()
        self.warn_of_duplicates: bool | None = None
        self.used, self.allowed = 0, 15_000
        self._cursors: dict[str, list[dict[str, Any]]] = {}

    def records(self) -> Records:
        """The tables, without what only the API needs."""
        shown = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "ContentVersion")
        return {
            name: [
                {key: value for key, value in row.items() if key != "VersionData"}
                for row in self.store.list_rows(name)
            ]
            for name in shown
        }

    def credentials(self) -> Mapping[str, str]:
        """For the client credentials flow."""
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}

    def answer(self, request: SeenRequest) -> Answer:
        """One request."""
        unknown = set(request.headers) - _HEADERS
        if unknown:
            self.errors.append(f"{request.method} {request.path}: headers {sorted(unknown)}")
        if request.path == "/services/oauth2/token":
            return self._give_token(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return _refuse(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self.used += 1
        info = {"Sforce-Limit-Info": f"api-usage={self.used}/{self.allowed}"}
        if self.used > self.allowed:
            message = "TotalRequests Limit exceeded."
            return _refuse(403, "REQUEST_LIMIT_EXCEEDED", message, headers=info)
        if not request.path.startswith(ROOT):
            return self._unknown(request)
        try:
            found = self._route(request, request.path.removeprefix(ROOT).strip("/"))
        except RefusedError as error:
            found = _refuse(400, error.code, error.message, fields=error.fields, more=error.more)
        except MalformedQueryError as error:
            found = _refuse(400, "MALFORMED_QUERY", str(error))
            self.errors.append(f"{request.target}: {error}")
        return Answer(found.status, found.body, {**found.headers, **info})

    def _route(self, request: SeenRequest, path: str) -> Answer:
        self._check_form(request, path)
        routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", r"sobjects/(\w+)/describe", self._describe),
            ("GET", r"(query|queryAll)", self._query),
            ("GET", r"(?:query|queryAll)/([\w-]+)", self._query_more),
            ("PATCH", r"composite/sobjects/(\w+)/(\w+)", self._upsert_many),
            ("PATCH", r"composite/sobjects", self._update_many),
            ("POST", r"sobjects/(\w+)", self._create),
            ("PATCH", r"sobjects/(\w+)/(\w+__c)/([^/]+)", self._upsert),
            ("PATCH", r"sobjects/(\w+)/(\w{18})", self._update),
            ("DELETE", r"sobjects/(\w+)/(\w{18})", self._delete),
        )
        for method, pattern, work in routes:
            found = re.fullmatch(pattern, path)
            if found and request.method == method:
                return work(request, *map(unquote, found.groups()))
        return self._unknown(request)

    def _check_form(self, request: SeenRequest, path: str) -> None:
        known = {"q"} if path in ("query", "queryAll") else set()
        extra = set(request.query) - known
        if extra:
            self.errors.append(f"{request.target}: parameters {sorted(extra)}")
        if request.method in ("POST", "PATCH"):
            kind = request.headers.get("content-type", "")
            if not kind.startswith("application/json") or not request.body:
                self.errors.append(f"{request.target}: a body of {kind or 'no type'}")

    def _unknown(self, request: SeenRequest) -> Answer:
        self.errors.append(f"{request.method} {request.target}: no such resource")
        return _refuse(404, "NOT_FOUND", "The requested resource does not exist")

    def _give_token(self, request: SeenRequest) -> Answer:
        form = request.form()
        if self.refused:
            return Answer(400, {"error": "invalid_grant", "error_description": "inactive user"})
        problem = self._check_grant(form)
        if problem:
            return Answer(400, {"error": "invalid_grant", "error_description": problem})
        self.issued += 1
        token = f"00Dxx!stand.in.{self.issued}"
        self.tokens.add(token)
        return Answer(
            200,
            {
                "access_token": token,
                "instance_url": self.url,
                "id": f"{self.url}/id/00D/005",
                "token_type": "Bearer",
                "scope": "api",
            },
        )

    def _check_grant(self, form: Mapping[str, str]) -> str:
        kinds = {
            "client_credentials": {"grant_type", "client_id", "client_secret"},
            "refresh_token": {"grant_type", "client_id", "client_secret", "refresh_token"},
            _JWT_GRANT: {"grant_type", "assertion"},
        }
        kind = form.get("grant_type", "")
        if set(form) != kinds.get(kind):
            self.errors.append(f"token: fields {sorted(form)} for {kind}")
            return "unsupported grant type or missing fields"
        if kind == _JWT_GRANT:
            return self._check_assertion(form["assertion"])
        if (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET):
            return "invalid client credentials"
        return ""

    def _check_assertion(self, assertion: str) -> str:
        """As Salesforce's guide of the JWT bearer flow says; `exp` at most 5 minutes away."""
        try:
            claims = jwt.decode(
                assertion,
                make_key()[1],
                algorithms=["RS256"],
                audience="https://test.salesforce.com",
                issuer=CLIENT_ID,
                options={"verify_exp": False, "require": ["exp", "sub"]},
            )
        except jwt.PyJWTError as error:
            return f"invalid assertion: {error}"
        left = claims["exp"] - (time.time() + self.clock_offset)
        if not 0 < left <= 300:
            return "expired authorization code"
        return "" if claims["sub"] == USERNAME else "user hasn't approved this consumer"

    def _describe(self, request: SeenRequest, sobject: str) -> Answer:
        if sobject not in SCHEMAS:
            return self._unknown(request)
        return Answer(200, describe(sobject, self.without))

    def _query(self, request: SeenRequest, kind: str) -> Answer:
        query = read_query(request.param("q"))
        fields = SCHEMAS.get(query.sobject)
        if fields is None:
            raise MalformedQueryError(f"sObject type '{query.sobject}' is not supported")
        plain = {name for name in (*query.fields, *query.filtered) if "." not in name}
        unknown = {name for name in plain if name not in fields or name in self.without}
        closed = {one for one in query.filtered if one in fields and not fields[one].filterable}
        if unknown and unknown <= self.without:
            message = f"No such column '{min(unknown)}' on entity '{query.sobject}'"
            raise RefusedError("INVALID_FIELD", message)
        if unknown or closed:
            raise MalformedQueryError(f"no such column, or no filter: {sorted(unknown | closed)}")
        if query.sobject == "ContentDocumentLink" and not query.filtered & {
            "LinkedEntityId",
            "ContentDocumentId",
        }:
            raise MalformedQueryError("a filter on LinkedEntityId or ContentDocumentId is required")
        rows = self.store.list_rows(query.sobject, with_deleted=kind == "queryAll")
        found = sort_rows([row for row in rows if query.where(row)], query.order)
        shown = [self._show(query.sobject, row, query.fields) for row in found[: query.limit]]
        return self._page(shown, len(shown))

    def _query_more(self, _: SeenRequest, name: str) -> Answer:
        return self._page(self._cursors.pop(name), 0)

    def _page(self, rows: list[dict[str, Any]], total: int) -> Answer:
        page, rest = rows[:_PAGE], rows[_PAGE:]
        body = {"totalSize": total, "done": not rest, "records": page}
        if rest:
            name = f"01gstandin-{len(self._cursors)}-{len(rest)}"
            self._cursors[name] = rest
            body["nextRecordsUrl"] = f"{ROOT}query/{name}"
        return Answer(200, body)

    def _show(self, sobject: str, row: Mapping[str, Any], fields: tuple[str, ...]) -> Any:
        shown: dict[str, Any] = {
            "attributes": {"type": sobject, "url": f"{ROOT}sobjects/{sobject}/{row['Id']}"}
        }
        for name in fields:
            relation, _, inner = name.partition(".")
            if not inner:
                shown[name] = row.get(name)
                continue
            key, table = RELATIONS[relation]
            other = self.store.find(table or relation, str(row.get(key)))
            shown.setdefault(relation, {"attributes": {"type": table or relation}})
            shown[relation][inner] = (other or {}).get(inner)
        return shown

    def _create(self, request: SeenRequest, sobject: str) -> Answer:
        row = self._insert(sobject, request.json(), request)
        return Answer(201, {"id": row["Id"], "success": True, "errors": []})

    def _insert(self, sobject: str, values: Any, request: SeenRequest) -> dict[str, Any]:
        self._check(sobject, values, new=True)
        if sobject == "Lead":
            self._check_duplicates(values, request)
        return self.store.insert(sobject, values)

    def _check(self, sobject: str, values: Any, *, new: bool) -> None:
        if sobject not in SCHEMAS:
            raise RefusedError("NOT_FOUND", "The requested resource does not exist")
        try:
            check_record(sobject, values, new=new, without=self.without)
        except RefusedError as error:
            if error.code in ("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE"):
                self.errors.append(f"{sobject}: {error.message}")
            raise
        self.store.check_references(sobject, values)

    def _check_duplicates(self, values: Mapping[str, Any], request: SeenRequest) -> None:
        """A rule of the account: two leads of one name and company are likely one."""
        if self.warn_of_duplicates is None:
            return
        header = request.headers.get("sforce-duplicate-rule-header", "").replace(" ", "")
        if self.warn_of_duplicates and header == "allowSave=true":
            return
        same = [
            row
            for row in self.store.list_rows("Lead")
            if row["LastName"] == values["LastName"] and row["Company"] == values["Company"]
        ]
        if same:
            records = [{"record": {"Id": row["Id"]}} for row in same]
            result = {
                "allowSave": self.warn_of_duplicates,
                "duplicateRule": "Standard_Lead_Duplicate_Rule",
                "matchResults": [{"matchRecords": records}],
            }
            raise RefusedError(
                "DUPLICATES_DETECTED", "Use one of these records?", duplicateResult=result
            )

    def _upsert(self, request: SeenRequest, sobject: str, field: str, value: str) -> Answer:
        row, created = self._put(sobject, field, value, request.json(), request)
        body = {"id": row["Id"], "success": True, "errors": [], "created": created}
        return Answer(201 if created else 200, body)

    def _put(
        self, sobject: str, field: str, value: str, values: Any, request: SeenRequest
    ) -> tuple[dict[str, Any], bool]:
        if field != EXTERNAL_ID or field in self.without or field not in SCHEMAS[sobject]:
            message = f"Provided external ID field does not exist or is not accessible: {field}"
            raise RefusedError("NOT_FOUND", message)
        if field in values:
            message = "The value is in the address, and must not be in the body"
            raise RefusedError("INVALID_FIELD", message, field)
        found = [row for row in self.store.list_rows(sobject) if row.get(field) == value]
        if found:
            self._check(sobject, values, new=False)
            return self.store.change(sobject, found[0]["Id"], values), False
        return self._insert(sobject, {**values, field: value}, request), True

    def _update(self, request: SeenRequest, sobject: str, record_id: str) -> Answer:
        row = self.store.find(sobject, record_id)
        if row is None:
            return _refuse(404, "ENTITY_IS_DELETED", "entity is deleted")
        self._check(sobject, request.json(), new=False)
        self._check_assignment(sobject, request)
        self.store.change(sobject, record_id, request.json())
        return Answer(204)

    def _check_assignment(self, sobject: str, request: SeenRequest) -> None:
        """Rules move the owner on every change, unless the request says otherwise."""
        if sobject == "Lead" and request.headers.get("sforce-auto-assign", "TRUE") != "FALSE":
            self.errors.append("a change of a lead lets assignment rules move the owner")

    def _delete(self, _: SeenRequest, sobject: str, record_id: str) -> Answer:
        if self.store.find(sobject, record_id) is None:
            return _refuse(404, "ENTITY_IS_DELETED", "entity is deleted")
        self.store.delete(sobject, record_id)
        return Answer(204)

    def _upsert_many(self, request: SeenRequest, sobject: str, field: str) -> Answer:
        def put(values: dict[str, Any]) -> tuple[dict[str, Any], bool]:
            return self._put(sobject, field, str(values.pop(field)), values, request)

        return self._each(request, put)

    def _update_many(self, request: SeenRequest) -> Answer:
        def change(values: dict[str, Any]) -> tuple[dict[str, Any], bool]:
            record_id = values.pop("Id")
            sobject = next(name for name, one in PREFIXES.items() if record_id.startswith(one))
            if self.store.find(sobject, record_id) is None:
                raise RefusedError("ENTITY_IS_DELETED", "entity is deleted")
            self._check(sobject, values, new=False)
            self._check_assignment(sobject, request)
            return self.store.change(sobject, record_id, values), False

        return self._each(request, change)

    def _each(
        self, request: SeenRequest, work: Callable[[dict[str, Any]], tuple[dict[str, Any], bool]]
    ) -> Answer:
        body = request.json()
        if set(body) - {"allOrNone", "records"} or body.get("allOrNone") is not False:
            self.errors.append(f"{request.target}: {sorted(body)}")
        if len(body["records"]) > 200:
            message = "record limit reached. cannot submit more than 200 records into this call"
            raise RefusedError("NUMBER_OUTSIDE_VALID_RANGE", message)
        answers = []
        for one in body["records"]:
            values = dict(one)
            if set(values.pop("attributes", {})) != {"type"}:
                raise RefusedError("INVALID_INPUT", "Include an attributes map with a type")
            try:
                row, created = work(values)
            except RefusedError as error:
                said = {"statusCode": error.code, "message": error.message, "fields": error.fields}
                answers.append({"success": False, "errors": [said]})
                continue
            answers.append({"id": row["Id"], "success": True, "errors": [], "created": created})
        return Answer(200, answers)


def _refuse(
    status: int,
    code: str,
    message: str,
    *,
    fields: list[str] | None = None,
    more: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    said = {"message": message, "errorCode": code, **({"fields": fields} if fields else {})}
    return Answer(status, [{**said, **(more or {})}], headers or {})

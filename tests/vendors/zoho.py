"""Zoho CRM's API v8 and its token endpoint, as far as a sales agent uses them.

Every request is held against Zoho's published description, where the tests have it; paths that the
shared part of it leaves out are in `zoho_rest`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import unquote

from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest
from tests.vendors.zoho_store import FieldSpec, RefusedError, ZohoStore, describe

CLIENT_ID = "1000.STANDIN"
CLIENT_SECRET = "stand-in-client-secret"
REFRESH_TOKEN = "1000.stand-in-refresh-token"
ROOT = "/crm/v8/"
# Demanded of a new note though only Zoho can know it; `id` is also that of the module `Leads`
# itself (`Parent_Id.module`), and a change of a note leaves its parent as it is.
_ZOHOS_OWN = re.compile(
    r"'(id|Owner|Created_By|Created_Time|Modified_By|Modified_Time|Parent_Id|\$attachments"
    r"|\$editable|\$is_shared_to_client|\$size|\$state|\$voice_note)' is a required property"
)
_NOT_A_FIELD = re.compile(r"^(id|\$se_module)$")


class Judge(Protocol):
    """A specification."""

    def check_request(
        self, method: str, target: str, *, headers: Mapping[str, str] | None, body: bytes
    ) -> list[str]: ...

    def find_operation(self, method: str, path: str) -> object | None: ...


class ZohoStandIn(HttpStandIn):
    """One account. `judges`: specifications, the narrower first. `may_create_fields`: whether the
    token has that scope."""

    title = "Zoho CRM"

    def __init__(self, *judges: Judge) -> None:
        super().__init__()
        self.store = ZohoStore()
        self.tokens: set[str] = set()
        self.issued = 0
        self.refused = ""
        self.may_create_fields = True
        self.credits = 50_000
        self._judges = judges

    def records(self) -> Records:
        """The records by module, and the files."""
        found = {name: self.store.list_rows(name) for name in self.store.modules}
        files = [
            {name: value for name, value in one.items() if name != "data"}
            for one in self.store.files.values()
        ]
        return {**found, "Attachments": files}

    def credentials(self) -> Mapping[str, str]:
        """As of a self client."""
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": REFRESH_TOKEN,
        }

    def answer(self, request: SeenRequest) -> Answer:
        """One request."""
        if request.path == "/oauth/v2/token":
            return self._give_token(request)
        self._judge(request)
        token = request.headers.get("authorization", "").removeprefix("Zoho-oauthtoken ")
        if token not in self.tokens:
            return _refuse(401, "INVALID_TOKEN", "invalid oauth token")
        self.credits -= 1
        self.store.tick()
        left = {"X-API-CREDITS-REMAINING": str(self.credits)}
        try:
            found = self._route(request, request.path.removeprefix(ROOT))
        except RefusedError as error:
            found = Answer(400, error.build())
        return Answer(found.status, found.body, {**found.headers, **left})

    def _judge(self, request: SeenRequest) -> None:
        for judge in self._judges:
            if judge.find_operation(request.method, request.path) is None:
                continue
            problems = judge.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
            # The description of a note to be written is that of a note as it is read.
            is_note = request.path.startswith("/crm/v8/Notes")
            self.errors += [one for one in problems if not (is_note and _ZOHOS_OWN.search(one))]
            return
        if self._judges:
            self.errors.append(f"{request.method} {request.path}: no such operation")

    def _route(self, request: SeenRequest, path: str) -> Answer:
        routes: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("GET", r"users", self._users),
            ("GET", r"settings/fields", self._fields),
            ("POST", r"settings/fields", self._create_field),
            ("GET", r"(\w+)/search", self._search),
            ("GET", r"(\w+)/deleted", self._deleted),
            ("POST", r"(\w+)/upsert", self._upsert),
            ("GET", r"(\w+)/(\d+)/Attachments", self._files),
            ("POST", r"(\w+)/(\d+)/Attachments", self._attach),
            ("DELETE", r"(\w+)/(\d+)/Attachments/(\d+)", self._detach),
            ("GET", r"(\w+)/(\d+)/Notes", self._notes),
            ("GET", r"(\w+)/(\d+)", self._get),
            ("PUT", r"(\w+)/(\d+)", self._put),
            ("DELETE", r"(\w+)/(\d+)", self._delete),
            ("GET", r"(\w+)", self._list),
            ("POST", r"(\w+)", self._post),
            ("PUT", r"(\w+)", self._put),
        )
        for method, pattern, work in routes:
            found = re.fullmatch(pattern, path)
            if found and request.method == method:
                names = [unquote(one) for one in found.groups()]
                if names and names[0] not in self.store.modules:
                    return _refuse(400, "INVALID_MODULE", "The module name given seems invalid")
                return work(request, *names)
        return _refuse(404, "INVALID_URL_PATTERN", "Please check if the URL is a correct one")

    def _give_token(self, request: SeenRequest) -> Answer:
        """Zoho's refusals have status 200."""
        form = request.form()
        if set(request.query):
            self.errors.append("token: secrets in the address")
        if self.refused:
            return Answer(200, {"error": self.refused})
        wanted = {"grant_type": "refresh_token", **self.credentials()}
        if form != wanted:
            wrong = [name for name in wanted if form.get(name) != wanted[name]]
            return Answer(200, {"error": "invalid_client" if "client_id" in wrong else "invalid"})
        self.issued += 1
        token = f"1000.access.{self.issued}"
        self.tokens.add(token)
        return Answer(
            200,
            {
                "access_token": token,
                "api_domain": "https://www.zohoapis.eu",
                "token_type": "Bearer",
                "expires_in": 3600,
            },
        )

    def _users(self, _: SeenRequest) -> Answer:
        user = {**self.store.owner, "full_name": self.store.owner["name"]}
        return Answer(200, {"users": [user], "info": {"more_records": False}})

    def _fields(self, request: SeenRequest) -> Answer:
        fields = self.store.modules.get(request.param("module"))
        if fields is None:
            return _refuse(400, "INVALID_MODULE", "The module name given seems invalid")
        return Answer(200, {"fields": describe(fields)})

    def _create_field(self, request: SeenRequest) -> Answer:
        if not self.may_create_fields:
            return _refuse(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        (one,) = request.json()["fields"]
        name = one["field_label"].replace(" ", "_")
        spec = FieldSpec(one["data_type"], one.get("length", 255), unique="unique" in one)
        self.store.modules[request.param("module")][name] = spec
        said = {"code": "SUCCESS", "status": "success", "message": "field created", "details": {}}
        return Answer(201, {"fields": [said]})

    def _search(self, request: SeenRequest, module: str) -> Answer:
        rows = [
            row
            for row in self.store.list_rows(module)
            if _fits(row, request) and _is_shown(row, request)
        ]
        if names := request.param("fields"):
            rows = [{name: row.get(name) for name in ("id", *names.split(","))} for row in rows]
        return _page(rows, request)

    def _list(self, request: SeenRequest, module: str) -> Answer:
        names = request.param("fields").split(",")
        if not request.param("fields") or len(names) > 50:
            return _refuse(400, "REQUIRED_PARAM_MISSING", "One of the parameters is missing")
        ids = set(filter(None, request.param("ids").split(",")))
        rows = [
            row
            for row in self.store.list_rows(module)
            if _is_new(row["Modified_Time"], request)
            and _is_shown(row, request)
            and (not ids or row["id"] in ids)
        ]
        order = request.param("sort_by", "id")
        rows.sort(key=lambda row: (row[order], row["id"]))
        if request.param("sort_order") == "desc":
            rows.reverse()
        return _page([{name: row.get(name) for name in ("id", *names)} for row in rows], request)

    def _deleted(self, request: SeenRequest, _: str) -> Answer:
        rows = [one for one in self.store.deleted if _is_new(one["deleted_time"], request)]
        return _page(rows[::-1], request)

    def _get(self, _: SeenRequest, module: str, record_id: str) -> Answer:
        row = self.store.rows[module].get(record_id)
        return Answer(204) if row is None else Answer(200, {"data": [row]})

    def _post(self, request: SeenRequest, module: str) -> Answer:
        return self._each(request, module, lambda one: (self.store.insert(module, one), "insert"))

    def _put(self, request: SeenRequest, module: str, record_id: str = "") -> Answer:
        def change(one: dict[str, Any]) -> tuple[dict[str, Any], str]:
            return self.store.change(module, record_id or str(one.get("id")), one), "update"

        return self._each(request, module, change)

    def _upsert(self, request: SeenRequest, module: str) -> Answer:
        checks = request.json().get("duplicate_check_fields", [])

        def put(one: dict[str, Any]) -> tuple[dict[str, Any], str]:
            for name in checks:
                value = str(one.get(name) or "").lower()
                for row in self.store.list_rows(module):
                    # Converted leads are not looked at.
                    twin = value and str(row.get(name) or "").lower() == value
                    if twin and not row.get("Converted_Contact"):
                        return self.store.change(module, row["id"], one), "update"
            return self.store.insert(module, one), "insert"

        return self._each(request, module, put)

    def _each(
        self,
        request: SeenRequest,
        module: str,
        work: Callable[[dict[str, Any]], tuple[dict[str, Any], str]],
    ) -> Answer:
        records, results = request.json()["data"], []
        if len(records) > 100:
            return _refuse(400, "LIMIT_EXCEEDED", "more than 100 records")
        for one in records:
            unknown = set(one) - set(self.store.modules[module])
            self.errors += [
                f"{module}: no field {name}" for name in unknown if not _NOT_A_FIELD.match(name)
            ]
            try:
                row, action = work(one)
            except RefusedError as error:
                results.append(error.build())
                continue
            said = "record added" if action == "insert" else "record updated"
            done = {"code": "SUCCESS", "status": "success", "message": said, "action": action}
            results.append({**done, "details": {"id": row["id"]}})
        good = [one["status"] == "success" for one in results]
        status = 200 if all(good) else 207 if any(good) else 400
        return Answer(
            201 if status == 200 and "upsert" not in request.path else status, {"data": results}
        )

    def _delete(self, _: SeenRequest, module: str, record_id: str) -> Answer:
        self.store.delete(module, record_id)
        done = {"code": "SUCCESS", "status": "success", "message": "record deleted"}
        return Answer(200, {"data": [{**done, "details": {"id": record_id}}]})

    def _notes(self, request: SeenRequest, _: str, record_id: str) -> Answer:
        rows = [one for one in self.store.list_rows("Notes") if one["Parent_Id"]["id"] == record_id]
        return _page(rows, request)

    def _files(self, request: SeenRequest, _: str, record_id: str) -> Answer:
        rows = [
            {name: one[name] for name in ("id", "File_Name", "Size")}
            for one in self.store.files.values()
            if one["parent"] == record_id
        ]
        return _page(rows, request)

    def _attach(self, request: SeenRequest, module: str, record_id: str) -> Answer:
        if record_id not in self.store.rows[module]:
            return _refuse(400, "INVALID_DATA", "the related id given seems to be invalid")
        kind = request.headers["content-type"]
        found = re.fullmatch(r"multipart/form-data; boundary=(\S+)", kind)
        assert found, kind
        _, part, end = request.body.split(b"--" + found[1].encode())
        assert end.strip() == b"--"
        head, _, data = part.partition(b"\r\n\r\n")
        said = re.search(rb'name="file"; filename="([^"]+)"', head)
        assert said, head
        file_id = self.store.next_id()
        self.store.files[file_id] = {
            "id": file_id,
            "File_Name": said[1].decode(),
            "Size": str(len(data.removesuffix(b"\r\n"))),
            "parent": record_id,
            "data": data.removesuffix(b"\r\n"),
        }
        done = {"code": "SUCCESS", "status": "success", "message": "attachment uploaded"}
        return Answer(200, {"data": [{**done, "details": {"id": file_id}}]})

    def _detach(self, _: SeenRequest, __: str, ___: str, file_id: str) -> Answer:
        del self.store.files[file_id]
        done = {"code": "SUCCESS", "status": "success", "message": "record deleted"}
        return Answer(200, {"data": [{**done, "details": {"id": file_id}}]})


def _fits(row: Mapping[str, Any], request: SeenRequest) -> bool:
    if request.param("email"):
        return str(row.get("Email") or "").lower() == request.param("email").lower()
    found = re.fullmatch(r"\((\w+):(equals|in):(.*)\)", request.param("criteria"))
    if found is None:
        raise RefusedError("INVALID_QUERY", "Please check whether the input values are correct")
    given = row.get(found[1])
    given = given.get("id") if isinstance(given, dict) else given
    parts = re.split(r"(?<!\\),", found[3]) if found[2] == "in" else [found[3]]
    return given is not None and given in [re.sub(r"\\(.)", r"\1", part) for part in parts]


def _is_shown(row: Mapping[str, Any], request: SeenRequest) -> bool:
    wanted = request.param("converted", "false")
    return wanted == "both" or bool(row.get("Converted_Contact")) == (wanted == "true")


def _is_new(time: str, request: SeenRequest) -> bool:
    since = request.headers.get("if-modified-since")
    return not since or datetime.fromisoformat(time) >= datetime.fromisoformat(since)


def _page(rows: list[dict[str, Any]], request: SeenRequest) -> Answer:
    size, number = int(request.param("per_page", "200")), int(request.param("page", "1"))
    page = rows[(number - 1) * size : number * size]
    if not page:
        return Answer(304 if "if-modified-since" in request.headers else 204)
    info = {
        "per_page": size,
        "page": number,
        "count": len(page),
        "more_records": number * size < len(rows),
    }
    return Answer(200, {"data": page, "info": info})


def _refuse(status: int, code: str, message: str) -> Answer:
    said = {"code": code, "message": message, "details": {}, "status": "error"}
    return Answer(status, said)

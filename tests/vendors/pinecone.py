"""A stand-in for Pinecone: control plane and data plane at one address, stateful.

Every request, and every answer, is held against the published specification when it is at hand.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.support.specification import VARIABLE, Specification, load_specification
from tests.vendors.standin import Answer, HttpStandIn, Records, SeenRequest

KEY = "pcsk_stand_in_key_0123456789"


class PineconeStandIn(HttpStandIn):
    """`delay_seconds`: how long a write needs until searches see it. `ready_after`: how often a
    new index is asked for before it is ready."""

    title = "Pinecone"

    def __init__(self, *, delay_seconds: float = 0.0, ready_after: int = 1) -> None:
        super().__init__()
        self.delay_seconds, self.ready_after = delay_seconds, ready_after
        self.indexes: dict[str, dict[str, Any]] = {}
        self.vectors: dict[str, dict[str, dict[str, Any]]] = {}
        self._waits: dict[str, int] = {}
        self._visible: list[tuple[float, str, str, dict[str, Any] | None]] = []
        self._control: Specification | None = None
        self._data: Specification | None = None
        if os.environ.get(VARIABLE):
            self._control = load_specification("pinecone_control")
            self._data = load_specification("pinecone_data")

    def settings(self) -> Mapping[str, Any]:
        """What app.yaml needs."""
        return {"base_url": self.url, "create_index": True}

    def credentials(self) -> Mapping[str, str]:
        """What connects here."""
        return {"api_key": KEY}

    def records(self) -> Records:
        """Indexes, and how many vectors each namespace holds."""
        self._settle()
        spaces = [{"namespace": key, "vectors": len(rows)} for key, rows in self.vectors.items()]
        return {"indexes": list(self.indexes.values()), "namespaces": spaces}

    def make_index(self, name: str, dimension: int, metric: str = "cosine") -> None:
        """An index that somebody made before."""
        self.indexes[name] = self._describe(name, dimension, metric)
        self._waits[name] = 0

    def answer(self, request: SeenRequest) -> Answer:
        """One request."""
        specification = self._control if request.path.startswith("/indexes") else self._data
        if specification is not None:
            self.errors += specification.check_request(
                request.method, request.target, headers=request.headers, body=request.body
            )
        answer = self._work(request)
        if specification is not None and answer.body is not None:
            found = specification.check_response(
                request.method, request.target, answer.status, _encode(answer.body)
            )
            self.errors += found
        return answer

    def _work(self, request: SeenRequest) -> Answer:
        if request.headers.get("api-key") != KEY:
            return _refuse(401, "UNAUTHENTICATED", "Invalid API key.", request)
        found = re.fullmatch(r"/indexes(?:/([^/]+))?", request.path)
        if found:
            return self._answer_control(request, found[1])
        body = request.json() or {}
        if request.path == "/describe_index_stats":
            return self._stats()
        calls = {
            "/vectors/upsert": self._upsert,
            "/vectors/delete": self._delete,
            "/query": self._query,
        }
        if request.path not in calls:
            return Answer(404, {"code": 5, "message": "not found"})
        return calls[request.path](body, request)

    def _answer_control(self, request: SeenRequest, name: str | None) -> Answer:
        if request.method == "GET" and name is None:
            return Answer(200, {"indexes": list(self.indexes.values())})
        if request.method == "POST" and name is None:
            body = request.json()
            if body["name"] in self.indexes:
                return _refuse(409, "ALREADY_EXISTS", "Resource already exists.", request)
            self.make_index(body["name"], body["dimension"], body.get("metric", "cosine"))
            self._waits[body["name"]] = self.ready_after
            return Answer(201, self._current(body["name"]))
        if name is None or name not in self.indexes:
            return _refuse(404, "NOT_FOUND", f"Resource {name} not found", request)
        if request.method == "DELETE":
            del self.indexes[name]
            return Answer(202)
        current = self._current(name)
        self._waits[name] = max(0, self._waits[name] - 1)
        return Answer(200, current)

    def _describe(self, name: str, dimension: int, metric: str) -> dict[str, Any]:
        return {
            "name": name,
            "dimension": dimension,
            "metric": metric,
            "host": self.url,
            "vector_type": "dense",
            "deletion_protection": "disabled",
            "spec": {
                "serverless": {
                    "cloud": "aws",
                    "region": "us-east-1",
                    "read_capacity": {"mode": "OnDemand", "status": {"state": "Ready"}},
                }
            },
            "status": {"ready": True, "state": "Ready"},
        }

    def _current(self, name: str) -> dict[str, Any]:
        if self._waits.get(name, 0) > 0:
            return {**self.indexes[name], "status": {"ready": False, "state": "Initializing"}}
        return self.indexes[name]

    def _upsert(self, body: dict[str, Any], request: SeenRequest) -> Answer:
        vectors = body["vectors"]
        if len(vectors) > 1000 or len(request.body) > 2 * 2**20:
            return _refuse(400, "INVALID_ARGUMENT", "request too large", request)
        dimensions = {index["dimension"] for index in self.indexes.values()}
        for vector in vectors:
            if len(vector["values"]) not in dimensions:
                words = f"Vector dimension {len(vector['values'])} does not match"
                return _refuse(400, "INVALID_ARGUMENT", words, request)
        at = time.monotonic() + self.delay_seconds
        place = body.get("namespace", "")
        self._visible += [(at, place, vector["id"], vector) for vector in vectors]
        return Answer(200, {"upsertedCount": len(vectors)})

    def _delete(self, body: dict[str, Any], request: SeenRequest) -> Answer:
        place = body.get("namespace", "")
        known = {name for _, name, _, _ in self._visible} | set(self.vectors)
        if place not in known:
            return _refuse(404, "NOT_FOUND", "Namespace not found", request)
        at = time.monotonic() + self.delay_seconds
        ids = body.get("ids")
        if ids is None:
            rows = dict(self.vectors.get(place, {}))
            rows |= {key: row for _, name, key, row in self._visible if name == place and row}
            wanted = body.get("filter", {})
            ids = [key for key, row in rows.items() if _fits(row.get("metadata", {}), wanted)]
        self._visible += [(at, place, key, None) for key in ids]
        return Answer(200, {})

    def _query(self, body: dict[str, Any], request: SeenRequest) -> Answer:
        self._settle()
        asked = np.array(body["vector"])
        dimensions = {index["dimension"] for index in self.indexes.values()}
        if len(asked) not in dimensions:
            return _refuse(400, "INVALID_ARGUMENT", "Vector dimension does not match", request)
        rows = [
            (key, row)
            for key, row in self.vectors.get(body.get("namespace", ""), {}).items()
            if _fits(row.get("metadata", {}), body.get("filter", {}))
            and len(row["values"]) == len(asked)
        ]
        scored = sorted(
            ((_cosine(asked, np.array(row["values"])), key) for key, row in rows), reverse=True
        )
        matches = [{"id": key, "score": score} for score, key in scored[: body["topK"]]]
        return Answer(
            200,
            {
                "matches": matches,
                "namespace": body.get("namespace", ""),
                "usage": {"readUnits": 1},
            },
        )

    def _stats(self) -> Answer:
        self._settle()
        spaces = {name: {"vectorCount": len(rows)} for name, rows in self.vectors.items()}
        dimension = next((index["dimension"] for index in self.indexes.values()), 0)
        total = sum(len(rows) for rows in self.vectors.values())
        body = {"namespaces": spaces, "dimension": dimension, "indexFullness": 0.0}
        return Answer(200, {**body, "totalVectorCount": total})

    def _settle(self) -> None:
        """Let searches see what was written long enough ago."""
        now = time.monotonic()
        later = []
        for item in self._visible:
            at, place, key, row = item
            if at > now:
                later.append(item)
                continue
            rows = self.vectors.setdefault(place, {})
            if row is None:
                rows.pop(key, None)
            else:
                rows[key] = row
        self._visible = later


def _refuse(status: int, code: str, message: str, request: SeenRequest) -> Answer:
    if request.path.startswith("/indexes"):
        return Answer(status, {"status": status, "error": {"code": code, "message": message}})
    return Answer(status, {"code": 3, "message": message, "details": []})


def _fits(metadata: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return all(metadata.get(name) == rule["$eq"] for name, rule in wanted.items())


def _cosine(one: Any, other: Any) -> float:
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _encode(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()

"""Answers that a specification allows, made of its schemas: what a vendor might say as well.

    maker = AnswerMaker(read_document("calendly"), MANNERS["least"])
    status, body = maker.answer("GET", "/users/me")

Vendors promise no more than their specification; stand-ins that answer like the real vendor of
today hide what a client takes for granted beyond it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.specification import VARIABLE, Operation, Specification
from tests.support.specification_schemas import convert_swagger

_DEPTH = 9
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}
_SUCCESS = ("200", "201", "202", "204", "2XX", "2xx", "207", "default")


@dataclass(frozen=True)
class Manner:
    """How answers are made. `optional`: members that need not be there are. `nulls`: null stands
    wherever it may. `items`: how many a list has, where it is free. `examples`: those of the
    specification are taken, as mock servers do. `more`: members that it does not name."""

    name: str
    optional: bool
    nulls: bool
    items: int
    examples: bool = False
    more: bool = False
    moment: str = "2026-11-22T12:00:00Z"
    flag: bool = False
    number: int = 0


MANNERS = {
    one.name: one
    for one in (
        Manner("least", optional=False, nulls=True, items=0),
        Manner("least, one of each", optional=False, nulls=False, items=1),
        Manner("nulls", optional=True, nulls=True, items=1, more=True),
        Manner(
            "all",
            optional=True,
            nulls=False,
            items=2,
            more=True,
            moment="2026-11-22T13:00:00.1234567+01:00",
            flag=True,
            number=1,
        ),
        Manner("examples", optional=True, nulls=False, items=1, examples=True, number=1),
    )
}


def read_document(name: str) -> dict[str, Any]:
    """The published specification as OpenAPI 3; the test is skipped without it."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} names no folder of published specifications")
    document = json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8"))
    return convert_swagger(document) if "swagger" in document else dict(document)


class AnswerMaker:
    """Makes answers in one manner."""

    def __init__(self, document: Mapping[str, Any], manner: Manner) -> None:
        self._document, self._manner = document, manner
        self._paths = Specification(document)

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that a request means."""
        return self._paths.find_operation(method, path)

    def answer(self, method: str, path: str) -> tuple[int, Any]:
        """Status and body of a success; body None: there is none. 404 for an unknown path."""
        operation = self.find(method, path)
        if operation is None:
            return 404, {}
        item = self._follow(self._document["paths"][operation.template])
        responses = item[operation.method].get("responses", {})
        name = next((one for one in _SUCCESS if one in responses), None)
        if name is None:
            return 200, {}
        status = int(name) if name.isdigit() else 200
        content = self._follow(responses[name]).get("content", {})
        media = next(
            (one for kind, one in content.items() if "json" in kind or kind == "*/*"), None
        )
        if media is None:
            return status, None
        return status, self._make_media(media)

    def _make_media(self, media: Mapping[str, Any]) -> Any:
        if self._manner.examples:
            named = [self._follow(one) for one in (media.get("examples") or {}).values()]
            if "example" in media:
                return media["example"]
            if named and "value" in named[0]:
                return named[0]["value"]
        return self.make(media.get("schema", {}), 0)

    def make(self, schema: Any, depth: int) -> Any:
        """A value of a schema."""
        schema = self._follow(schema)
        if not isinstance(schema, Mapping):
            return {}
        for key in ("const", *(("example", "default") if self._manner.examples else ())):
            # Some published examples are of another type than their schema.
            if key in schema and _fits(schema[key], schema.get("type")):
                return schema[key]
        kinds = schema.get("type")
        kinds = [kinds] if isinstance(kinds, str) else list(kinds or ())
        if self._manner.nulls and (schema.get("nullable") or "null" in kinds):
            return None
        if schema.get("enum"):
            options = [one for one in schema["enum"] if one is not None]
            return options[0 if self._manner.optional else -1] if options else None
        return self._make_parts(schema, [one for one in kinds if one != "null"], depth)

    def _make_parts(self, schema: Mapping[str, Any], kinds: list[str], depth: int) -> Any:
        parts = list(schema.get("allOf", ()))
        choices = schema.get("oneOf") or schema.get("anyOf") or ()
        if choices:
            parts.append(choices[0 if self._manner.optional else -1])
        guess = "object" if "properties" in schema else "array" if "items" in schema else ""
        kind = kinds[0] if kinds else guess
        if not parts or depth >= _DEPTH or kind not in ("", "object"):
            return self._make_kind(kind, schema, depth)
        whole = self._make_object(schema, depth)
        for one in parts:
            made = self.make(one, depth + 1)
            if not isinstance(made, Mapping):
                return made
            whole |= made
        return whole

    def _make_kind(self, kind: str, schema: Mapping[str, Any], depth: int) -> Any:
        if kind in ("object", ""):
            return self._make_object(schema, depth)
        if kind == "array":
            count = max(int(schema.get("minItems", 0)), self._manner.items)
            count = min(count, int(schema.get("maxItems", count)))
            if depth >= _DEPTH:
                count = int(schema.get("minItems", 0))
            items = schema.get("items", {})
            one = items[0] if isinstance(items, list) else items
            return [self.make(one, depth + 1) for _ in range(count)]
        if kind == "boolean":
            return self._manner.flag
        if kind in ("integer", "number"):
            low = schema.get("minimum", schema.get("exclusiveMinimum", self._manner.number))
            low = low if not isinstance(low, bool) else self._manner.number
            return max(low + (1 if "exclusiveMinimum" in schema else 0), self._manner.number)
        return self._make_text(schema)

    def _make_object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        required = schema.get("required")
        required = required if isinstance(required, list) else []
        made: dict[str, Any] = {}
        for name, item in (schema.get("properties") or {}).items():
            if name in required or (self._manner.optional and depth < _DEPTH):
                made[name] = self.make(item, depth + 1)
        extra = schema.get("additionalProperties")
        if isinstance(extra, Mapping) and self._manner.items and depth < _DEPTH:
            made["added"] = self.make(extra, depth + 1)
        if self._manner.more and schema.get("properties"):
            made["something_new"] = {"since": "yesterday"}
        return made

    def _make_text(self, schema: Mapping[str, Any]) -> str:
        kinds = {
            "date-time": self._manner.moment,
            "date": "2026-11-22",
            "uri": "https://vendor.example/things/1",
            "url": "https://vendor.example/things/1",
            "email": "ana@silva.example",
            "uuid": "0190f0a0-0000-7000-8000-000000000001",
        }
        text = kinds.get(str(schema.get("format")), "text" if self._manner.optional else "")
        least, most = int(schema.get("minLength", 0)), schema.get("maxLength")
        text = text.ljust(least, "x")
        return text[: int(most)] if most is not None else text

    def _follow(self, item: Any) -> Any:
        seen = 0
        while isinstance(item, Mapping) and "$ref" in item and seen < 20:
            target: Any = self._document
            for part in item["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~").replace("%20", " ")]
            item, seen = target, seen + 1
        return item


def _fits(value: Any, kind: Any) -> bool:
    return not isinstance(kind, str) or isinstance(value, _TYPES.get(kind, (object,)))

"""Checks requests against the description of the Calendar API that Google's library carries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import googleapiclient  # type: ignore[import-untyped]

_FILE = Path(googleapiclient.__file__).parent / "discovery_cache/documents/calendar.v3.json"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}


@lru_cache(maxsize=1)
def _load() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def _list_methods(resource: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = list(resource.get("methods", {}).values())
    for child in resource.get("resources", {}).values():
        found += _list_methods(child)
    return found


def check_google_request(
    method: str, path: str, query: Mapping[str, list[str]], body: Any
) -> list[str]:
    """Every problem in words: an operation, parameter or field that is not described, a wrong
    type, a value that is no member of an enumeration. `path` is without /calendar/v3/."""
    for one in _list_methods(_load()):
        pattern = re.sub(r"\\\{\+?\w+\\\}", "[^/]+", re.escape(one["path"]))
        if one["httpMethod"] == method and re.fullmatch(pattern, path):
            problems = _check_query(one, query)
            request = one.get("request")
            if body is not None and request is None:
                return [*problems, "a body where none is described"]
            if request is not None and body is not None:
                problems += _check_value({"$ref": request["$ref"]}, body, "body")
            return [f"{method} {path}: {problem}" for problem in problems]
    return [f"{method} {path}: no such operation"]


def _check_query(method: Mapping[str, Any], query: Mapping[str, list[str]]) -> list[str]:
    known = {**_load()["parameters"], **method.get("parameters", {})}
    problems = []
    for name, values in query.items():
        if name not in known or known[name].get("location") == "path":
            problems.append(f"unknown parameter {name}")
            continue
        for value in values:
            allowed = known[name].get("enum")
            if allowed and value not in allowed:
                problems.append(f"{name}={value} is none of {allowed}")
            if known[name]["type"] == "integer" and not value.isdecimal():
                problems.append(f"{name}={value} is no number")
            if known[name]["type"] == "boolean" and value not in ("true", "false"):
                problems.append(f"{name}={value} is neither true nor false")
    required = [name for name, one in known.items() if one.get("required")]
    missing = [
        name for name in required if known[name]["location"] == "query" and name not in query
    ]
    return problems + [f"{name} is missing" for name in missing]


def _check_value(schema: Mapping[str, Any], value: Any, place: str) -> list[str]:
    if "$ref" in schema:
        schema = _load()["schemas"][schema["$ref"]]
    kind = schema.get("type", "any")
    types = _TYPES.get(kind)
    if types and (not isinstance(value, types) or (kind == "integer" and value is True)):
        return [f"{place} is no {kind}"]
    if schema.get("enum") and value not in schema["enum"]:
        return [f"{place}={value} is none of {schema['enum']}"]
    if schema.get("format") == "date-time" and not re.match(
        r"\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$", value
    ):
        return [f"{place}={value} is no RFC 3339 time with an offset"]
    problems: list[str] = []
    if kind == "array":
        for index, item in enumerate(value):
            problems += _check_value(schema["items"], item, f"{place}[{index}]")
    if kind == "object":
        known, others = schema.get("properties", {}), schema.get("additionalProperties")
        for name, item in value.items():
            if name in known:
                problems += _check_value(known[name], item, f"{place}.{name}")
            elif others is not None:
                problems += _check_value(others, item, f"{place}.{name}")
            else:
                problems.append(f"{place}.{name} is not described")
    return problems

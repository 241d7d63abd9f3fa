"""Whether programs written for an older description of the API still work. Pure.

What counts as breaking is said in docs/versioning.md. A request may only be taken more widely, an
answer only be told more fully: a narrower request and a wider answer both break somebody.
Both documents are OpenAPI 3.1, whose schemas are JSON Schema 2020-12.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from core.deprecation import SUNSET

METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
Direction = Literal["request", "answer"]
Json = dict[str, Any]

_UPPER = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_LOWER = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
_FIXED = ("pattern", "format", "const")
_KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
# Deeper than any body of ours; a schema that holds itself ends here.
_DEEPEST = 12


@dataclass(frozen=True, slots=True)
class Break:
    """Something that a program may have relied on and that is no more."""

    operation: str
    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.place}: {self.problem}"


def list_breaks(old: Json, new: Json, today: date) -> list[Break]:
    """What of `old` does not hold in `new`. An operation that was marked deprecated and whose
    sunset has passed by `today` may be gone."""
    found: list[Break] = []
    for path, item in old["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            name = f"{method.upper()} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                if not _is_over(item[method], today):
                    found.append(Break(name, "operation", "is gone or has another name"))
                continue
            found += [Break(name, *each) for each in _Pair(old, new).compare(item[method], now)]
    return found


def list_schema_breaks(name: str, old: Json, new: Json) -> list[Break]:
    """The same for a schema of which we send and read documents: neither a reader of ours nor a
    sender to us may be surprised. Another major version (`x-version`) may differ."""
    if _major(old) != _major(new):
        return []
    pair = _Pair(old, new)
    read = pair.compare_schemas("request", "as we read it", old, new)
    sent = pair.compare_schemas("answer", "as we send it", old, new)
    return [Break(name, *each) for each in (*read, *sent)]


def _major(schema: Json) -> str:
    return str(schema.get("x-version", "")).partition(".")[0]


def _is_over(operation: Json, today: date) -> bool:
    sunset = operation.get(SUNSET)
    return bool(operation.get("deprecated") and sunset and date.fromisoformat(sunset) <= today)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Both documents, each of which has its own schemas. Problems are places with words."""

    old: Json
    new: Json

    def compare(self, old: Json, new: Json) -> Iterator[tuple[str, str]]:
        yield from self._compare_parameters(old, new)
        before, after = old.get("requestBody"), new.get("requestBody", {})
        if before is not None:
            for media, content in before["content"].items():
                yield from self._compare_media("request", "body", media, content, after)
        if after.get("required") and not (before or {}).get("required"):
            yield "body", "is required now"
        for status, answer in old["responses"].items():
            place = f"answer {status}"
            now = new["responses"].get(status)
            if now is None:
                # Errors that come no more do no harm.
                if status.startswith("2"):
                    yield place, "comes no more"
                continue
            for media, content in answer.get("content", {}).items():
                yield from self._compare_media("answer", place, media, content, now)

    def _compare_parameters(self, old: Json, new: Json) -> Iterator[tuple[str, str]]:
        before, after = _parameters(old), _parameters(new)
        for key, parameter in before.items():
            place = f"{key[0]} parameter {key[1]}"
            now = after.get(key)
            if now is None:
                yield place, "is gone or has another name"
                continue
            if now.get("required") and not parameter.get("required"):
                yield place, "is required now"
            schemas = (parameter.get("schema", {}), now.get("schema", {}))
            yield from self.compare_schemas("request", place, *schemas)
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                yield f"{key[0]} parameter {key[1]}", "is new and required"

    def _compare_media(
        self, way: Direction, place: str, media: str, content: Json, after: Json
    ) -> Iterator[tuple[str, str]]:
        now = after.get("content", {}).get(media)
        if now is None:
            yield place, f"is no longer {media}"
        else:
            yield from self.compare_schemas(
                way, place, content.get("schema", {}), now.get("schema", {})
            )

    def compare_schemas(
        self, way: Direction, place: str, old: Json, new: Json, depth: int = 0
    ) -> list[tuple[str, str]]:
        if depth > _DEEPEST:
            return []
        found: list[tuple[str, str]] = []
        before, after = _options(old, self.old), _options(new, self.new)
        given, taken = (before, after) if way == "request" else (after, before)
        for kind, schema in given:
            fitting = [each for named, each in taken if _holds(named, kind)]
            if not fitting:
                word = "is not taken any more" if way == "request" else "may come now"
                found.append((place, f"{'anything' if kind == 'any' else kind} {word}"))
                continue
            tried: list[list[tuple[str, str]]] = []
            for each in fitting:
                pair = (schema, each) if way == "request" else (each, schema)
                tried.append(list(self._compare_kind(way, place, *pair, depth)))
            fewest: list[tuple[str, str]] = min(tried, key=len)
            found += fewest
        if way == "request" and "default" in old and old["default"] != new.get("default"):
            found.append((place, f"left out, it means {new.get('default')!r}: another than before"))
        return found

    def _compare_kind(
        self, way: Direction, place: str, old: Json, new: Json, depth: int
    ) -> Iterator[tuple[str, str]]:
        """Both of one kind, e.g. two objects."""
        values, now = old.get("enum"), new.get("enum")
        for value in values or ():
            if (now is None and way == "answer") or (now is not None and value not in now):
                yield place, f"the value {value!r} is gone"
        if way == "request":
            if now is not None and values is None:
                yield place, f"only {now!r} are taken now"
            yield from _compare_limits(place, old, new)
        if "items" in old:
            yield from self.compare_schemas(
                way, f"{place}[]", old["items"], new.get("items", {}), depth + 1
            )
        yield from self._compare_members(way, place, old, new, depth)

    def _compare_members(
        self, way: Direction, place: str, old: Json, new: Json, depth: int
    ) -> Iterator[tuple[str, str]]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed_now = set(old.get("required", ())), set(new.get("required", ()))
        for name, schema in before.items():
            here = f"{place}.{name}"
            if name not in after:
                yield here, "is gone or has another name"
            else:
                yield from self.compare_schemas(way, here, schema, after[name], depth + 1)
        if way == "request":
            for name in sorted(needed_now - needed_before):
                yield f"{place}.{name}", "is required now"
        else:
            for name in sorted((needed_before - needed_now) & after.keys()):
                yield f"{place}.{name}", "may be missing now"
        more, more_now = old.get("additionalProperties", {}), new.get("additionalProperties", {})
        if way == "request" and more is not False and more_now is False:
            yield place, "unknown members are refused now"
        elif isinstance(more, dict) and isinstance(more_now, dict) and (more or more_now):
            yield from self.compare_schemas(way, f"{place}.*", more, more_now, depth + 1)


def _compare_limits(place: str, old: Json, new: Json) -> Iterator[tuple[str, str]]:
    for name in _UPPER:
        if name in new and (name not in old or new[name] < old[name]):
            yield place, f"{name} is {new[name]} now, and was {old.get(name, 'none')}"
    for name in _LOWER:
        if name in new and (name not in old or new[name] > old[name]):
            yield place, f"{name} is {new[name]} now, and was {old.get(name, 'none')}"
    for name in _FIXED:
        if name in new and new[name] != old.get(name):
            yield place, f"{name} is {new[name]!r} now, and was {old.get(name, 'none')!r}"


def _parameters(operation: Json) -> dict[tuple[str, str], Json]:
    return {(one["in"], one["name"].lower()): one for one in operation.get("parameters", ())}


def _options(schema: Json, document: Json) -> list[tuple[str, Json]]:
    """What a value may be: each kind with its own rules, alternatives laid side by side."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return [each for part in schema[name] for each in _options(part, document)]
    kinds = schema.get("type")
    if kinds is None and ("enum" in schema or "const" in schema):
        values = schema.get("enum", [schema.get("const")])
        kinds = list(dict.fromkeys(_KINDS[type(value)] for value in values))
    if kinds is None:
        kinds = "object" if "properties" in schema else "any"
    listed = [kinds] if isinstance(kinds, str) else kinds
    return [(kind, _narrow(schema, kind)) for kind in listed]


def _narrow(schema: Json, kind: str) -> Json:
    """The rules of one kind: of a list of values, those of the kind."""
    if "enum" not in schema:
        return {} if kind == "null" else schema
    values = [value for value in schema["enum"] if _holds(kind, _KINDS[type(value)])]
    return {**schema, "enum": values}


def _holds(wide: str, narrow: str) -> bool:
    """Whether values of one kind are values of another."""
    return wide in ("any", narrow) or (wide == "number" and narrow == "integer")


def describe_breaks(breaks: list[Break]) -> str:
    """Every one, and what to do, as a person reads it."""
    lines = [f"- {each}" for each in breaks]
    return "\n".join([
        f"{len(breaks)} changes would break programs that use /api/v1:",
        *lines,
        "Keep the old beside the new, mark the operation as deprecated (core/deprecation.py), or "
        "give the new form a new address (/api/v2). docs/versioning.md says how.",
    ])  # fmt: skip


def merge(documents: Mapping[str, Json]) -> Json:
    """Several documents as one. Where two describe a schema, they are of one moment and agree."""
    paths: dict[str, Json] = {}
    schemas: Json = {}
    for document in documents.values():
        for path, item in document["paths"].items():
            paths.setdefault(path, {}).update(item)
        schemas.update(document.get("components", {}).get("schemas", {}))
    return {"paths": paths, "components": {"schemas": schemas}}

"""What a specification's schemas become before values are held against them: JSON Schema 2020-12
that knows no field beside those it names."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from jsonschema import FormatChecker  # type: ignore[import-untyped]

_BRANCHES = ("allOf", "anyOf", "oneOf")
_ANNOTATIONS = ("example", "examples", "x-enum", "discriminator", "xml", "externalDocs", "nullable")


def _is_date_time(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None and "T" in text


def _is_date(text: str) -> bool:
    return bool(date.fromisoformat(text))


def _is_uuid(text: str) -> bool:
    return bool(UUID(text))


def _is_email(text: str) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


def _is_uri(text: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", text) is not None


def _build_formats() -> Any:
    checker = FormatChecker(formats=())
    texts: dict[str, Callable[[str], bool]] = {
        "date-time": _is_date_time,
        "date": _is_date,
        "uuid": _is_uuid,
        "email": _is_email,
        "uri": _is_uri,
    }
    for name, holds in texts.items():
        checker.checks(name, raises=ValueError)(
            lambda value, holds=holds: not isinstance(value, str) or holds(value)
        )
    for name, bits in (("int32", 31), ("int64", 63)):
        checker.checks(name)(
            lambda value, bits=bits: not isinstance(value, int) or -(2**bits) <= value < 2**bits
        )
    return checker


FORMATS = _build_formats()


def prepare(document: Mapping[str, Any], free: Collection[str]) -> dict[str, Any]:
    """`document` with every schema made strict; `free` names component schemas that stay open."""
    strict = _Strict(document, free)
    result: dict[str, Any] = strict.walk(document)
    return result


class _Strict:
    def __init__(self, document: Mapping[str, Any], free: Collection[str]) -> None:
        self._document = document
        self._free = {f"#/components/schemas/{name}" for name in free}

    def walk(self, node: Any) -> Any:
        """Everything that is no schema: schemas are made strict where they stand."""
        if isinstance(node, Mapping):
            made = {}
            for key, value in node.items():
                if key == "schema":
                    made[key] = self.close(value)
                elif key == "schemas" and isinstance(value, Mapping):
                    # A component may be part of an `allOf`: it is closed where it is used.
                    made[key] = {
                        name: {**self.convert(item), "additionalProperties": True}
                        if f"#/components/schemas/{name}" in self._free
                        else self.convert(item)
                        for name, item in value.items()
                    }
                elif key not in ("example", "examples"):
                    made[key] = self.walk(value)
            return made
        if isinstance(node, Sequence) and not isinstance(node, str):
            return [self.walk(item) for item in node]
        return node

    def close(self, schema: Any) -> Any:
        """A schema where a value stands: no field that it does not name."""
        made = self.convert(schema)
        if isinstance(made, dict) and self._names_fields(schema, 0):
            made.setdefault("unevaluatedProperties", False)
        return made

    def convert(self, schema: Any) -> Any:
        """A schema as 2020-12, with the values inside it closed."""
        if not isinstance(schema, Mapping):
            return schema
        made: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _ANNOTATIONS or (key == "required" and not isinstance(value, list)):
                continue
            if key in ("properties", "patternProperties"):
                made[key] = {name: self.close(item) for name, item in value.items()}
            elif key in ("items", "additionalProperties"):
                made[key] = self.close(value)
            elif key in _BRANCHES:
                # Branches of published `oneOf`s overlap (integer and number): one of them or
                # more is what vendors mean.
                name = "anyOf" if key == "oneOf" else key
                made[name] = [self._branch(item) for item in value]
            else:
                made[key] = value
        _modernize(schema, made)
        return made

    def _branch(self, schema: Any) -> Any:
        made = self.convert(schema)
        is_free = isinstance(made, dict) and made.get("type") == "object"
        if is_free and not {"properties", "additionalProperties", *_BRANCHES} & made.keys():
            made["additionalProperties"] = True
        return made

    def _names_fields(self, schema: Any, depth: int) -> bool:
        if not isinstance(schema, Mapping) or depth > 12:
            return False
        if "$ref" in schema:
            if schema["$ref"] in self._free:
                return False
            return self._names_fields(self._resolve(schema["$ref"]), depth + 1)
        if schema.get("properties"):
            return True
        return any(
            self._names_fields(item, depth + 1) for key in _BRANCHES for item in schema.get(key, ())
        )

    def _resolve(self, reference: str) -> Any:
        target: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        return target


def _modernize(schema: Mapping[str, Any], made: dict[str, Any]) -> None:
    """What 3.0 says otherwise than 2020-12."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(made.get(exclusive), bool) and made.pop(exclusive) and bound in made:
            made[exclusive] = made.pop(bound)
    if made.get("type") == "array":
        for ours, theirs in (("minItems", "minLength"), ("maxItems", "maxLength")):
            if theirs in made:
                made.setdefault(ours, made.pop(theirs))
    if isinstance(made.get("required"), list):
        hidden = {
            name
            for name, item in schema.get("properties", {}).items()
            if isinstance(item, Mapping) and item.get("readOnly")
        }
        made["required"] = [name for name in made["required"] if name not in hidden]
    if not schema.get("nullable"):
        return
    if isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    for key in ("anyOf", "allOf"):
        if key in made:
            rest = {key: made.pop(key)}
            made.setdefault("anyOf", []).extend([rest, {"type": "null"}])
            made.pop("type", None)


def read_text_value(
    texts: Sequence[str],
    schema: Any,
    parameter: Mapping[str, Any],
    follow: Callable[[Any], Any],
) -> Any:
    """The value that texts of a path, query, header or form stand for (OpenAPI, "style")."""
    kinds = schema.get("type", "string") if isinstance(schema, Mapping) else "string"
    kind = (
        next((one for one in kinds if one != "null"), "string")
        if isinstance(kinds, list)
        else kinds
    )
    if kind == "array":
        explodes = parameter.get("explode", parameter.get("in") == "query")
        parts = list(texts)
        if len(parts) == 1 and not explodes:
            parts = parts[0].split(",")
        items = follow(schema.get("items", {}))
        return [read_text_value([part], items, {}, follow) for part in parts]
    if kind == "object":
        pairs = [re.fullmatch(r"[^\[]+\[([^\]]*)\]=(.*)", text, re.DOTALL) for text in texts]
        properties = schema.get("properties", {})
        return {
            found[1]: read_text_value([found[2]], follow(properties.get(found[1], {})), {}, follow)
            for found in pairs
            if found
        }
    text = texts[-1]
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind in ("integer", "number"):
        try:
            return int(text) if kind == "integer" else float(text)
        except ValueError:
            return text
    return text


def convert_swagger(document: Mapping[str, Any]) -> dict[str, Any]:
    """Swagger 2.0 in the words of OpenAPI 3: what this needs of it, and no more."""
    consumes = document.get("consumes", ["application/json"])
    paths: dict[str, Any] = {}
    for path, item in document["paths"].items():
        paths[path] = {
            key: _convert_operation(value, consumes) if isinstance(value, dict) else value
            for key, value in item.items()
        }
    schemes = {
        name: {"type": "oauth2"} if scheme.get("type") == "oauth2" else scheme
        for name, scheme in document.get("securityDefinitions", {}).items()
    }
    made = {
        "paths": paths,
        "servers": [{"url": document.get("basePath", "")}],
        "components": {
            "schemas": document.get("definitions", {}),
            "parameters": document.get("parameters", {}),
            "responses": document.get("responses", {}),
            "securitySchemes": schemes,
        },
    }
    return _rename(made)  # type: ignore[no-any-return]


def _convert_operation(operation: Mapping[str, Any], consumes: list[str]) -> dict[str, Any]:
    parameters = operation.get("parameters", [])
    made = {key: value for key, value in operation.items() if key != "security"}
    made["parameters"] = [
        one if "$ref" in one else {**one, "schema": _kind(one)}
        for one in parameters
        if one.get("in") not in ("body", "formData")
    ]
    fields = [one for one in parameters if one.get("in") == "formData"]
    bodies = [one for one in parameters if one.get("in") == "body"]
    if fields or bodies:
        schema = (
            bodies[0]["schema"]
            if bodies
            else {
                "type": "object",
                "properties": {one["name"]: _kind(one) for one in fields},
                "required": [one["name"] for one in fields if one.get("required")],
            }
        )
        kinds = operation.get("consumes", consumes)
        made["requestBody"] = {"content": {kind: {"schema": schema} for kind in kinds}}
    made["responses"] = {
        status: {"content": {"application/json": {"schema": answer["schema"]}}}
        if "schema" in answer
        else answer
        for status, answer in operation.get("responses", {}).items()
    }
    return made


def _kind(parameter: Mapping[str, Any]) -> dict[str, Any]:
    keep = ("type", "format", "items", "enum", "minimum", "maximum", "pattern", "maxLength")
    return {key: parameter[key] for key in keep if key in parameter}


def _rename(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {
            key: re.sub(r"^#/(definitions)/", "#/components/schemas/", value)
            .replace("#/parameters/", "#/components/parameters/")
            .replace("#/responses/", "#/components/responses/")
            if key == "$ref" and isinstance(value, str)
            else _rename(value)
            for key, value in node.items()
        }
    return [_rename(item) for item in node] if isinstance(node, list) else node

"""Published OpenAPI specifications as judges of requests: 3.0, 3.1 and Swagger 2.0.

    specification = load_specification("pinecone_data")  # skips without SALES_AGENT_SPECS
    problems = specification.check_request("POST", "/query", headers=headers, body=body)
    problems += specification.check_response("POST", "/query", 200, answer)

A field that the specification does not name is a problem, at every depth, also where the schema
says nothing of additional properties: vendors drop or refuse what they do not know. Free are
schemas without any named property, those with `additionalProperties`, and those that the caller
names in `free` (records whose fields each account defines).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import (  # type: ignore[import-untyped]
    ValidationError,
    best_match,
)

from tests.support.specification_schemas import FORMATS, convert_swagger, prepare, read_text_value

VARIABLE = "SALES_AGENT_SPECS"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def load_specification(name: str, free: Collection[str] = ()) -> Specification:
    """The specification `<name>.json` of the shared folder; the test is skipped without it."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"{VARIABLE} names no folder of published specifications")
    path = Path(folder) / f"{name}.json"
    return Specification(json.loads(path.read_text(encoding="utf-8")), free)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path. `path_values` are the texts that stand at the template's places."""

    template: str
    method: str
    parameters: tuple[Mapping[str, Any], ...]
    path_values: Mapping[str, str]
    description: Mapping[str, Any]


class Specification:
    """Tells what is wrong with requests and responses. Safe to share between threads."""

    def __init__(self, document: Mapping[str, Any], free: Collection[str] = ()) -> None:
        if str(document.get("swagger", "")).startswith("2"):
            document = convert_swagger(document)
        self._document = prepare(document, free)
        self._prefixes = _read_prefixes(document)
        self._templates = [(template, _compile(template)) for template in self._document["paths"]]
        # A path without places is meant before one with places that would fit as well.
        self._templates.sort(key=lambda pair: pair[0].count("{"))

    def check_request(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> list[str]:
        """Every problem in words, none when it is as specified. `target`: path and query."""
        path, query = urlsplit(target).path, urlsplit(target).query
        operation = self.find_operation(method, path)
        if operation is None:
            return [f"{method.upper()} {path}: no such operation"]
        given = {name.lower(): value for name, value in (headers or {}).items()}
        problems = self._check_parameters(operation, parse_qsl(query, True), given)
        problems += self._check_security(operation, query, given)
        problems += self._check_body(operation, given.get("content-type", ""), body)
        return [f"{method.upper()} {path}: {problem}" for problem in problems]

    def check_response(self, method: str, target: str, status: int, body: bytes = b"") -> list[str]:
        """The same for what a stand-in answers, so that it promises no more than the vendor."""
        operation = self.find_operation(method, urlsplit(target).path)
        if operation is None:
            return [f"{method.upper()} {target}: no such operation"]
        answers = operation.description.get("responses", {})
        names = (str(status), f"{status // 100}XX", f"{status // 100}xx", "default")
        found = next((answers[name] for name in names if name in answers), None)
        if found is None:
            return [f"{method.upper()} {target}: no answer {status} is described"]
        content = self._follow(found).get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or not body:
            return []
        return self._check_value(schema, json.loads(body), f"answer {status}")

    def find_operation(self, method: str, path: str) -> Operation | None:
        """The operation that a path means, with the server's own prefix or without."""
        for prefix in self._prefixes:
            if not path.startswith(prefix):
                continue
            for template, pattern in self._templates:
                found = pattern.fullmatch(path[len(prefix) :])
                item = self._follow(self._document["paths"][template])
                if found is None or method.lower() not in item:
                    continue
                description = item[method.lower()]
                own = [self._follow(one) for one in description.get("parameters", ())]
                named = {(one["name"], one["in"]) for one in own}
                shared = [self._follow(one) for one in item.get("parameters", ())]
                own += [one for one in shared if (one["name"], one["in"]) not in named]
                values = dict(zip(_places(template), map(unquote, found.groups()), strict=True))
                return Operation(template, method.lower(), tuple(own), values, description)
        return None

    def _check_parameters(
        self, operation: Operation, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
    ) -> list[str]:
        problems: list[str] = []
        known: set[str] = set()
        for parameter in operation.parameters:
            name, place = parameter["name"], parameter["in"]
            if place == "query":
                texts, taken = _collect(parameter, query)
                known |= taken
            elif place == "header":
                texts = [headers[name.lower()]] if name.lower() in headers else []
            elif place == "path":
                texts = [operation.path_values[name]] if name in operation.path_values else []
            else:
                continue
            if not texts and parameter.get("required"):
                problems.append(f"{place} lacks {name}")
            elif texts:
                schema = _parameter_schema(parameter)
                value = read_text_value(texts, self._follow(schema), parameter, self._follow)
                problems += self._check_value(schema, value, f"{place} {name}")
        problems += [f"query {name}: unknown" for name, _ in query if name not in known]
        return problems

    def _check_security(
        self, operation: Operation, query: str, headers: Mapping[str, str]
    ) -> list[str]:
        demanded = operation.description.get("security", self._document.get("security", []))
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        if not demanded or any(
            all(self._is_given(schemes.get(name, {}), query, headers) for name in option)
            for option in demanded
        ):
            return []
        return [f"none of the credentials {[list(option) for option in demanded]} is given"]

    def _is_given(self, scheme: Any, query: str, headers: Mapping[str, str]) -> bool:
        scheme = self._follow(scheme)
        if scheme.get("type") == "apiKey":
            if scheme.get("in") == "query":
                return scheme["name"] in dict(parse_qsl(query))
            return scheme.get("in") == "cookie" or bool(headers.get(scheme["name"].lower()))
        expected = scheme.get("scheme", "bearer") if scheme.get("type") == "http" else ""
        given = headers.get("authorization", "")
        return bool(given) and given.lower().startswith(expected.lower())

    def _check_body(self, operation: Operation, content_type: str, body: bytes) -> list[str]:
        described = self._follow(operation.description.get("requestBody", {}))
        content = described.get("content", {})
        if not body or not content:
            missing = not body and described.get("required")
            unexpected = body.strip() not in (b"", b"{}")
            return ["the body is missing, or none is described"] if missing or unexpected else []
        kind = content_type.partition(";")[0].strip().lower()
        wildcards = (kind, kind.partition("/")[0] + "/*", "*/*")
        media = next((content[name] for name in wildcards if name in content), None)
        if media is None:
            return [f"content type {kind or 'missing'}: not one of {sorted(content)}"]
        return self._check_content(media.get("schema", {}), kind, body)

    def _check_content(self, schema: Any, kind: str, body: bytes) -> list[str]:
        if kind == "application/x-www-form-urlencoded":
            return self._check_form(schema, body)
        if not kind.endswith("json"):
            return []
        parts = [body] if not kind.endswith("ndjson") else body.split(b"\n")
        try:
            values = [json.loads(part) for part in parts if part.strip()]
        except ValueError:
            return ["body: not JSON"]
        return [problem for value in values for problem in self._check_value(schema, value, "body")]

    def _check_form(self, schema: Any, body: bytes) -> list[str]:
        pairs = parse_qsl(body.decode(), True)
        properties = self._follow(schema).get("properties", {})
        values: dict[str, Any] = {}
        for name in dict(pairs):
            texts = [text for key, text in pairs if key == name]
            kind = self._follow(properties.get(name, {}))
            values[name] = read_text_value(texts, kind, {"style": "form"}, self._follow)
        return self._check_value(schema, values, "body")

    def _check_value(self, schema: Any, value: Any, place: str) -> list[str]:
        # The whole document goes along, because references start at its root.
        whole = {"allOf": [schema], "components": self._document.get("components", {})}
        validator = Draft202012Validator(whole, format_checker=FORMATS)
        return [_explain(error, place) for error in validator.iter_errors(value)]

    def _follow(self, item: Any) -> Any:
        """`item`, or what its reference points at."""
        seen = 0
        while isinstance(item, Mapping) and "$ref" in item and seen < 20:
            target: Any = self._document
            for part in item["$ref"].removeprefix("#/").split("/"):
                target = target[unquote(part).replace("~1", "/").replace("~0", "~")]
            item, seen = target, seen + 1
        return item


def _explain(error: ValidationError, place: str) -> str:
    deepest = best_match(error.context) if error.context else None
    chosen = deepest or error
    path = ".".join(str(part) for part in [*chosen.absolute_path])
    return f"{place}{'.' if path else ''}{path}: {chosen.message[:300]}"


def _read_prefixes(document: Mapping[str, Any]) -> list[str]:
    """The paths of the servers' addresses, and none: some specifications repeat it."""
    servers = [str(server.get("url", "")) for server in document.get("servers", [])]
    paths = [re.sub(r"\{[^}]*\}", "x", url) for url in servers]
    found = {urlsplit(path).path.rstrip("/") for path in paths}
    return ["", *sorted(found - {""})]


def _places(template: str) -> list[str]:
    return re.findall(r"\{([^}]+)\}", template)


def _compile(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{[^}]+\}", template)
    return re.compile("([^/]+)".join(re.escape(part) for part in parts) + "/?")


def _parameter_schema(parameter: Mapping[str, Any]) -> Any:
    if "content" in parameter:
        return next(iter(parameter["content"].values())).get("schema", {})
    return parameter.get("schema", {})


def _collect(
    parameter: Mapping[str, Any], query: Sequence[tuple[str, str]]
) -> tuple[list[str], set[str]]:
    """What the query gives for one parameter, and under which names."""
    name = parameter["name"]
    bare = name.removesuffix("[]")
    taken = {
        key
        for key, _ in query
        if key in (name, bare, f"{bare}[]")
        or (parameter.get("style") == "deepObject" and key.startswith(f"{name}["))
    }
    deep = parameter.get("style") == "deepObject"
    texts = [f"{key}={text}" if deep else text for key, text in query if key in taken]
    return texts, taken

"""Holds requests to a model against OpenAI's published specification."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

_FILES = {
    "/v1/chat/completions": ("openai.json", "CreateChatCompletionRequest"),
    "/v1/responses": ("openai_responses.json", "CreateResponse"),
}


def need_specs() -> Path:
    """The folder of specifications; the test is skipped where none is named."""
    folder = os.environ.get("SALES_AGENT_SPECS")
    if not folder:
        pytest.skip("SALES_AGENT_SPECS names no folder with the vendors' specifications")
    return Path(folder)


def find_faults(path: str, body: Mapping[str, Any]) -> list[str]:
    """What the specification does not allow in a request, or does not know at all; [] as well
    where no specification is at hand."""
    folder = os.environ.get("SALES_AGENT_SPECS")
    if not folder:
        return []
    if path not in _FILES:
        return [f"no such path: {path}"]
    name, schema = _FILES[path]
    checker, known = _load(Path(folder) / name, schema)
    faults = [f"{path}: unknown field {field}" for field in sorted(set(body) - known)]
    return faults + [
        f"{path}: {'/'.join(map(str, error.instance_path))}: {error.message[:200]}"
        for error in checker.iter_errors(dict(body))
    ]


@lru_cache
def _load(path: Path, schema: str) -> tuple[Any, frozenset[str]]:
    document = json.loads(path.read_text(encoding="utf-8"))
    schemas = {name: _mend(one) for name, one in document["components"]["schemas"].items()}
    root = {"$ref": f"#/components/schemas/{schema}", "components": {"schemas": schemas}}
    checker = jsonschema_rs.validator_for(root)
    return checker, frozenset(_list_fields(schemas, schemas[schema]))


def _mend(schema: Any) -> Any:
    """`nullable` is OpenAPI 3.0's word, and stands in these documents of 3.1 as well."""
    if isinstance(schema, list):
        return [_mend(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    mended = {key: _mend(value) for key, value in schema.items() if key != "discriminator"}
    if mended.pop("nullable", False) is True:
        return {"anyOf": [mended, {"type": "null"}]}
    return mended


def _list_fields(schemas: Mapping[str, Any], schema: Mapping[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _list_fields(schemas, schemas[schema["$ref"].rsplit("/", 1)[-1]])
    found = set(schema.get("properties", {}))
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ())):
        found |= _list_fields(schemas, part)
    return found

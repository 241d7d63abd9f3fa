"""The description of the API: as it is served, and as it is frozen in docs/schemas/api-v1.

The frozen files are OpenAPI 3.1 without prose, one for each part of the API, laid out so that a
change shows in a diff as the line that it is.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.api_compatibility import METHODS, Break, Json, list_breaks, merge

FOLDER = Path("docs/schemas/api-v1")
_ERROR = {
    "description": "VALIDATION_ERROR",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}},
}
# Words for people, and names that only this program's own functions have.
_PROSE = ("title", "description", "summary", "examples", "example", "tags", "operationId")
_WIDTH = 100


class DescribedApi(FastAPI):
    """FastAPI, whose description says what is answered: S2's error body with 400, and never the
    framework's own with 422."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is not None:
            return self.openapi_schema
        document = super().openapi()
        for item in document["paths"].values():
            for operation in item.values():
                if operation["responses"].pop("422", None):
                    operation["responses"].setdefault("400", _ERROR)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document


def freeze(document: Json) -> dict[str, str]:
    """The files of the contract by name, each with what one part of the API promises."""
    parts: dict[str, Json] = {}
    for path, item in sorted(document["paths"].items()):
        for method in METHODS:
            if method in item:
                name = item[method].get("tags", ["other"])[0].replace(" ", "-")
                paths = parts.setdefault(name, {})
                paths.setdefault(path, {})[method] = _strip(item[method])
    files = {}
    for name, paths in parts.items():
        schemas: Json = {}
        _collect(paths, document["components"]["schemas"], schemas)
        content = {
            "openapi": document["openapi"],
            "info": {"title": f"{document['info']['title']}: {name}", "version": "1"},
            "paths": paths,
            "components": {"schemas": dict(sorted(schemas.items()))},
        }
        files[f"{name}.json"] = _write(content) + "\n"
    return files


def read_frozen(folder: Path) -> dict[str, str]:
    """The files as they lie in the folder."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}


def check_frozen(document: Json, folder: Path, today: date) -> list[Break]:
    """What of the frozen contract the API does not keep."""
    frozen = {name: json.loads(text) for name, text in read_frozen(folder).items()}
    live = {name: json.loads(text) for name, text in freeze(document).items()}
    return list_breaks(merge(frozen), merge(live), today)


def write_frozen(document: Json, folder: Path) -> None:
    """Freeze the API as it is now."""
    folder.mkdir(parents=True, exist_ok=True)
    files = freeze(document)
    for path in folder.glob("*.json"):
        if path.name not in files:
            path.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _strip(value: Any, *, is_names: bool = False) -> Any:
    """Without prose, and in an order that does not depend on the code's. `is_names`: the keys
    are names of members, one of which may well be `title`."""
    if isinstance(value, list):
        return [_strip(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, part in sorted(value.items()):
        if not is_names and key in _PROSE:
            continue
        if is_names:
            found[key] = _strip(part)
        elif key in ("default", "const"):
            found[key] = part
        elif key == "responses":
            found[key] = {status: _strip_answer(part[status]) for status in sorted(part)}
        else:
            found[key] = _strip(part, is_names=key in ("properties", "content"))
        if key == "parameters" and not is_names:
            found[key] = sorted(found[key], key=lambda one: (one["in"], one["name"]))
        elif key in ("enum", "required") and isinstance(part, list):
            found[key] = sorted(part, key=lambda one: (one is None, str(one)))
    return found


def _strip_answer(answer: Json) -> Json:
    # Of an answer, OpenAPI asks for a description.
    stripped: Json = _strip(answer)
    return {"description": answer["description"], **stripped}


def _collect(value: Any, known: Json, found: Json) -> None:
    """Every schema that is named in `value`, and in those schemas."""
    if isinstance(value, list):
        for one in value:
            _collect(one, known, found)
    elif isinstance(value, dict):
        name = str(value.get("$ref", "")).rpartition("/")[2]
        if name in known and name not in found:
            found[name] = _strip(known[name])
            _collect(found[name], known, found)
        for one in value.values():
            _collect(one, known, found)


def _write(value: Any, indent: int = 0) -> str:
    """JSON with everything on one line that fits on one."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= _WIDTH or not isinstance(value, dict | list):
        return line
    inner = " " * (indent + 2)
    if isinstance(value, list):
        parts = [inner + _write(one, indent + 2) for one in value]
        return "[\n" + ",\n".join(parts) + "\n" + " " * indent + "]"
    parts = [f"{inner}{json.dumps(key)}: {_write(one, indent + 2)}" for key, one in value.items()]
    return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"

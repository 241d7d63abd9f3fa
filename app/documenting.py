"""Documents made from the code: the JSON Schema of `app.yaml` and its description, and the
contracts of packages and of the API. A contract that would break somebody is not written over."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.api_compatibility import Break, describe_breaks, list_schema_breaks
from app.api_document import FOLDER, check_frozen, write_frozen
from app.runtime import Runtime
from app.server import create_app
from app.settings import AppSettings
from core.clock import SystemClock
from core.errors import BugError
from sales.handoffs import package_schema as handoff_schema

ALLOW = "--allow-breaks"
_HEAD = """# Configuration

`app.yaml` is the one configuration file. This page is generated from the code
(`python -m app.documenting`); a test fails when it is stale. `sales-agent check` validates a file
and names every problem with its path; an edit that is valid applies without a restart (except
`database`, `server` and `model`), an invalid one is refused and the last good one stays in force.

Secrets are never written into the file: write `${NAME}` and set `NAME` in the environment.

The environment may also hold `PORT`, `SALES_AGENT_DATA` (the folder for database, index and
mail; default `.data`), `SALES_AGENT_CONFIG` (the file; default `app.yaml`) and
`SALES_AGENT_LOG_LEVEL` (DEBUG, INFO, WARNING, ERROR).
"""


def build_schema() -> str:
    """The JSON Schema of `app.yaml`, for editors."""
    schema = AppSettings.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "app.yaml of the sales agent"
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def build_handoff_schema() -> str:
    """docs/schemas/lead-handoff.json: the contract of packages, as it is served."""
    return json.dumps(handoff_schema.build_schema(), indent=2, ensure_ascii=False) + "\n"


def build_configuration_page() -> str:
    """docs/configuration.md: every key with its type, default and meaning."""
    schema = AppSettings.model_json_schema()
    definitions = schema["$defs"]
    lines = [_HEAD]
    _describe(lines, definitions, schema, "")
    return "\n".join(lines).rstrip() + "\n"


def _describe(
    lines: list[str], definitions: dict[str, Any], schema: dict[str, Any], path: str
) -> None:
    rows, deeper = [], []
    required = schema.get("required", [])
    for name, value in schema.get("properties", {}).items():
        here = f"{path}.{name}".lstrip(".")
        models = _models(definitions, value)
        if models:
            suffix = "[]" if value.get("type") == "array" else ""
            deeper += [(here + suffix, model) for model in models]
        shown = _default(value, name in required, bool(models))
        rows.append(f"| `{name}` | {_type(value)} | {shown} | {_meaning(value)} |")
    if rows:
        lines += ["", "| key | type | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]
    for here, model in deeper:
        kind = model.get("properties", {}).get("type", {}).get("const")
        lines.append(f"## `{here}`" + (f" with `type: {kind}`" if kind else ""))
        lines.append("\n" + " ".join(model.get("description", "").split()))
        _describe(lines, definitions, model, here)


def _models(definitions: dict[str, Any], value: dict[str, Any]) -> list[dict[str, Any]]:
    """The models that a value, or each item of it, may be."""
    if "$ref" in value:
        found = definitions[value["$ref"].rsplit("/", 1)[-1]]
        return [found] if "properties" in found else []
    parts = value.get("anyOf", []) + value.get("oneOf", [])
    if "items" in value:
        parts = [*parts, value["items"]]
    return [model for part in parts for model in _models(definitions, part)]


def _type(value: dict[str, Any]) -> str:
    if "const" in value or "enum" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    if "anyOf" in value:
        kinds = [_type(part) for part in value["anyOf"] if part.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if value.get("type") == "array":
        return "list"
    if value.get("format") == "duration":
        return "seconds"
    return str(value.get("type", "section"))  # a reference to another section has no type


def _default(value: dict[str, Any], required: bool, is_model: bool) -> str:
    if required:
        return "required"
    if is_model or "default" not in value:
        return ""
    return f"`{json.dumps(value['default'], ensure_ascii=False)}`"


def _meaning(value: dict[str, Any]) -> str:
    return " ".join(str(value.get("description", "")).split()).replace("|", "\\|")


def build_api() -> dict[str, Any]:
    """The OpenAPI document of this version, as it is served."""

    async def start() -> Runtime:
        raise BugError("this application is only described")

    return create_app(start).openapi()


def list_handoff_breaks(folder: Path) -> list[Break]:
    """What of the frozen schema of packages would not hold any more."""
    path = folder / "lead-handoff.json"
    if not path.exists():
        return []
    frozen = json.loads(path.read_text(encoding="utf-8"))
    return list_schema_breaks("lead-handoff.json", frozen, handoff_schema.build_schema())


def main(arguments: Sequence[str]) -> int:
    """Write every document. 1 where a contract would be broken: then contracts stay."""
    docs = Path("docs")
    (docs / "configuration.md").write_text(build_configuration_page(), encoding="utf-8")
    (docs / "app.schema.json").write_text(build_schema(), encoding="utf-8")
    document = build_api()
    breaks = check_frozen(document, FOLDER, SystemClock().now().date())
    breaks += list_handoff_breaks(docs / "schemas")
    if breaks and ALLOW not in arguments:
        words = f"{describe_breaks(breaks)}\nNothing was frozen. To do so: {ALLOW}\n"
        sys.stderr.write(words)  # waiver: this module is a command of its own
        return 1
    write_frozen(document, FOLDER)
    handoff = docs / "schemas" / "lead-handoff.json"
    handoff.write_text(build_handoff_schema(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

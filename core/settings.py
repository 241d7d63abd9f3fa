"""Reading `app.yaml`: types, secrets from the environment, errors that name path and fix."""

from __future__ import annotations

import ast
import difflib
import functools
import inspect
import ipaddress
import itertools
import os
import re
import textwrap
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin
from urllib.parse import urlsplit

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    SecretStr,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from core.errors import ConfigurationError

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Section(BaseModel):
    """A part of `app.yaml`. Unknown keys are refused; values never appear in errors."""

    # Not `use_attribute_docstrings`: reading every class's source was a third of each start.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The JSON Schema, where the docstring under a field is its description."""
        made = handler(schema)
        properties = handler.resolve_ref_schema(made).get("properties", {})
        for kind in cls.__mro__:
            if issubclass(kind, Section) and kind is not Section:
                for name, text in read_field_docstrings(kind).items():
                    if name in properties:
                        properties[name].setdefault("description", text)
        return made


@functools.cache
def read_field_docstrings(kind: type[Section]) -> Mapping[str, str]:
    """What stands under the fields that `kind` itself declares, from its source. A type that was
    made at run time has none."""
    try:
        declared = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
    except OSError:
        return {}
    found = {}
    for field, text in itertools.pairwise(getattr(declared, "body", ())):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(says))),
            ):
                found[name] = inspect.cleandoc(says)
    return found


class FromEnvironment(str):
    """A text that was written as `${NAME}`, and nothing else, and read from the environment."""

    __slots__ = ()


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would silently take the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """One mapping of the file."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.constructor.ConstructorError(
                    problem=f"the key {key.value} stands here twice", problem_mark=key.start_mark
                )
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _require_environment(value: object) -> object:
    if isinstance(value, SecretStr) or value is None:
        return value
    if not isinstance(value, FromEnvironment):
        raise PydanticCustomError(
            "literal_secret",
            "a secret stands here in plain text. Write ${NAME} and set NAME in the environment",
        )
    if not value:
        raise PydanticCustomError(
            "empty_secret", "the environment's value is empty. Set it, or remove the line"
        )
    return SecretStr(str(value))


Secret = Annotated[
    SecretStr,
    BeforeValidator(_require_environment),
    WithJsonSchema({"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$"}),
]
"""A secret: only ever `${NAME}` in the file."""


def check_address(value: str) -> str:
    """The address of a server that is handed secrets or personal data, without a slash at its
    end: https, or http on this very machine (a proxy, a mock server).

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.fragment:
        raise ValueError("write a whole address like https://api.acme.example")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("secrets travel here. Write https://; http:// is for this machine alone")
    return value.rstrip("/")


def _check_optional(value: str) -> str:
    return check_address(value) if value else ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


ServerAddress = Annotated[str, AfterValidator(check_address)]
"""Where a vendor's server is; see `check_address`."""

OptionalAddress = Annotated[str, AfterValidator(_check_optional)]
"""The same, or empty."""

Settings = TypeVar("Settings", bound=BaseModel)


def load_settings(
    kind: type[Settings],
    path: Path,
    # waiver: what a process is started with is the sensible default; tests pass their own
    environment: Mapping[str, str] = os.environ,
) -> Settings:
    """Read and check a configuration file.

    Raises:
        ConfigurationError: unreadable, not YAML, or not of the promised form; every problem
            in one go, each with its path and what to write instead.
    """
    return parse_settings(kind, _read(path), str(path), environment)


def parse_settings(
    kind: type[Settings], text: str, source: str, environment: Mapping[str, str]
) -> Settings:
    """The same from text. `source` names it in errors."""
    try:
        raw = yaml.load(text, _StrictLoader)  # noqa: S506 - a SafeLoader that is stricter
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "the file"
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise ConfigurationError(source, [f"{where}: {problem}. Mend the YAML."]) from None
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise ConfigurationError(
            source, ["the file: must hold keys and values, not a list or text."]
        )
    problems: list[str] = []
    try:
        filled = _fill(raw, "", environment, problems)
    except RecursionError:
        raise ConfigurationError(source, ["the file: an alias holds itself."]) from None
    if problems:
        raise ConfigurationError(source, problems)
    try:
        return kind.model_validate(filled)
    except ValidationError as error:
        causes = _root_causes(kind, error.errors(), filled)
        # Two kinds of a union may complain in the same words.
        lines = list(dict.fromkeys(_explain(kind, item, filled) for item in causes))
        raise ConfigurationError(source, lines) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fix = "there is no such file. Name it with --config, or copy the shipped app.yaml there."
        raise ConfigurationError(str(path), [fix]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), [f"it cannot be read ({error})."]) from None


def _fill(value: Any, path: str, environment: Mapping[str, str], problems: list[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: _fill(item, f"{path}.{key}".lstrip("."), environment, problems)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_fill(item, f"{path}[{n}]", environment, problems) for n, item in enumerate(value)]
    if not isinstance(value, str) or not _REFERENCE.search(value):
        return value
    missing = [name for name in _REFERENCE.findall(value) if name not in environment]
    if missing:
        problems.append(f"{path}: the environment has no {missing[0]}. Set it, or remove the line.")
        return value
    whole = FromEnvironment if _REFERENCE.fullmatch(value) else str
    return whole(_REFERENCE.sub(lambda match: environment[match[1]], value))


def _root_causes(kind: type[BaseModel], items: list[Any], raw: Any) -> list[Any]:
    """The problems without those that only follow from others.

    Not "too short" for a list whose items were refused; and where a value could be of several
    kinds, not one kind's complaint about a key that another kind has.
    """
    places = [_place_in_file(item, raw) for item in items]

    def follows(item: Any, place: tuple[Any, ...]) -> bool:
        if item["type"] == "extra_forbidden":
            return place[-1] in _keys_at(kind, place[:-1])
        inner = any(other != place and other[: len(place)] == place for other in places)
        return item["type"] == "too_short" and inner

    causes = [item for item, place in zip(items, places, strict=True) if not follows(item, place)]
    return causes or items


def _explain(kind: type[BaseModel], item: Any, raw: Any) -> str:
    location = _place_in_file(item, raw)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    path = path.lstrip(".") or "the file"
    if item["type"] == "extra_forbidden":
        known = _keys_at(kind, location[:-1])
        near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
        hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(sorted(known))}."
        return f"{path}: there is no such key. {hint}"
    if item["type"] == "missing":
        return f"{path}: this key is required. Add it."
    message = str(item["msg"]).removeprefix("Value error, ")
    return f"{path}: {message}."


def _place_in_file(item: Any, raw: Any) -> tuple[Any, ...]:
    """Where the problem stands, without the tags of unions, which stand in no file."""
    location = tuple(item["loc"])
    kept: list[Any] = []
    for index, part in enumerate(location):
        is_missing_key = item["type"] == "missing" and index == len(location) - 1
        in_list = isinstance(raw, list) and isinstance(part, int) and part < len(raw)
        if in_list or (isinstance(raw, dict) and part in raw):
            raw = raw[part]
        elif not is_missing_key:
            continue
        kept.append(part)
    return tuple(kept)


def _keys_at(kind: Any, location: tuple[Any, ...]) -> list[str]:
    """The keys that the model has at `location`."""
    for part in location:
        options = [option for option in _models(kind) if isinstance(part, str)]
        fields = [option.model_fields[part] for option in options if part in option.model_fields]
        if fields:
            kind = fields[0].annotation
    return [name for option in _models(kind) for name in option.model_fields]


def _models(kind: Any) -> list[type[BaseModel]]:
    """The models in an annotation: itself, or those in its union, list or dictionary."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    if get_origin(kind) in (Union, types.UnionType, list, tuple, dict, Annotated):
        return [model for part in get_args(kind) for model in _models(part)]
    return []

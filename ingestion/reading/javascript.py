"""Enough of JavaScript to find where an expression ends and to read literal data.

Nothing is executed. What is not a literal (calls, arithmetic, conditions) has no value: `None`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ingestion.reading.code_scanning import (
    CLOSING,
    OPENING,
    end_of_brackets,
    end_of_string,
    skip_space,
)

_NUMBER = re.compile(r"-?\d[\d_]*(?:\.\d+)?")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_PATH = re.compile(r"[A-Za-z_$][\w$]*(?:\??\.[A-Za-z_$][\w$]*|\[\d+\])*")
_KEY = re.compile(r"(?:([A-Za-z_$][\w$-]*)|(\d+)|'([^'\n]*)'|\"([^\"\n]*)\")\s*:")
_DECLARATION = re.compile(
    r"^[ \t]*(?:export\s+)?(?:const|let|var)\s+(?:([A-Za-z_$][\w$]*)\s*(?::[^=\n]+)?=\s*|(?=\{))",
    re.MULTILINE,
)
_AFTER_PATTERN = re.compile(r"\s*(?::[^=\n]+)?=\s*")
_ESCAPES = {"n": "\n", "t": " ", "r": "", "b": "", "f": "", "v": "", "0": ""}
_CONSTANTS = {"true": True, "false": False, "null": None, "undefined": None}
_MAX_DEPTH = 40


def unquote(literal: str) -> str:
    """Return a string literal's text."""
    return re.sub(
        r"\\(u\{?([0-9a-fA-F]{2,6})\}?|.)",
        lambda m: _unescape(m[1], m[2]),
        literal[1:-1],
        flags=re.DOTALL,
    )


def _unescape(escape: str, code: str | None) -> str:
    if code:
        point = int(code, 16)
        return chr(point) if point < 0x110000 and not 0xD800 <= point < 0xE000 else ""
    return _ESCAPES.get(escape, "" if escape == "\n" else escape)


def read_value(source: str, at: int, known: Mapping[str, Any], depth: int = 0) -> tuple[Any, int]:
    """Read the literal at `at`; return its value (None if it is none) and the position behind."""
    i = skip_space(source, at)
    if i >= len(source) or depth > _MAX_DEPTH:
        return None, len(source)
    char = source[i]
    value: Any = None
    if char == "[":
        value, i = _read_array(source, i, known, depth)
    elif char == "{":
        value, i = _read_object(source, i, known, depth)
    elif char in "\"'`":
        end = end_of_string(source, i)
        value = _read_string(source[i:end], known)
        i = end
    elif match := _NUMBER.match(source, i):
        value, i = match[0].replace("_", ""), match.end()
    elif match := _PATH.match(source, i):
        value, i = look_up(match[0], known), match.end()
    else:
        i += 1
    end = _end_of_item(source, i)
    rest = source[i:end].strip()
    if rest and not rest.startswith(("as ", "satisfies ")):
        value = None  # part of a longer expression
    return value, end


def _read_string(literal: str, known: Mapping[str, Any]) -> str | None:
    if len(literal) < 2:
        return None
    if literal[0] != "`" or "${" not in literal:
        return unquote(literal)
    text = literal
    for match in re.finditer(r"\$\{\s*([^{}]*?)\s*\}", literal):
        value = look_up(match[1], known)
        if not isinstance(value, str):
            return None
        text = text.replace(match[0], value)
    return unquote(text)


def _end_of_item(source: str, at: int) -> int:
    """The next comma, semicolon or closing bracket, or the end of a line at the outermost level."""
    i = at
    while i < len(source):
        char = source[i]
        if char in ",;" or char in CLOSING:
            return i
        if char == "\n":
            following = source[skip_space(source, i) : skip_space(source, i) + 1]
            if following not in {".", "?", ":", "+", "|", "&"}:
                return i
            i += 1
        elif char in "\"'`":
            i = end_of_string(source, i)
        elif char in OPENING:
            i = end_of_brackets(source, i)
        else:
            i += 1
    return i


def _read_array(
    source: str, at: int, known: Mapping[str, Any], depth: int
) -> tuple[list[Any], int]:
    items: list[Any] = []
    i = skip_space(source, at + 1)
    while i < len(source) and source[i] != "]":
        before = i
        value, i = read_value(source, i, known, depth + 1)
        if value is not None:
            items.append(value)
        i = skip_space(source, i)
        if i < len(source) and source[i] == ",":
            i = skip_space(source, i + 1)
        elif i <= before:
            i += 1
    return items, i + 1


def _read_object(
    source: str, at: int, known: Mapping[str, Any], depth: int
) -> tuple[dict[str, Any], int]:
    items: dict[str, Any] = {}
    i = skip_space(source, at + 1)
    while i < len(source) and source[i] != "}":
        before = i
        key = _KEY.match(source, i)
        if key:
            name = next(group for group in key.groups() if group is not None)
            value, i = read_value(source, key.end(), known, depth + 1)
            if value is not None:
                items[name] = value
        else:
            short = _NAME.match(source, i)
            end = _end_of_item(source, i)
            if short and short.end() == end and short[0] in known:
                items[short[0]] = known[short[0]]
            i = end
        i = skip_space(source, i)
        if i < len(source) and source[i] in ",;":
            i = skip_space(source, i + 1)
        elif i <= before:
            i += 1
    return items, i + 1


def look_up(path: str, known: Mapping[str, Any]) -> Any:
    """Return what `plan.price` or `plans[0].name` stands for among the known data, or None."""
    if path in _CONSTANTS:
        return _CONSTANTS[path]
    value: Any = known
    for part in re.findall(r"[A-Za-z_$][\w$]*|\d+", path):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def is_false(path: str, known: Mapping[str, Any]) -> bool | None:
    """Whether a condition is known not to hold; None if nothing is known of it.

    What is missing may have been computed: only a literal counts.
    """
    value = look_up(path, known)
    return None if value is None else value is False or value == ""


def read_declarations(script: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the known data with every `const name = <literal>` and unpacked object added."""
    found = dict(known)
    for match in _DECLARATION.finditer(script):
        if match[1]:
            value, _ = read_value(script, match.end(), found)
            if value is not None:
                found[match[1]] = value
            continue
        end = end_of_brackets(script, match.end())
        assigned = _AFTER_PATTERN.match(script, end)
        if assigned:
            value, _ = read_value(script, assigned.end(), found)
            pattern = script[match.end() + 1 : end - 1]
            found.update(unpack(pattern, value if isinstance(value, dict) else None, found))
    return found


def unpack(
    pattern: str, value: Mapping[str, Any] | None, known: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what `title, price: cost, note = "none"` (without braces) names of an object.

    What the object lacks is None (undefined) if it is known, and left out if it is not.
    """
    found: dict[str, Any] = {}
    i = 0
    while i < len(pattern):
        end = _end_of_name(pattern, i)
        name, _, default = (piece.strip() for piece in pattern[i:end].partition("="))
        own, _, target = (piece.strip() for piece in name.partition(":"))
        given = value.get(own) if value is not None else None
        if given is None and default:
            given = read_value(default, 0, known)[0]
            certain = given is not None or default in {"null", "undefined"}
        else:
            certain = value is not None
        if certain and own and not own.startswith("."):
            found[target or own] = given
        i = end + 1
    return found


def _end_of_name(pattern: str, at: int) -> int:
    """The next comma that stands in no bracket and no string."""
    i = at
    while i < len(pattern) and pattern[i] != ",":
        if pattern[i] in "\"'`":
            i = end_of_string(pattern, i)
        elif pattern[i] in OPENING:
            i = end_of_brackets(pattern, i)
        else:
            i += 1
    return i

"""Canonical JSON: the one way to write a value, so that two sides can compare hashes. Pure.

RFC 8785: members sorted by the UTF-16 code units of their names, no blanks, strings with the
shortest escapes, numbers as ECMAScript prints them. Numbers are IEEE 754 doubles there; whole
numbers that a double cannot hold are refused, not rounded.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

_SAFE = 2**53
_DEEPEST = 60
_WORDS = {None: "null", True: "true", False: "false"}


class NotCanonical(ValueError):
    """The value has no canonical form; the message says why."""


def write_canonical(value: Any) -> bytes:
    """`value` (JSON values only) as canonical JSON in UTF-8.

    Raises:
        NotCanonical: a number that is not finite or too large, half a surrogate pair, a key
            that is no text, another type, or nesting deeper than 60.
    """
    parts: list[str] = []
    _write(value, parts, 0)
    try:
        return "".join(parts).encode("utf-8")
    except UnicodeEncodeError:
        raise NotCanonical("half a surrogate pair") from None


def hash_canonical(body: bytes) -> str:
    """The hash of canonical JSON, as the header carries it."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def read_strict(body: bytes) -> Any:
    """JSON in UTF-8 whose meaning every reader agrees on.

    Raises:
        NotCanonical: no JSON, a member named twice, NaN or Infinity, or nesting too deep.
    """
    try:
        return json.loads(body, object_pairs_hook=_read_object, parse_constant=_refuse)
    except NotCanonical:
        raise
    except (ValueError, RecursionError):
        raise NotCanonical("this is no JSON in UTF-8") from None


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotCanonical("a member is named twice")
    return found


def _refuse(name: str) -> Any:
    raise NotCanonical(f"{name} is no JSON number")


def _write(value: Any, parts: list[str], depth: int) -> None:
    if depth > _DEEPEST:
        raise NotCanonical("nested too deep")
    if isinstance(value, str):
        parts.append(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        parts.append(_WORDS[value])
    elif isinstance(value, int | float):
        parts.append(write_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, parts, depth)
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            parts.append("," if number else "[")
            _write(item, parts, depth + 1)
        parts.append("]" if value else "[]")
    else:
        raise NotCanonical(f"a {type(value).__name__} is no JSON value")


def _write_object(value: Mapping[Any, Any], parts: list[str], depth: int) -> None:
    mark = "{"
    for name in _sort_names(value):
        parts.append(mark)
        parts.append(encode_basestring(name))
        parts.append(":")
        _write(value[name], parts, depth + 1)
        mark = ","
    parts.append("}" if value else "{}")


def _sort_names(value: Mapping[Any, Any]) -> list[str]:
    try:
        is_ascii = "".join(value).isascii()
    except TypeError:
        raise NotCanonical("a member's name is no text") from None
    if is_ascii:
        return sorted(value)
    return sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))


def write_number(value: float) -> str:
    """A number as ECMAScript's Number.prototype.toString writes it (ECMA-262, 6.1.6.1.20).

    Raises:
        NotCanonical: it is not finite, or a whole number that a double cannot hold.
    """
    if isinstance(value, int):
        return str(value) if abs(value) <= _SAFE else _write_large(value)
    if not math.isfinite(value):
        raise NotCanonical("a number is not finite")
    if value == 0:
        return "0"
    sign, value = ("-", -value) if value < 0 else ("", value)
    # Python's repr has the same shortest digits; only the layout differs.
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0)
    if whole == "0":
        point = int(exponent or 0) - (len(fraction) - len(fraction.lstrip("0")))
    digits = digits.rstrip("0") or "0"
    return sign + _lay_out(digits, point)


def _write_large(value: int) -> str:
    """A double that was written without a point comes back as a whole number."""
    try:
        text = write_number(float(value))
    except OverflowError:
        text = ""
    if text != str(value):
        raise NotCanonical("a whole number is one that a double cannot hold")
    return text


def _lay_out(digits: str, point: int) -> str:
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{tail}e{'+' if point > 0 else '-'}{abs(point - 1)}"

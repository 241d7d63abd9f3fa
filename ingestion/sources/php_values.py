"""Values that PHP's `serialize` wrote, as WordPress stores them in its meta tables.

Only data: objects are refused, nothing is ever built from a class name. Lengths count bytes.
"""

from __future__ import annotations

from typing import Any

_MAX_DEPTH = 20


def read_php_value(text: str) -> Any:
    """Return strings, numbers, booleans, None and dicts (PHP's arrays); None for other text."""
    raw = text.strip().encode()
    try:
        value, _ = _read(raw, 0, 0)
    except (ValueError, IndexError):
        return None
    return value


def _read(raw: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > _MAX_DEPTH:
        raise ValueError("too deep")
    kind = raw[at : at + 1]
    if kind == b"N":
        return None, at + 2
    if kind in {b"i", b"d", b"b"}:
        end = raw.index(b";", at)
        number = raw[at + 2 : end].decode("ascii", "replace")
        return (
            number == "1" if kind == b"b" else float(number) if kind == b"d" else int(number)
        ), end + 1
    if kind == b"s":
        colon = raw.index(b":", at + 2)
        start = colon + 2
        end = start + int(raw[at + 2 : colon])
        if raw[end : end + 2] != b'";':
            raise ValueError("a string of another length")
        return raw[start:end].decode("utf-8", "replace"), end + 2
    if kind == b"a":
        colon = raw.index(b":", at + 2)
        items: dict[Any, Any] = {}
        position = colon + 2
        for _ in range(int(raw[at + 2 : colon])):
            key, position = _read(raw, position, depth + 1)
            items[key], position = _read(raw, position, depth + 1)
        return items, position + 1
    raise ValueError("no serialized data")

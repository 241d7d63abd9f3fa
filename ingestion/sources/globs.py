"""Glob patterns over paths: `*` within a name, `**` over folders, `?` one character."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\[[^\]]+\]|[^*?\[]+|\[")


def compile_glob(pattern: str) -> re.Pattern[str]:
    """Return the pattern that a whole path must match."""
    parts: list[str] = []
    for piece in _PIECE.findall(pattern):
        if piece == "**/":
            parts.append("(?:.*/)?")
        elif piece == "**":
            parts.append(".*")
        elif piece == "*":
            parts.append("[^/]*")
        elif piece == "?":
            parts.append("[^/]")
        elif piece.startswith("[") and len(piece) > 2:
            parts.append(piece.replace("[!", "[^"))
        else:
            parts.append(re.escape(piece))
    return re.compile("".join(parts) + r"\Z", re.DOTALL)

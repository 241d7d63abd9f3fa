"""Golden questions as a file that `sales-agent eval` reads. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from sales.conversations.schemas import GoldenEntry

_HEAD = "# Golden questions, made in the portal. Run them: sales-agent eval <this file>\n"


def write_golden_file(entries: Sequence[GoldenEntry]) -> str:
    """The file (YAML), in the form that docs/evaluation.md describes."""
    questions: list[dict[str, Any]] = [
        {"ask": one.ask, **({"refuse": True} if one.refuse else {"expect": list(one.expect)})}
        for one in entries
    ]
    return _HEAD + yaml.safe_dump({"questions": questions}, allow_unicode=True, sort_keys=False)

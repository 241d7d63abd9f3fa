"""What the tests of ingestion share."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ingestion.documents import Skipped, SourceDocument, Unreachable
from ingestion.sources import Source


@dataclass(slots=True)
class Collected:
    """Everything a source yielded."""

    documents: dict[str, SourceDocument] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
    skipped_names: dict[str, str] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)


async def collect(source: Source, into: Collected | None = None) -> Collected:
    """Read a source to its end; with `into`, what came before an error can be looked at."""
    found = into if into is not None else Collected()
    async for item in source.documents():
        if isinstance(item, SourceDocument):
            assert item.url not in found.documents, f"twice: {item.url}"
            found.documents[item.url] = item
        elif isinstance(item, Skipped):
            found.skipped[item.reason] += 1
            found.skipped_names[item.url_or_name] = item.reason
        elif isinstance(item, Unreachable):
            found.unreachable[item.url] = item.reason
    return found


def real_site(name: str) -> Path:
    """A folder of the real content that SALES_AGENT_SITES names; its absence skips the test."""
    root = os.environ.get("SALES_AGENT_SITES")
    if not root:
        pytest.skip("SALES_AGENT_SITES is not set: no real sites to try")
    path = Path(root) / name
    if not path.exists():
        pytest.skip(f"{path} does not exist")
    return path

"""One reading of one source, in a process of its own: JSON in, JSON out.

`what`: `read` (fetch, extract and cut into passages, keep nothing), `ingest` (the same into a
new index, until each page is searchable by keyword), or `vectors` (those of an index).
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from app.embedder import load_embedder
from app.places import Places
from app.settings import load_app_settings
from app.wiring import build_resources
from core.errors import ConfigurationError
from ingestion.documents import SourceDocument
from ingestion.pages import read_page
from ingestion.pipeline import ingest
from ingestion.settings import SourceSettings
from ingestion.sources import open_source


async def run(request: dict[str, Any]) -> dict[str, Any]:
    """Do it and measure it."""
    source: SourceSettings = TypeAdapter(SourceSettings).validate_python(request["source"])
    match request["what"]:
        case "read":
            return await _read(source)
        case "ingest":
            return await _ingest(source, Path(request["data"]))
        case "vectors":
            return await _make_vectors(Path(request["data"]))
    raise ValueError(request["what"])


async def _read(settings: SourceSettings) -> dict[str, Any]:
    started, cpu = time.perf_counter(), time.process_time()
    pages = passages = 0
    async for found in open_source(settings).documents():
        if isinstance(found, SourceDocument):
            pages += 1
            passages += len(read_page(found).passages)
    return _describe(started, cpu, pages=pages, passages=passages)


async def _ingest(settings: SourceSettings, data: Path) -> dict[str, Any]:
    resources = await build_resources(
        load_app_settings(data / "app.yaml"), Places(data / "app.yaml", data), None
    )
    site = resources.organization.list_sites()[0].ref
    started, cpu = time.perf_counter(), time.process_time()
    report = await ingest(open_source(settings), "bench", site, resources.knowledge)
    described = _describe(started, cpu, pages=report.found, passages=report.passages)
    await resources.close()
    if report.failed:
        raise RuntimeError(report.failed)
    return described


async def _make_vectors(data: Path) -> dict[str, Any]:
    embedder = load_embedder()
    if embedder is None:
        raise ConfigurationError("the embedding model", ["it is not installed."])
    resources = await build_resources(
        load_app_settings(data / "app.yaml"), Places(data / "app.yaml", data), embedder
    )
    site = resources.organization.list_sites()[0].ref
    started, cpu = time.perf_counter(), time.process_time()
    await resources.knowledge.embed_pending(site, "benchmark")
    progress = await resources.knowledge.measure_embedding(site)
    described = _describe(started, cpu, pages=0, passages=progress.done)
    await resources.close()
    return described


def _describe(started: float, cpu: float, *, pages: int, passages: int) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu,
        "pages": pages,
        "passages": passages,
        "peak_memory_mb": round(peak),
    }


if __name__ == "__main__":
    json.dump(asyncio.run(run(json.load(sys.stdin))), sys.stdout)

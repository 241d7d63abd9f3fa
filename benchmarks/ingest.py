"""A made website becomes searchable: beside reading alone, and beside Scrapy with plain text.

All of them read the same pages from the same server process on this machine, one after the other
and more than once; the figures are medians. Scrapy is installed into an environment of its own
below the system's folder for temporary files; where that fails its column says so.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.made_export import write_export
from benchmarks.processes import ROOT, describe_machine, find_free_port, run_json, running

PAGES, TIMES_MORE, ROUNDS = 400, 10, 3
VECTOR_PAGES = 40
CONCURRENCY = 8
_CONFIG = "sites: [{key: bench, name: Benchmark, allowed_origins: [self]}]\n"
_SCRAPY = "scrapy>=2.13,<3"

Measured = dict[str, Any]


def run() -> dict[str, Any]:
    """Measure and return every figure."""
    machine = describe_machine()
    scrapy = _prepare_scrapy()
    with tempfile.TemporaryDirectory(prefix="sales-agent-bench-") as folder:
        base = Path(folder)
        few = _measure_site(base, PAGES, ROUNDS, scrapy)
        many = _measure_site(base, PAGES * TIMES_MORE, 1, None)
        return {
            "machine": machine,
            "website": few,
            "website_ten_times": many,
            "time_ratio": _ratio(many["ingest"], few["ingest"]),
            "wordpress_export": _measure_export(base, PAGES),
            "wordpress_export_ten_times": _measure_export(base, PAGES * TIMES_MORE),
            "vectors": _measure_vectors(base),
        }


def _measure_site(base: Path, pages: int, rounds: int, scrapy: Path | None) -> dict[str, Any]:
    port = find_free_port()
    url = f"http://127.0.0.1:{port}/"
    source = {
        "type": "website",
        "url": url,
        "allow_private": True,
        "concurrency": CONCURRENCY,
        "max_pages": pages + 10,
    }
    sitemap = url + "sitemap.xml"
    works: dict[str, Callable[[], Measured]] = {
        "ingest": lambda: _ingest(base, source),
        "read": lambda: _read(source),
    }
    if scrapy is not None:
        works["scrapy"] = lambda: _run_scrapy(scrapy, sitemap)
    server = [sys.executable, "-m", "benchmarks.static_site", str(port), str(pages)]
    with running(server) as started:
        started.wait_until_answering(url + "healthz", 120)
        results: dict[str, list[Measured]] = {name: [] for name in works}
        for _ in range(rounds):
            for name, work in works.items():
                results[name].append(work())
    return {name: _summarise(found, pages) for name, found in results.items()}


def _ingest(base: Path, source: dict[str, Any]) -> Measured:
    data = Path(tempfile.mkdtemp(dir=base))
    (data / "app.yaml").write_text(_CONFIG)
    request = {"what": "ingest", "source": source, "data": str(data)}
    measured: Measured = run_json("benchmarks.reading_once", request)
    shutil.rmtree(data)
    return measured


def _read(source: dict[str, Any]) -> Measured:
    measured: Measured = run_json("benchmarks.reading_once", {"what": "read", "source": source})
    return measured


def _run_scrapy(python: Path, sitemap: str) -> Measured:
    command = [str(python), str(ROOT / "benchmarks" / "scrapy_peer.py"), sitemap, str(CONCURRENCY)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=600)
    measured: Measured = json.loads(done.stdout)
    return measured


def _measure_export(base: Path, posts: int) -> Measured:
    path = base / f"export-{posts}.xml"
    write_export(path, posts)
    source = {"type": "wordpress", "path": str(path)}
    return _summarise([_ingest(base, source)], posts)


def _measure_vectors(base: Path) -> Measured:
    data = base / "vectors"
    data.mkdir()
    (data / "app.yaml").write_text(_CONFIG)
    path = base / "vectors.xml"
    write_export(path, VECTOR_PAGES)
    source = {"type": "wordpress", "path": str(path)}
    run_json("benchmarks.reading_once", {"what": "ingest", "source": source, "data": str(data)})
    request = {"what": "vectors", "source": source, "data": str(data)}
    made = run_json("benchmarks.reading_once", request)
    return {
        "passages": made["passages"],
        "passages_a_second": round(made["passages"] / made["seconds"], 1),
        "peak_memory_mb": made["peak_memory_mb"],
    }


def _summarise(results: list[Measured], expected: int) -> Measured:
    counts = {result["pages"] for result in results}
    if counts != {expected}:
        raise RuntimeError(f"{expected} pages were served, {sorted(counts)} were read")
    seconds = statistics.median(result["seconds"] for result in results)
    return {
        "pages": expected,
        "seconds": round(seconds, 2),
        "pages_a_second": round(expected / seconds, 1),
        "cpu_seconds": round(statistics.median(result["cpu_seconds"] for result in results), 2),
        "peak_memory_mb": round(statistics.median(one["peak_memory_mb"] for one in results)),
    }


def _ratio(many: Measured, few: Measured) -> dict[str, float]:
    return {
        "seconds": round(many["seconds"] / few["seconds"], 2),
        "cpu_seconds": round(many["cpu_seconds"] / few["cpu_seconds"], 2),
    }


def _prepare_scrapy() -> Path | None:
    """The Python that has Scrapy; None where it cannot be installed."""
    folder = Path(tempfile.gettempdir()) / "sales-agent-bench-scrapy"
    python = folder / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        check = [str(python), "-c", "import scrapy"]
        if subprocess.run(check, check=False, stderr=subprocess.DEVNULL).returncode != 0:
            print("Installing Scrapy beside the product (once) ...", file=sys.stderr)
            install = [str(python), "-m", "pip", "install", "--quiet", "--quiet", _SCRAPY]
            subprocess.run(install, check=True, timeout=600)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"Scrapy is left out: {error}", file=sys.stderr)
        return None
    return python


def show(result: dict[str, Any]) -> str:
    """The figures as a table."""
    head = f"{'':40}{'pages':>7}{'seconds':>9}{'pages/s':>9}{'CPU s':>8}{'peak MB':>9}"
    few, many = result["website"], result["website_ten_times"]
    rows = [
        ("website, searchable by keyword", few["ingest"]),
        ("website, read and parsed only", few["read"]),
        ("website, Scrapy with plain text", few.get("scrapy")),
        ("ten times the pages, searchable", many["ingest"]),
        ("ten times the pages, read only", many["read"]),
        ("WordPress export, searchable", result["wordpress_export"]),
        ("ten times the export, searchable", result["wordpress_export_ten_times"]),
    ]
    lines = [head]
    for name, found in rows:
        if found is None:
            lines.append(f"{name:40}   left out: Scrapy could not be installed")
            continue
        lines.append(
            f"{name:40}{found['pages']:>7}{found['seconds']:>9}{found['pages_a_second']:>9}"
            f"{found['cpu_seconds']:>8}{found['peak_memory_mb']:>9}"
        )
    ratio, vectors = result["time_ratio"], result["vectors"]
    lines += [
        f"ten times the pages took {ratio['seconds']} times the time and "
        f"{ratio['cpu_seconds']} times the CPU (aim: at most 11)",
        f"vectors: {vectors['passages_a_second']} passages a second, "
        f"peak {vectors['peak_memory_mb']} MB",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    measured = run()
    print(show(measured))
    print(json.dumps(measured))

"""`sales-agent ingest`: a progress bar, a summary, and an exit code that tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from sqlalchemy.exc import OperationalError

from app.cli.console import console, notes
from app.cli.looking import choose_site
from app.embedder import load_embedder
from app.places import Places
from app.settings import AppSettings
from app.wiring import Resources, build_resources
from core.errors import Invalid
from ingestion.pipeline import ingest
from ingestion.report import IngestReport
from ingestion.settings import SourceSettings
from ingestion.sources import open_source
from sales.knowledge.schemas import EmbeddingProgress
from sales.organization.service import KnownSite

_ASTRO_CONFIGS = ("astro.config.mjs", "astro.config.js", "astro.config.ts", "astro.config.cjs")
_Sources: TypeAdapter[SourceSettings] = TypeAdapter(SourceSettings)


@dataclass(frozen=True, slots=True)
class Named:
    """What the command line names; all empty means every source of app.yaml."""

    source: str = ""
    kind: str = ""
    base_url: str = ""
    site: str = ""
    allow_private: bool = False


async def ingest_sources(
    settings: AppSettings, places: Places, named: Named, *, vectors: bool, as_json: bool
) -> int:
    """Read the sources in. Exit code 1 when one of them failed."""
    sources = choose_sources(settings, places, named)
    resources = await build_resources(settings, places, load_embedder() if vectors else None)
    reports: list[IngestReport] = []
    sites: dict[str, KnownSite] = {}
    try:
        for source in sources:
            site = choose_site(resources, named.site or source.site)
            sites[site.settings.key] = site
            reports.append(await _ingest_one(resources, source, site, quiet=as_json))
            if not as_json:
                _print_report(reports[-1])
        if vectors:
            for site in sites.values():
                await _make_vectors(resources, site, quiet=as_json)
    except OperationalError as error:
        # A full disk, above all. Stored batches stay; the next run goes on from there.
        reason = str(error.orig or error)
        raise Invalid(
            f"The index cannot be written: {reason}. Make room and run it again."
        ) from None
    finally:
        await resources.close()
    if as_json:
        console.out(json.dumps([_describe(report) for report in reports], indent=2))
    return 1 if any(report.failed for report in reports) else 0


def choose_sources(settings: AppSettings, places: Places, named: Named) -> Sequence[SourceSettings]:
    """The sources to read: those of app.yaml, one of them, or one made up on the spot.

    Raises:
        Invalid: there is nothing to read, or it is unclear how.
    """
    known = [_place(source, places) for source in settings.knowledge.sources]
    if not named.source:
        first = settings.sites[0].key
        chosen = [one for one in known if not named.site or (one.site or first) == named.site]
        if not chosen:
            raise Invalid("app.yaml names no source. Add one under knowledge.sources, or name one.")
        return chosen
    by_name = [one for one in known if named.source == (one.name or one.type)]
    if by_name:
        return by_name
    return [_make_up(named)]


def _place(source: SourceSettings, places: Places) -> SourceSettings:
    path = getattr(source, "path", None)
    return source if path is None else source.model_copy(update={"path": places.resolve(path)})


def _make_up(named: Named) -> SourceSettings:
    """Settings for a folder, an export or an address that app.yaml does not name."""
    kind = named.kind or _guess_kind(named.source)
    values: dict[str, Any] = {"type": kind, "name": named.source[-64:], "site": named.site}
    if kind == "website":
        values |= {"url": named.source, "allow_private": named.allow_private}
    else:
        values["path"] = Path(named.source).expanduser().absolute()
        if named.base_url:
            values["base_url"] = named.base_url
    try:
        return _Sources.validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{named.source} cannot be read as {kind}: {first['msg']}.") from None


def _guess_kind(source: str) -> str:
    if source.startswith(("http://", "https://")):
        return "website"
    path = Path(source).expanduser()
    if path.is_file():
        if path.name.lower().endswith((".xml", ".wxr", ".xml.gz", ".wxr.gz")):
            return "wordpress"
        raise Invalid(f"{source} is no WordPress export (.xml). Name its folder, or give --type.")
    if not path.is_dir():
        raise Invalid(
            f"{source} is neither a source of app.yaml nor a file, a folder or a web address."
        )
    if any((path / name).exists() for name in _ASTRO_CONFIGS):
        return "astro"
    has_content = (path / "src" / "content").is_dir() or (path / "src" / "pages").is_dir()
    return "astro" if has_content or (path / "_astro").is_dir() else "files"


def _bar(*, quiet: bool) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=notes,
        disable=quiet,
    )


async def _ingest_one(
    resources: Resources, settings: SourceSettings, site: KnownSite, *, quiet: bool
) -> IngestReport:
    name = settings.name or settings.type
    with _bar(quiet=quiet) as bar:
        task = bar.add_task(f"Reading {name}", total=None)

        def show(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        report = await ingest(open_source(settings), name, site.ref, resources.knowledge, show)
        done = report.found + report.skipped.total() + report.unreachable.total()
        bar.update(task, completed=done, total=done)
    return report


async def _make_vectors(resources: Resources, site: KnownSite, *, quiet: bool) -> None:
    if not await resources.knowledge.needs_embedding(site.ref):
        return
    with _bar(quiet=quiet) as bar:
        task = bar.add_task("Making vectors", total=None)

        def show(progress: EmbeddingProgress) -> None:
            bar.update(task, completed=progress.done, total=progress.total)

        mine = await resources.knowledge.embed_pending(site.ref, resources.owner, show)
    if not mine and not quiet:
        notes.print("The running server makes the vectors; search works by keyword until then.")


def _print_report(report: IngestReport) -> None:
    heading = "[red]failed[/red]" if report.failed else "[green]done[/green]"
    console.print(
        f"[bold]{report.source}[/bold] {heading}: {report.found} pages found, {report.new} new, "
        f"{report.changed} changed, {report.unchanged} unchanged, {report.removed} removed, "
        f"{report.skipped.total()} skipped; {report.passages} passages",
        highlight=False,
    )
    for title, counts in (("skipped", report.skipped), ("not reached", report.unreachable)):
        for reason, count in counts.most_common():
            example = report.examples.get(reason, [""])[0]
            line = f"  {title}: {count} × {reason}" + (f" (e.g. {example})" if example else "")
            console.print(line, markup=False, highlight=False, style="dim")
    for note in report.notes:
        console.print(f"  note: {note}", markup=False, highlight=False, style="yellow")
    if report.kept:
        line = f"  nothing was removed: {report.kept}"
        console.print(line, markup=False, highlight=False, style="yellow")
    if report.failed:
        notes.print(f"  {report.failed}", markup=False, highlight=False, style="red")


def _describe(report: IngestReport) -> dict[str, Any]:
    return {
        **asdict(report),
        "skipped": dict(report.skipped),
        "unreachable": dict(report.unreachable),
    }

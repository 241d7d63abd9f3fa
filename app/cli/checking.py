"""`sales-agent check` and `migrate`."""

from __future__ import annotations

from rich.markup import escape
from sqlalchemy.exc import SQLAlchemyError

from app.cli.console import console, notes
from app.cli.crm_syncing import check_crm_mappings
from app.cli.vector_checking import check_vectors, prepare_vectors
from app.cli.vendor_checking import check_vendors
from app.migrations.run import current_revision, migrate, newest_revision
from app.places import Places
from app.settings import AppSettings
from app.vendor_settings import list_enabled_crms
from core.db import Database
from core.errors import ConfigurationError
from integrations.local.embeddings import EmbeddingUnavailableError, LocalMiniLM
from sales.knowledge.source_readings import list_readings


async def migrate_database(settings: AppSettings, places: Places) -> int:
    """Apply what is missing."""
    database = Database(places.database_url(settings))
    try:
        before = await current_revision(database)
        await migrate(database)
        after = await current_revision(database)
        prepared = await prepare_vectors(settings, database)
    except SQLAlchemyError as error:
        raise ConfigurationError(
            "the database", [f"it does not answer ({type(error).__name__}). Check database.url."]
        ) from None
    finally:
        await database.close()
    done = "is already at" if before == after else "was brought to"
    console.print(f"The database {done} revision {after}. {prepared}".rstrip(), highlight=False)
    return 0


async def check_everything(settings: AppSettings, places: Places) -> int:
    """Try each part and print a line for it. Exit code 1 when one cannot be used."""
    _good(f"configuration: {places.config}")
    failed = not await _check_database(settings, places)
    failed |= not _check_model()
    failed |= not await check_vectors(settings, places, _good, _bad)
    failed |= not _check_sources(settings, places)
    await _show_readings(settings, places)
    failed |= not await check_vendors(settings, places, _good, _bad)
    failed |= not await _check_crm_fields(settings, places)
    return 1 if failed else 0


async def _check_database(settings: AppSettings, places: Places) -> bool:
    database = Database(places.database_url(settings))
    try:
        revision = await current_revision(database)
    except SQLAlchemyError as error:
        return _bad(f"database: it does not answer ({type(error).__name__}). Check database.url.")
    finally:
        await database.close()
    if revision is None:
        return _good(f"database: {database.dialect}, empty; made at the first start")
    if revision != newest_revision():
        return _bad(f"database: at revision {revision}. Run: sales-agent migrate")
    return _good(f"database: {database.dialect}, revision {revision}")


async def _check_crm_fields(settings: AppSettings, places: Places) -> bool:
    if not list_enabled_crms(settings.sales_agent.crm_integration):
        return True
    problems = await check_crm_mappings(settings, places)
    for problem in problems:
        _bad(problem)
    return not problems and _good("crm: every mapped field is there and fits")


def _check_model() -> bool:
    try:
        LocalMiniLM().load()
    except EmbeddingUnavailableError as error:
        notes.print(f"[yellow]![/yellow] model: {error.excerpt}. Searching by keywords only.")
        return True
    return _good("model: all-MiniLM-L6-v2 on this machine, checked against its sha256")


def _check_sources(settings: AppSettings, places: Places) -> bool:
    good = True
    for source in settings.knowledge.sources:
        name = source.name or source.type
        path = getattr(source, "path", None)
        if path is not None and not places.resolve(path).exists():
            good = _bad(f"source {name}: {places.resolve(path)} does not exist.")
        else:
            _good(f"source {name}: {source.type}")
    if not settings.knowledge.sources:
        notes.print("[yellow]![/yellow] knowledge.sources: none. The agent would know nothing.")
    return good


async def _show_readings(settings: AppSettings, places: Places) -> None:
    """When sources were last read in; nothing before the first start."""
    database = Database(places.database_url(settings))
    try:
        if await current_revision(database) != newest_revision():
            return
        async with database.reading(None) as uow:
            readings = await list_readings(uow)
    except SQLAlchemyError:
        return  # said above
    finally:
        await database.close()
    for each in readings:
        ended = each.ended_at.strftime("%Y-%m-%d %H:%M UTC")
        line = f"last read in: {each.source}, {ended}, {each.found} pages, {each.outcome}"
        reason = each.failed or each.kept
        if reason:
            notes.print(f"[yellow]![/yellow] {escape(f'{line}: {reason}')}", highlight=False)
        else:
            _good(escape(line))


def _good(line: str) -> bool:
    notes.print(f"[green]✓[/green] {line}", highlight=False)
    return True


def _bad(line: str) -> bool:
    notes.print(f"[red]✗[/red] {line}", highlight=False)
    return False

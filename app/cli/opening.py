"""What every command does first and last: read the configuration, and end with an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from app.cli.console import complain
from app.places import Places, find_places

if TYPE_CHECKING:
    from app.settings import AppSettings


@contextlib.contextmanager
def collecting_later() -> Iterator[None]:
    """While what is imported stays for good: the collector, which would look through it again and
    again (a sixth of a start), rests, and afterwards leaves it alone, so that its rounds do not
    hold up turns."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def open_settings(config: Path | None, data: Path | None) -> tuple[AppSettings, Places]:
    """The configuration and where things are.

    Raises:
        ConfigurationError: one of them cannot be used.
    """
    from app.settings import load_app_settings  # noqa: PLC0415 - `--help` is quick without it

    places = find_places(config, data)
    return load_app_settings(places.config), places


def run(work: Coroutine[Any, Any, int | None]) -> None:
    """Run a command to its end; its result is the exit code."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        code = asyncio.run(work)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        complain(f"The database cannot be used: {reason}. What was stored before is kept.")
    raise typer.Exit(code or 0)

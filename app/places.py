"""Where files are: the configuration, the data folder, and what ships with the product."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigurationError

if TYPE_CHECKING:
    from app.settings import AppSettings

CONFIG_VARIABLE = "SALES_AGENT_CONFIG"
DATA_VARIABLE = "SALES_AGENT_DATA"

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """A file that ships with the product: beside the code in a checkout, within it when
    installed."""
    installed = _PACKAGE / "_shipped" / name
    return installed if installed.exists() else _PACKAGE.parent / name


@dataclass(frozen=True, slots=True)
class Places:
    """Where this run finds its configuration and keeps its data."""

    config: Path
    data: Path

    @property
    def mail(self) -> Path:
        """Where the local mailer writes."""
        return self.data / "mail"

    def resolve(self, path: Path) -> Path:
        """A path of the configuration: relative ones begin where the configuration lies."""
        return path if path.is_absolute() else self.config.parent / path

    def database_url(self, settings: AppSettings) -> str:
        """The configured database, or SQLite in the data folder."""
        from sqlalchemy import make_url  # noqa: PLC0415 - commands start fast without it

        if settings.database.url is not None:
            return settings.database.url.get_secret_value()
        return (
            make_url("sqlite://").set(database=str(self.data / "sales-agent.db")).render_as_string()
        )


def find_places(config: Path | None, data: Path | None) -> Places:
    """The named ones, else the environment's, else ./app.yaml and ./.data.

    Raises:
        ConfigurationError: the data folder cannot be made or written.
    """
    named = config or (Path(os.environ[CONFIG_VARIABLE]) if CONFIG_VARIABLE in os.environ else None)
    if named is None:
        here = Path("app.yaml")
        named = here if here.exists() else shipped("app.yaml")
    folder = data or Path(os.environ.get(DATA_VARIABLE) or ".data")
    folder = folder.expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            str(folder),
            [f"the data folder cannot be made ({error.strerror}). Name another with --data."],
        ) from None
    if not os.access(folder, os.W_OK):
        raise ConfigurationError(
            str(folder), ["the data folder cannot be written. Name another with --data."]
        )
    return Places(named.expanduser().absolute(), folder)

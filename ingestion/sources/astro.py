"""Astro projects: their source, or the pages that a build left in `dist/`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

from ingestion.documents import Found
from ingestion.errors import SourceError
from ingestion.settings import AstroSettings
from ingestion.sources.astro_built import BuiltPages
from ingestion.sources.astro_config import AstroConfig, find_config, read_config
from ingestion.sources.astro_source import SourcePages
from ingestion.sources.batches import stream
from ingestion.sources.folders import walk_files

_CONTENT = re.compile(r"\.(?:md|mdx|markdown|mdoc|astro)$")


class AstroSource:
    """Reads a project's built pages where there are any, else its source (or as `prefer` says)."""

    def __init__(self, settings: AstroSettings) -> None:
        self._settings = settings
        self.name = str(settings.path)
        self.count_hint: int | None = None
        self.incomplete: str | None = None
        self.notes: list[str] = []

    async def documents(self) -> AsyncIterator[Found]:
        """Yield each page; raises SourceError for a folder that is no project or has no content."""
        reader = self._reader()
        self.count_hint = reader.count()
        async for found in stream(reader.read()):
            yield found
        self.notes.extend(reader.notes)

    def _reader(self) -> BuiltPages | SourcePages:
        folder = self._settings.path
        if not folder.is_dir():
            raise SourceError(self.name, "there is no such folder.", "Correct `path` in app.yaml.")
        config = read_config(folder)
        built = self._built_folder(folder, config)
        source = folder / config.source_folder
        has_source = any(
            (source / part).is_dir()
            and any(_CONTENT.search(p.name) for p in walk_files(source / part))
            for part in ("content", "pages")
        ) or any((folder / base).is_dir() for base in config.collections.values())
        origin = str(self._settings.base_url or "").rstrip("/")
        if built is not None and not (has_source and self._settings.prefer == "source"):
            if built != folder:
                self._warn_if_stale(source, built)
                return BuiltPages(built, config, origin)
            above = read_config(folder.parent) if find_config(folder.parent) else config
            return BuiltPages(built, above, origin)
        if has_source:
            return SourcePages(folder, config, origin, self._settings.include_drafts)
        if find_config(folder) or source.is_dir():
            raise SourceError(
                self.name,
                f"the project has no content: no page in {config.source_folder}/pages or "
                f"{config.source_folder}/content, and no built page in {config.built_folder}.",
                "Correct `path`, or build the site first (npm run build).",
            )
        raise SourceError(
            self.name,
            "it is no Astro project: no astro.config, no src/ and no built HTML.",
            "Set `path` to the folder that holds astro.config or to the built folder.",
        )

    def _built_folder(self, folder: Path, config: AstroConfig) -> Path | None:
        """Where built pages lie: in the project's output folder, or the folder itself is it."""
        for candidate in (folder / config.built_folder, folder / config.built_folder / "client"):
            if candidate.is_dir() and _has_page(candidate):
                return candidate
        if find_config(folder) is None and not (folder / "src").is_dir() and _has_page(folder):
            return folder
        return None

    def _warn_if_stale(self, source: Path, built: Path) -> None:
        if not source.is_dir():
            return
        newest = max((path.stat().st_mtime for path in walk_files(source)), default=0.0)
        last_build = max((path.stat().st_mtime for path in built.rglob("*.html")), default=0.0)
        if newest > last_build + 1:
            self.notes.append(
                "the built pages are older than the source: build again, or set `prefer: source`"
            )


def _has_page(folder: Path) -> bool:
    return next(folder.rglob("*.html"), None) is not None

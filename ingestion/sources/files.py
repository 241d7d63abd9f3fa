"""Markdown, HTML and text files in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from ingestion.documents import BodyFormat, Found, Skipped, SourceDocument, Unreachable
from ingestion.errors import SourceError
from ingestion.settings import FilesSettings
from ingestion.sources.batches import stream
from ingestion.sources.folders import NotRead, read_text, walk_files
from ingestion.sources.globs import compile_glob
from ingestion.sources.markdown_files import markdown_document

_FORMATS: dict[str, BodyFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "mdx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".astro": "astro",
}


class FilesSource:
    """Reads a folder; a page's address is `base_url` and the file's path without its extension."""

    def __init__(self, settings: FilesSettings) -> None:
        self._settings = settings
        self._root = settings.path
        self._include = [compile_glob(pattern) for pattern in settings.include]
        self._exclude = [compile_glob(pattern) for pattern in settings.exclude]
        self.name = str(settings.path)
        self.count_hint: int | None = None
        self.incomplete: str | None = None
        self.notes: list[str] = []

    async def documents(self) -> AsyncIterator[Found]:
        """Yield each file; raises SourceError if the folder is none or holds no such file."""
        async for found in stream(self._read()):
            yield found

    def _read(self) -> Iterator[Found]:
        if not self._root.is_dir():
            raise SourceError(self.name, "there is no such folder.", "Correct `path` in app.yaml.")
        paths = [path for path in walk_files(self._root) if self._is_wanted(path)]
        if not paths:
            patterns = ", ".join(self._settings.include)
            raise SourceError(
                self.name, f"no file matches {patterns}.", "Correct `path`, `include` or `exclude`."
            )
        self.count_hint = len(paths)
        for path in sorted(paths):
            yield self._document(path)

    def _is_wanted(self, path: Path) -> bool:
        name = path.relative_to(self._root).as_posix()
        return any(pattern.match(name) for pattern in self._include) and not any(
            pattern.match(name) for pattern in self._exclude
        )

    def _document(self, path: Path) -> Found:
        name = path.relative_to(self._root).as_posix()
        url = self._url(name)
        file = read_text(path, self._root, self._settings.max_file_bytes)
        if isinstance(file, NotRead):
            return Skipped(name, file.reason) if file.lasting else Unreachable(url, file.reason)
        if file.replaced:
            self.notes.append(f"{name}: {file.replaced} characters were unreadable and replaced")
        form = _FORMATS.get(path.suffix.lower(), "text")
        if form in {"markdown", "mdx"}:
            return markdown_document(url, file.text, form, file.modified_at)
        return SourceDocument(url, "", file.text, form, modified_at=file.modified_at)

    def _url(self, name: str) -> str:
        path = PurePosixPath(name).with_suffix("").as_posix()
        if path == "index" or path.endswith("/index"):
            path = path.removesuffix("index")
        base = str(self._settings.base_url or "/")
        return f"{base.rstrip('/')}/{quote(path)}"

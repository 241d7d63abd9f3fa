"""Markdown, HTML and text files in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from ingestion.documents import BodyFormat, Found, Skipped, SourceDocument, Unreachable
from ingestion.errors import SourceError
from ingestion.reading.jsx import data_html
from ingestion.settings import FilesSettings
from ingestion.sources.batches import stream
from ingestion.sources.front_matter import (
    TECHNICAL_KEYS,
    facts_of,
    moment_of,
    nested_data,
    split_front_matter,
    text_of,
)
from ingestion.sources.globs import compile_glob
from ingestion.sources.text_decoding import decode, is_binary

_FORMATS: dict[str, BodyFormat] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".mdx": "mdx",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".txt": "text",
    ".text": "text",
    "": "text",
}
_IGNORED_FOLDERS = frozenset({"node_modules", "__pycache__"})


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

    async def documents(self) -> AsyncIterator[Found]:
        """Yield each file; raises SourceError if the folder is none or holds no such file."""
        async for found in stream(self._read()):
            yield found

    def _read(self) -> Iterator[Found]:
        if not self._root.is_dir():
            raise SourceError(self.name, "there is no such folder.", "Correct `path` in app.yaml.")
        paths = sorted(path for path in self._paths() if self._is_wanted(path))
        if not paths:
            patterns = ", ".join(self._settings.include)
            raise SourceError(
                self.name, f"no file matches {patterns}.", "Correct `path`, `include` or `exclude`."
            )
        self.count_hint = len(paths)
        for path in paths:
            yield self._document(path)

    def _paths(self) -> Iterator[Path]:
        """Files below the root, not those of hidden folders; links to folders are not followed."""
        folders = [self._root]
        while folders:
            for entry in folders.pop().iterdir():
                if entry.name.startswith(".") or entry.name in _IGNORED_FOLDERS:
                    continue
                if entry.is_dir() and not entry.is_symlink():
                    folders.append(entry)
                elif not entry.is_dir():
                    yield entry

    def _is_wanted(self, path: Path) -> bool:
        name = path.relative_to(self._root).as_posix()
        return any(p.match(name) for p in self._include) and not any(
            p.match(name) for p in self._exclude
        )

    def _document(self, path: Path) -> Found:
        name = path.relative_to(self._root).as_posix()
        url = self._url(name)
        try:
            if not path.resolve(strict=True).is_relative_to(self._root.resolve()):
                return Skipped(name, "a link to outside the folder")
            if not path.is_file():
                return Skipped(name, "not a regular file")
            status = path.stat()
            if status.st_size > self._settings.max_file_bytes:
                return Skipped(name, "larger than max_file_bytes")
            raw = path.read_bytes()
        except FileNotFoundError:
            return Skipped(name, "a link to nothing")
        except OSError as error:
            return Unreachable(url, f"cannot be read: {error.strerror}")
        if is_binary(raw):
            return Skipped(name, "not text")
        text, replaced = decode(raw)
        if not text.strip():
            return Skipped(name, "empty")
        form = _FORMATS.get(path.suffix.lower(), "text")
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        if form in {"markdown", "mdx"}:
            return markdown_document(url, text, form, modified)
        return SourceDocument(url, "", text, form, modified_at=modified)

    def _url(self, name: str) -> str:
        path = PurePosixPath(name).with_suffix("").as_posix()
        if path == "index" or path.endswith("/index"):
            path = path.removesuffix("index")
        base = str(self._settings.base_url or "/")
        return f"{base.rstrip('/')}/{quote(path)}"


def markdown_document(
    url: str, text: str, form: BodyFormat, modified: datetime | None = None
) -> SourceDocument:
    """A Markdown file as a document: its front matter becomes title, facts and text."""
    data, body, _ = split_front_matter(text)
    extra = nested_data(data)
    if extra:
        skip = TECHNICAL_KEYS - {"title", "description", "summary", "excerpt"}
        body = f"{body}\n\n" + "\n".join(data_html(value, skip) for value in extra.values())
    return SourceDocument(
        url=url,
        title=text_of(data, "title", "name", "heading"),
        body=body,
        format=form,
        language=text_of(data, "lang", "language", "locale") or None,
        modified_at=moment_of(
            data, "updateddate", "updated", "lastmod", "lastupdated", "modified", "date", "pubdate"
        )
        or modified,
        facts=facts_of(data),
        description=text_of(data, "description", "summary", "excerpt"),
    )

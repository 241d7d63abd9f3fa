"""The pages that an Astro project's source will become."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from ingestion.documents import Found, PageKind, Skipped, SourceDocument, Unreachable
from ingestion.reading.data_text import data_html
from ingestion.reading.markdown import markdown_to_html
from ingestion.sources.astro_config import AstroConfig
from ingestion.sources.astro_pages import AstroPage, AstroPages
from ingestion.sources.astro_routes import (
    NOT_PAGES,
    Route,
    collection_routes,
    entry_id,
    fill_route,
    listed_collections,
    page_route,
)
from ingestion.sources.folders import NotRead, TextFile, read_text, walk_files
from ingestion.sources.front_matter import nested_data, split_front_matter
from ingestion.sources.markdown_files import markdown_document

_MAX_BYTES = 5_000_000
_MARKDOWN = frozenset({".md", ".mdx", ".markdown", ".mdoc"})
_PAGES = _MARKDOWN | {".astro", ".html"}
_LANGUAGE = re.compile(r"^[a-z]{2,3}(?:-[a-z]{2,4})?$", re.IGNORECASE)


class SourcePages:
    """Reads `src/pages` and the content collections."""

    def __init__(
        self, project: Path, config: AstroConfig, origin: str, include_drafts: bool
    ) -> None:
        self._project = project
        self._config = config
        self._origin = origin
        self._include_drafts = include_drafts
        self._source = project / config.source_folder
        self._pages = self._source / "pages"
        self.notes: list[str] = []
        self._collections = self._find_collections()
        self._routes: dict[str, Route] = dict(reversed(list(collection_routes(self._pages))))
        self._page_files = [path for path in _files(self._pages) if path.suffix in _PAGES]
        self._entry_files = {
            name: [path for path in _files(folder) if path.suffix in _MARKDOWN]
            for name, folder in self._collections.items()
        }

    def count(self) -> int:
        """How many files there are."""
        return len(self._page_files) + sum(map(len, self._entry_files.values()))

    def read(self) -> Iterator[Found]:
        """Yield each page."""
        listed = self._listed()
        pages = AstroPages(self._project, self._source, self._data(listed))
        for path in self._page_files:
            yield from self._page(path, pages)
        for name, paths in self._entry_files.items():
            if name in listed and not self._has_route(name):
                continue  # its entries are shown by pages, which hold them now
            for path in paths:
                yield self._entry(name, path, pages)

    def _find_collections(self) -> dict[str, Path]:
        found = {
            name: self._project / folder
            for name, folder in self._config.collections.items()
            if (self._project / folder).is_dir()
        }
        content = self._source / "content"
        taken = {path.resolve() for path in found.values()}
        if content.is_dir() and content.resolve() not in taken:
            for folder in sorted(content.iterdir()):
                if (
                    folder.is_dir()
                    and folder.resolve() not in taken
                    and not folder.name.startswith((".", "_"))
                ):
                    found.setdefault(folder.name, folder)
        return found

    def _has_route(self, collection: str) -> bool:
        return collection in self._routes or (collection == "docs" and self._shows_docs())

    def _shows_docs(self) -> bool:
        """Starlight serves the collection `docs` from the root."""
        return self._config.starlight or not self._pages.is_dir()

    def _listed(self) -> set[str]:
        """Collections that pages without parameters read."""
        return {
            name
            for path in self._page_files
            if path.suffix == ".astro" and page_route(self._relative(path, self._pages)) is not None
            for name in listed_collections(path.read_text("utf-8", "replace"))
        }

    def _data(self, listed: set[str]) -> dict[str, list[dict[str, Any]]]:
        """The entries that pages list, as their scripts see them."""
        found: dict[str, list[dict[str, Any]]] = {}
        for name in listed:
            entries: list[dict[str, Any]] = []
            for path in self._entry_files.get(name, []):
                file = read_text(path, self._project, _MAX_BYTES)
                if isinstance(file, NotRead):
                    continue
                data, _, _ = split_front_matter(file.text)
                if data.get("draft") is True and not self._include_drafts:
                    continue
                identifier = entry_id(self._relative(path, self._collections[name]), data)
                entries.append({"id": identifier, "slug": identifier, "data": _as_text(data)})
            found[name] = entries
        return found

    def _page(self, path: Path, pages: AstroPages) -> Iterator[Found]:
        relative = self._relative(path, self._pages)
        name = f"{self._config.source_folder}/pages/{relative}"
        route = page_route(relative)
        if route is None:
            if "[" not in name and relative.stem in NOT_PAGES:
                yield Skipped(name, "error page")
            elif "[" in name:
                yield Skipped(name, "template of other pages")
            return
        file = read_text(path, self._project, _MAX_BYTES)
        url = self._config.url(route, self._origin)
        if isinstance(file, NotRead):
            yield Skipped(name, file.reason) if file.lasting else Unreachable(url, file.reason)
            return
        language = self._language(route)
        if path.suffix in _MARKDOWN:
            yield self._markdown(url, path, file, pages, language, "page")
        elif path.suffix == ".html":
            yield SourceDocument(url, "", file.text, "html", language, file.modified_at)
        else:
            page = pages.read(path, file.text)
            body = page.html + self._unrouted(file.text)
            yield SourceDocument(
                url,
                page.title,
                body,
                "html",
                language,
                file.modified_at,
                description=page.description,
            )

    def _unrouted(self, text: str) -> str:
        """Bodies of listed entries that have no page of their own (a FAQ page's answers)."""
        out: list[str] = []
        for name in listed_collections(text):
            if self._has_route(name):
                continue
            for path in self._entry_files.get(name, []):
                file = read_text(path, self._project, _MAX_BYTES)
                if isinstance(file, NotRead):
                    continue
                data, body, _ = split_front_matter(file.text)
                if data.get("draft") is True and not self._include_drafts:
                    continue
                title = str(data.get("title") or data.get("question") or data.get("name") or "")
                out.append(_entry_html(title, body, mdx=path.suffix == ".mdx", data=data))
        return "\n".join(out)

    def _entry(self, collection: str, path: Path, pages: AstroPages) -> Found:
        relative = self._relative(path, self._collections[collection])
        name = f"{collection}/{relative}"
        if any(part.startswith("_") for part in relative.parts):
            return Skipped(name, "partial")
        file = read_text(path, self._project, _MAX_BYTES)
        if isinstance(file, NotRead):
            lasting = file.lasting
            return Skipped(name, file.reason) if lasting else Unreachable(name, file.reason)
        data, _, _ = split_front_matter(file.text)
        identifier = entry_id(relative, data)
        route = self._route(collection, identifier, data)
        if identifier.rpartition("/")[2] in NOT_PAGES:
            return Skipped(name, "error page")
        if route is None:
            return Skipped(name, "collection without a page")
        kind: PageKind = (
            "doc"
            if collection == "docs"
            else "post"
            if collection in {"blog", "posts", "news", "articles"}
            else "product"
            if collection in {"products", "shop"}
            else "page"
        )
        url = self._config.url(route, self._origin)
        return self._markdown(url, path, file, pages, self._language(route), kind)

    def _route(self, collection: str, identifier: str, data: Mapping[str, Any]) -> str | None:
        own = self._routes.get(collection)
        if own is not None:
            return fill_route(own, identifier, data)
        if collection == "docs" and self._shows_docs():
            return identifier
        if self._pages.is_dir() and self._page_files and self._reads_collections():
            return None  # the pages' routes are known, and none shows this collection
        return f"{collection}/{identifier}"

    def _reads_collections(self) -> bool:
        return bool(self._routes)

    def _markdown(
        self,
        url: str,
        path: Path,
        file: TextFile,
        pages: AstroPages,
        language: str | None,
        kind: PageKind,
    ) -> Found:
        data, body, problem = split_front_matter(file.text)
        if problem:
            self.notes.append(f"{path.name}: its front matter is not valid ({problem[:120]})")
        if data.get("draft") is True and not self._include_drafts:
            return Skipped(url, "draft")
        if path.suffix != ".mdx":
            return markdown_document(
                url, file.text, "markdown", file.modified_at, language=language, kind=kind
            )
        document = markdown_document(
            url, file.text, "mdx", file.modified_at, language=language, kind=kind
        )
        expand, known = pages.expander(path, body, AstroPage())
        known["frontmatter"] = _as_text(data)
        # What imports stand for is known here and not in `extract`: so MDX is rendered here.
        html = markdown_to_html(document.body, mdx=True, expand=expand, known=known)
        return replace(document, body=html, format="html")

    def _language(self, route: str) -> str | None:
        first = route.partition("/")[0]
        languages = self._config.languages
        if first in languages:
            return languages[first] or None
        return languages.get("") or None

    def _relative(self, path: Path, folder: Path) -> PurePosixPath:
        return PurePosixPath(path.relative_to(folder).as_posix())


def _files(folder: Path) -> list[Path]:
    return sorted(walk_files(folder)) if folder.is_dir() else []


def _entry_html(title: str, body: str, *, mdx: bool, data: Mapping[str, Any]) -> str:
    inner = markdown_to_html(body, mdx=mdx)
    extra = "".join(data_html(value) for value in nested_data(dict(data)).values())
    if not inner.strip() and not extra:
        return ""
    summary = f"<summary>{title}</summary>" if title else ""
    return f"<details>{summary}{inner}{extra}</details>"


def _as_text(value: Any) -> Any:
    """Front matter as a template sees it: dates and numbers as text."""
    if isinstance(value, Mapping):
        return {str(key): _as_text(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_text(item) for item in value]
    return value if isinstance(value, bool | str) or value is None else str(value)

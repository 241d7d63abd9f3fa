"""The pages that `astro build` wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from ingestion.documents import Found, Skipped, SourceDocument, Unreachable
from ingestion.sources.astro_config import AstroConfig
from ingestion.sources.folders import NotRead, read_text, walk_files
from ingestion.sources.page_head import read_head

_MAX_BYTES = 20_000_000
_ASSET_FOLDERS = frozenset({"_astro", "pagefind", "_image", "server"})
_NOT_PAGES = frozenset({"404.html", "500.html"})


class BuiltPages:
    """Reads a built folder. A page's canonical link names its address, else its path does."""

    def __init__(self, folder: Path, config: AstroConfig, origin: str) -> None:
        self._folder = folder
        self._config = config
        self._origin = origin or config.site
        self.notes: list[str] = []
        self._paths = sorted(
            path
            for path in walk_files(folder)
            if path.suffix == ".html" and not _ASSET_FOLDERS & set(path.relative_to(folder).parts)
        )

    def count(self) -> int:
        """How many files there are."""
        return len(self._paths)

    def read(self) -> Iterator[Found]:
        """Yield each page."""
        for path in self._paths:
            yield self._page(path)

    def _page(self, path: Path) -> Found:
        name = path.relative_to(self._folder).as_posix()
        if path.name in _NOT_PAGES or name.endswith(("404/index.html", "500/index.html")):
            return Skipped(name, "error page")
        file = read_text(path, self._folder, _MAX_BYTES)
        route = (
            name.removesuffix("index.html")
            if path.name == "index.html"
            else name.removesuffix(".html")
        )
        url = self._config.url(route, self._origin)
        if path.name != "index.html" and self._config.trailing_slash == "ignore":
            url = url.rstrip("/") if route else url  # `about.html` is served as /about
        if isinstance(file, NotRead):
            return Skipped(name, file.reason) if file.lasting else Unreachable(url, file.reason)
        head = read_head(LexborHTMLParser(file.text, scripting=True))
        if head.refresh:
            return Skipped(url, "redirect")
        if head.noindex:
            return Skipped(url, "noindex")
        canonical = urljoin(url, head.canonical) if head.canonical else ""
        if canonical and _path(canonical) != _path(url):
            original = self._folder / _path(canonical).strip("/") / "index.html"
            if original.is_file() and original.resolve() != path.resolve():
                return Skipped(url, "a copy of its canonical page")
        elif canonical and not self._origin and urlsplit(canonical).netloc:
            url = canonical
        return SourceDocument(url, "", file.text, "html", modified_at=file.modified_at)


def _path(url: str) -> str:
    return unquote(urlsplit(url).path).rstrip("/")

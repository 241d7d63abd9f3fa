"""The pages still to be read, each once, in the order in which they were found."""

from __future__ import annotations

from collections import deque
from urllib.parse import urlsplit

from ingestion.documents import Skipped
from ingestion.settings import WebsiteSettings
from ingestion.sources.globs import compile_glob
from ingestion.sources.link_rules import TrapGuard, is_page_link, page_key, site_of


class Frontier:
    """Takes addresses in and gives them out. `skipped` are those that will not be read."""

    def __init__(self, settings: WebsiteSettings) -> None:
        self._site = site_of(str(settings.url))
        self._include = [compile_glob(pattern) for pattern in settings.include]
        self._exclude = [compile_glob(pattern) for pattern in settings.exclude]
        self._known: set[str] = set()
        self._queue: deque[tuple[str, int]] = deque()
        self._traps = TrapGuard()
        self.skipped: list[Skipped] = []

    def __len__(self) -> int:
        return len(self._queue)

    def add_start(self, url: str) -> None:
        """Add a page to begin at; it is read for its links even if it is not included itself."""
        self._known.add(page_key(url))
        self._queue.append((url, 0))

    def add_listed(self, url: str) -> None:
        """Add a page that the site itself lists (sitemap, canonical address)."""
        self._add(url, 0)

    def add_link(self, url: str, depth: int) -> None:
        """Add a page that a link leads to, `depth` links away from the start."""
        if site_of(url) != self._site or not is_page_link(url) or self.knows(url):
            return
        if trap := self._traps.find_trap(url):
            self._known.add(page_key(url))
            self.skipped.append(Skipped(url, trap))
            return
        self._add(url, depth)

    def knows(self, url: str) -> bool:
        """Whether a page was added, under any of its addresses."""
        return page_key(url) in self._known

    def note(self, url: str) -> None:
        """Remember a page that was read without having been asked for (after a redirect)."""
        self._known.add(page_key(url))

    def includes(self, url: str) -> bool:
        """Whether the settings want this page."""
        path = urlsplit(url).path
        wanted = not self._include or any(pattern.match(path) for pattern in self._include)
        return wanted and not any(pattern.match(path) for pattern in self._exclude)

    def take(self) -> tuple[str, int]:
        """Return the next address and its depth."""
        return self._queue.popleft()

    def clear(self) -> None:
        """Give up what is left."""
        self._queue.clear()

    def _add(self, url: str, depth: int) -> None:
        if self.knows(url):
            return
        self._known.add(page_key(url))
        if self.includes(url):
            self._queue.append((url, depth))
        else:
            self.skipped.append(Skipped(url, "left out by include or exclude"))

"""A website over HTTP: the pages of its sitemap, or those that its links lead to."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from ingestion.documents import Found, Skipped, SourceDocument, Unreachable
from ingestion.errors import SourceError
from ingestion.settings import WebsiteSettings
from ingestion.sources.fetching import Fetched, Fetcher, NotFetched
from ingestion.sources.globs import compile_glob
from ingestion.sources.link_rules import TrapGuard, is_page_link, normalise, page_key, site_of
from ingestion.sources.page_head import read_head
from ingestion.sources.sitemaps import USUAL_PLACES, read_sitemaps

_AHEAD = 4
"""Pages asked for ahead of the one whose turn it is, for each connection."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A fetched page, parsed: what it is and where it leads."""

    found: Found
    links: tuple[str, ...]
    text_hash: str


class WebsiteSource:
    """Reads one site. Pages come in the order in which they were discovered, at any speed."""

    def __init__(self, settings: WebsiteSettings) -> None:
        self._settings = settings
        self.name = str(settings.url)
        self.count_hint: int | None = None
        self.incomplete: str | None = None
        self.notes: list[str] = []
        self._include = [compile_glob(pattern) for pattern in settings.include]
        self._exclude = [compile_glob(pattern) for pattern in settings.exclude]
        self._known: set[str] = set()
        self._texts: dict[str, str] = {}
        self._queue: deque[tuple[str, int]] = deque()
        self._traps = TrapGuard()
        self._trapped: list[Skipped] = []
        self._follow = False
        self._delivered: set[str] = set()

    async def documents(self) -> AsyncIterator[Found]:
        """Yield each page; raises SourceError if the site cannot be reached at all.

        A page that fails for now comes as Unreachable. If links may have been missed because of
        it, or a limit ended the reading, `incomplete` says so: nothing may then be removed.
        """
        start = normalise(str(self._settings.url)) or str(self._settings.url)
        async with Fetcher(self._settings) as fetcher:
            start = await self._begin(fetcher, start)
            async for found in self._read_all(fetcher):
                yield found
        for skipped in self._trapped:
            yield skipped

    async def _begin(self, fetcher: Fetcher, start: str) -> str:
        sitemaps = await fetcher.read_robots()
        if isinstance(sitemaps, NotFetched):
            raise self._unreachable(sitemaps)
        if self._settings.mode != "crawl":
            parts = urlsplit(start)
            origin = f"{parts.scheme}://{parts.netloc}"
            places = [str(self._settings.sitemap)] if self._settings.sitemap else sitemaps
            usual = [origin + place for place in USUAL_PLACES]
            pages = await read_sitemaps(fetcher, places or usual, start, self._settings.max_pages)
            if not pages.urls and places and not self._settings.sitemap:
                pages = await read_sitemaps(fetcher, usual, start, self._settings.max_pages)
            if pages.problems:
                self.incomplete = "a sitemap could not be read"
                self.notes.extend(pages.problems[:20])
            if pages.urls:
                for url in pages.urls:
                    self._enqueue(url, 0, from_sitemap=True)
                self.count_hint = len(self._queue)
                return start
            if self._settings.mode == "sitemap":
                raise SourceError(
                    self.name,
                    "it has no sitemap with pages of this site.",
                    "Set `sitemap` to its address, or `mode: crawl`.",
                )
        self._follow = True
        self._enqueue(start, 0, from_sitemap=True)
        return start

    async def _read_all(self, fetcher: Fetcher) -> AsyncIterator[Found]:
        window: deque[tuple[str, int, asyncio.Task[Fetched | NotFetched]]] = deque()
        started = 0
        first = True
        try:
            while self._queue or window:
                while self._queue and len(window) < self._settings.concurrency * _AHEAD:
                    url, depth = self._queue.popleft()
                    if not fetcher.is_allowed(url):
                        yield Skipped(url, "robots.txt")
                        continue
                    if started >= self._settings.max_pages:
                        self.incomplete = f"max_pages ({self._settings.max_pages}) was reached"
                        self._queue.clear()
                        break
                    started += 1
                    window.append((url, depth, asyncio.create_task(fetcher.fetch(url))))
                if not window:
                    break
                url, depth, task = window.popleft()
                answer = await task
                if isinstance(answer, NotFetched):
                    if first and self._follow:
                        raise self._unreachable(answer)
                    yield self._failed(url, answer)
                else:
                    first = False
                    yield await self._page(url, depth, answer, fetcher)
            if first and started:
                raise SourceError(self.name, "none of its pages could be read.", "Try again later.")
        finally:
            for _, _, task in window:
                task.cancel()

    def _failed(self, url: str, answer: NotFetched) -> Found:
        if answer.lasting:
            return Skipped(url, answer.reason)
        if self._follow:
            self.incomplete = "pages were unreachable, so links on them are not known"
        return Unreachable(url, answer.reason)

    async def _page(self, url: str, depth: int, answer: Fetched, fetcher: Fetcher) -> Found:
        final = normalise(answer.url) or answer.url
        if page_key(final) != page_key(url):
            if page_key(final) in self._known:
                return Skipped(url, "redirect")
            self._known.add(page_key(final))
        read = await asyncio.to_thread(self._parse, final, answer)
        if self._follow and depth < self._settings.max_depth:
            for link in read.links:
                if site_of(link) == fetcher.site:
                    self._enqueue(link, depth + 1)
        if not isinstance(read.found, SourceDocument):
            return read.found
        first = self._texts.setdefault(read.text_hash, final)
        if first != final:
            return Skipped(final, "the same text as another page")
        return self._by_canonical(read.found)

    def _by_canonical(self, document: SourceDocument) -> Found:
        """A page whose canonical address is another page's is a copy of it."""
        key = page_key(document.url)
        if key in self._delivered:
            return Skipped(document.url, "a copy of its canonical page")
        self._delivered.add(key)
        self._known.add(key)
        return document

    def _parse(self, url: str, answer: Fetched) -> _Read:
        text = answer.text()
        tree = LexborHTMLParser(text.replace("\x00", ""), scripting=True)
        head = read_head(tree)
        base = tree.css_first("base[href]")
        origin = normalise(base.attributes.get("href") or "", url) if base is not None else None
        links = () if head.nofollow else tuple(_links(tree, origin or url))
        if (
            head.refresh
            and (target := normalise(head.refresh, url))
            and page_key(target) != page_key(url)
        ):
            return _Read(Skipped(url, "redirect"), (*links, target), "")
        if head.noindex or answer.noindex:
            return _Read(Skipped(url, "noindex"), links, "")
        canonical = normalise(head.canonical, url) if head.canonical else None
        address = url
        if (
            canonical
            and site_of(canonical) == site_of(url)
            and page_key(canonical) != page_key(url)
        ):
            links = (canonical, *links)
            address = canonical
        elif canonical and site_of(canonical) == site_of(url):
            address = canonical
        words = " ".join(tree.body.text(separator=" ").split()) if tree.body is not None else ""
        digest = hashlib.sha256(words.encode("utf-8", "replace")).hexdigest() if words else url
        document = SourceDocument(address, "", text, "html", modified_at=answer.modified_at)
        return _Read(document, links, digest)

    def _enqueue(self, url: str, depth: int, *, from_sitemap: bool = False) -> None:
        key = page_key(url)
        if key in self._known:
            return
        self._known.add(key)
        if not from_sitemap:
            if not is_page_link(url):
                return
            if trap := self._traps.find_trap(url):
                self._trapped.append(Skipped(url, trap))
                return
        path = urlsplit(url).path
        wanted = not self._include or any(pattern.match(path) for pattern in self._include)
        if (not wanted or any(p.match(path) for p in self._exclude)) and not (
            depth == 0 and self._follow
        ):
            return
        self._queue.append((url, depth))

    def _unreachable(self, answer: NotFetched) -> SourceError:
        if answer.reason == "a private address":
            return SourceError(
                self.name,
                "it is a private or local address.",
                "If it is a site on your own network, set `allow_private: true`.",
            )
        if answer.reason == "redirects to another site":
            return SourceError(
                self.name,
                f"it redirects to another site ({answer.url}).",
                "Set `url` to that address.",
            )
        return SourceError(
            self.name,
            f"the site cannot be read: {answer.reason}.",
            "Check the address and that the site is up; pages in the index stay as they are.",
        )


def _links(tree: LexborHTMLParser, base: str) -> list[str]:
    """Addresses of links that a robot may follow, in the page's order."""
    found: dict[str, None] = {}
    for node in tree.css("a[href], area[href]"):
        attributes = node.attributes
        if "nofollow" in (attributes.get("rel") or "").lower().split():
            continue
        link = normalise(attributes.get("href") or "", base)
        if link is not None:
            found.setdefault(link)
    return list(found)

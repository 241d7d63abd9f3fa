"""A website over HTTP: the pages of its sitemap, or those that its links lead to."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from ingestion.documents import Found, Skipped, SourceDocument, Unreachable
from ingestion.errors import SourceError
from ingestion.settings import WebsiteSettings
from ingestion.sources.crawl_frontier import Frontier
from ingestion.sources.fetched_pages import FetchedPage, read_answers, read_fetched_page
from ingestion.sources.fetching import Fetched, Fetcher, NotFetched
from ingestion.sources.link_rules import normalise, page_key
from ingestion.sources.sitemaps import USUAL_PLACES, read_sitemaps

_AHEAD = 4
"""Pages asked for ahead of the one whose turn it is, for each connection."""

_Window = deque[tuple[str, int, "asyncio.Task[Fetched | NotFetched]"]]


class WebsiteSource:
    """Reads one site. Pages come in the order in which they were discovered, at any speed:
    of two copies always the same one is kept."""

    def __init__(self, settings: WebsiteSettings) -> None:
        self._settings = settings
        self.name = str(settings.url)
        self.count_hint: int | None = None
        self.incomplete: str | None = None
        self.notes: list[str] = []
        self._frontier = Frontier(settings)
        self._follows_links = False
        self._texts: dict[str, str] = {}  # hash of a page's words -> its address
        self._delivered: set[str] = set()
        self._failed: set[str] = set()
        self._copies: dict[str, str] = {}  # original page -> the first page that names it so

    async def documents(self) -> AsyncIterator[Found]:
        """Yield each page; raises SourceError if the site cannot be reached at all.

        A page that fails for now comes as Unreachable. If links may have been missed because of
        it, or a limit ended the reading, `incomplete` says so: nothing may then be removed.
        """
        start = normalise(str(self._settings.url)) or str(self._settings.url)
        async with Fetcher(self._settings) as fetcher:
            await self._discover(fetcher, start)
            async for found in self._read_all(fetcher):
                yield found
            async for found in self._copies_without_original(fetcher):
                yield found
        for skipped in self._frontier.skipped:
            yield skipped

    async def _discover(self, fetcher: Fetcher, start: str) -> None:
        """Fill the frontier from the sitemap, or with the first page to crawl from."""
        named = await fetcher.read_robots()
        if isinstance(named, NotFetched):
            raise self._unreachable(named)
        if self._settings.mode != "crawl":
            urls = await self._listed(fetcher, start, named)
            if urls:
                for url in urls:
                    self._frontier.add_listed(url)
                self.count_hint = len(self._frontier)
                return
            if self._settings.mode == "sitemap":
                raise SourceError(
                    self.name,
                    "it has no sitemap with pages of this site.",
                    "Set `sitemap` to its address, or `mode: crawl`.",
                )
        self._follows_links = True
        self._frontier.add_start(start)

    async def _listed(self, fetcher: Fetcher, start: str, named: list[str]) -> list[str]:
        """The pages of the sitemaps: the one set, those in robots.txt, or those in usual places."""
        parts = urlsplit(start)
        usual = [f"{parts.scheme}://{parts.netloc}{place}" for place in USUAL_PLACES]
        own = [str(self._settings.sitemap)] if self._settings.sitemap else named
        for places in (own, usual) if own and not self._settings.sitemap else (own or usual,):
            pages = await read_sitemaps(fetcher, places, start, self._settings.max_pages)
            if pages.problems:
                self.notes.extend(pages.problems[:20])
            if pages.urls:
                if pages.problems:
                    self.incomplete = "a sitemap could not be read"
                return pages.urls
        return []

    async def _read_all(self, fetcher: Fetcher) -> AsyncIterator[Found]:
        window: _Window = deque()
        started = answered = 0
        try:
            while self._frontier or window:
                while self._frontier and len(window) < self._settings.concurrency * _AHEAD:
                    url, depth = self._frontier.take()
                    if not fetcher.is_allowed(url):
                        yield Skipped(url, "robots.txt")
                    elif started >= self._settings.max_pages:
                        self.incomplete = f"max_pages ({self._settings.max_pages}) was reached"
                        self._frontier.clear()
                    else:
                        started += 1
                        window.append((url, depth, asyncio.create_task(fetcher.fetch(url))))
                if not window:
                    break
                for url, depth, answer in await self._read_finished(window):
                    if isinstance(answer, FetchedPage):
                        answered += 1
                        yield self._page(url, depth, answer)
                        continue
                    if self._follows_links and not answered:
                        raise self._unreachable(answer)
                    yield self._not_fetched(url, answer)
            if started and not answered:
                raise SourceError(self.name, "none of its pages can be read.", "Try again later.")
        finally:
            for _, _, task in window:
                task.cancel()

    async def _read_finished(
        self, window: _Window
    ) -> list[tuple[str, int, FetchedPage | NotFetched]]:
        """The next page, and those directly behind it that are there already: one trip to a thread
        for all of them."""
        taken: list[tuple[str, int, Fetched | NotFetched]] = []
        while window and (not taken or window[0][2].done()):
            url, depth, task = window.popleft()
            taken.append((url, depth, await task))
        answers = [answer for _, _, answer in taken]
        read = await asyncio.to_thread(read_answers, answers, with_links=self._follows_links)
        return [(url, depth, page) for (url, depth, _), page in zip(taken, read, strict=True)]

    def _not_fetched(self, url: str, answer: NotFetched) -> Found:
        if answer.lasting:
            return Skipped(url, answer.reason)
        if self._follows_links:
            self.incomplete = "pages were unreachable, and with them the links on them"
        self._failed.add(page_key(url))
        return Unreachable(url, answer.reason)

    def _page(self, url: str, depth: int, page: FetchedPage) -> Found:
        final = page.url
        if page_key(final) != page_key(url):
            if self._frontier.knows(final):
                return Skipped(url, "redirect")
            self._frontier.note(final)
        if self._follows_links and depth < self._settings.max_depth:
            for link in page.links:
                self._frontier.add_link(link, depth + 1)
        if page.reason:
            return Skipped(final, page.reason)
        if page.canonical:
            self._copies.setdefault(page_key(page.canonical), final)
            self._frontier.add_listed(page.canonical)
            return Skipped(final, "a copy of its canonical page")
        return self._deliver(page.document, page.text_hash)

    def _deliver(self, document: SourceDocument, text_hash: str) -> Found:
        if not self._frontier.includes(document.url):
            return Skipped(document.url, "left out by include or exclude")
        if self._texts.setdefault(text_hash, document.url) != document.url:
            return Skipped(document.url, "the same text as another page")
        self._delivered.add(page_key(document.url))
        return document

    async def _copies_without_original(self, fetcher: Fetcher) -> AsyncIterator[Found]:
        """Pages whose canonical address turned out to be no page are their own originals."""
        for original, url in self._copies.items():
            if original in self._delivered or original in self._failed:
                continue
            answer = await fetcher.fetch(url)
            if isinstance(answer, NotFetched):
                yield self._not_fetched(url, answer)
            else:
                page = await asyncio.to_thread(read_fetched_page, url, answer)
                yield self._deliver(page.document, page.text_hash)

    def _unreachable(self, answer: NotFetched) -> SourceError:
        if answer.reason == "a private address":
            problem = "it is a private or local address."
            fix = "If it is a site on your own network, set `allow_private: true`."
        elif answer.reason == "redirects to another site":
            problem, fix = f"it redirects to {answer.url}.", "Set `url` to that address."
        else:
            problem = f"the site cannot be read: {answer.reason}."
            fix = "Check the address; pages in the index stay as they are."
        return SourceError(self.name, problem, fix)

"""One site's pages over HTTP: politely, with limits on everything."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpcore
import httpx
from protego import Protego
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_base

from ingestion.settings import WebsiteSettings
from ingestion.sources.link_rules import normalise, site_of
from ingestion.sources.safe_network import Answer, PrivateAddress, SafeClient
from ingestion.sources.text_decoding import decode

ROBOT = "sales-agent"
_MAX_REDIRECTS = 5
_LONGEST_WAIT = timedelta(seconds=30)
_LONGEST_CRAWL_DELAY = timedelta(seconds=30)
_DEFAULT_DELAY = timedelta(milliseconds=200)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset(
    {408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530}
)
_HTML = frozenset({"text/html", "application/xhtml+xml", ""})


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer with status 200. `url` is where redirects ended."""

    url: str
    body: bytes
    charset: str | None
    noindex: bool
    modified_at: datetime | None

    def text(self) -> str:
        """The body as text."""
        return decode(self.body, self.charset)[0]


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why there is no page. `lasting`: it is not there (any more); else it may be next time."""

    reason: str
    lasting: bool
    url: str = ""


class _Passing(Exception):
    """A failure that another attempt may mend, after `wait` if the server named a time."""

    def __init__(self, reason: str, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class _ServersWait(wait_base):
    """As long as the server asked for, else 0.5 s, 1 s, 2 s."""

    def __call__(self, retry_state: RetryCallState) -> float:
        error = retry_state.outcome.exception() if retry_state.outcome else None
        if isinstance(error, _Passing) and error.wait is not None:
            return float(error.wait.total_seconds())
        return float(min(8.0, 0.5 * 2 ** (retry_state.attempt_number - 1)))


class Fetcher:
    """Fetches pages of one site. Use as a context manager."""

    def __init__(self, settings: WebsiteSettings) -> None:
        self._settings = settings
        self.site = site_of(str(settings.url))
        self._robots: Protego | None = None
        self._delay = settings.delay if settings.delay is not None else _DEFAULT_DELAY
        if settings.delay is None and settings.allow_private:
            self._delay = timedelta(0)
        self._next_start = 0.0
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._client = SafeClient(
            user_agent=user_agent(settings),
            timeout=settings.timeout,
            allow_private=settings.allow_private,
        )

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    async def read_robots(self) -> list[str] | NotFetched:
        """Read robots.txt and keep to it from now on; returns the sitemaps it names.

        A site without one (any 4xx) allows everything. A server that fails to say is not asked
        for anything else (RFC 9309): the failure is returned.
        """
        parts = urlsplit(str(self._settings.url))
        found = await self.fetch(f"{parts.scheme}://{parts.netloc}/robots.txt", accept_any=True)
        if isinstance(found, NotFetched):
            if not found.lasting or found.reason == "a private address":
                return found
            self._robots = Protego.parse("")
            return []
        robots = Protego.parse(found.text()[:500_000])
        delay = robots.crawl_delay(ROBOT)
        if delay:
            asked = min(timedelta(seconds=float(delay)), _LONGEST_CRAWL_DELAY)
            self._delay = max(self._delay, asked)
        sitemaps = list(robots.sitemaps)
        self._robots = robots if self._settings.obey_robots else Protego.parse("")
        return sitemaps

    def is_allowed(self, url: str) -> bool:
        """Whether robots.txt lets us read an address."""
        return self._robots is None or self._robots.can_fetch(url, ROBOT)

    async def fetch(
        self, url: str, *, accept_any: bool = False, any_site: bool = False
    ) -> Fetched | NotFetched:
        """Fetch a page. Never raises for what a server or a network does.

        Redirects are followed within the site. `accept_any` takes every content type,
        `any_site` also another host's answer (a sitemap may lie elsewhere).
        """
        target = url
        for _ in range(_MAX_REDIRECTS + 1):
            answer = await self._patiently(target, accept_any)
            if not isinstance(answer, str):
                return answer
            following = normalise(answer, target)
            if following is None or (site_of(following) != self.site and not any_site):
                return NotFetched(
                    "redirects to another site", lasting=True, url=following or answer
                )
            if following == target or not self.is_allowed(following):
                return NotFetched(
                    "redirects in a circle" if following == target else "robots.txt", True
                )
            target = following
        return NotFetched("redirects in a circle", lasting=True)

    async def _patiently(self, url: str, accept_any: bool) -> Fetched | NotFetched | str:
        try:
            async for attempt in AsyncRetrying(
                stop=stop_after_attempt(self._settings.retries + 1),
                wait=_ServersWait(),
                retry=retry_if_exception_type(_Passing),
                reraise=True,
            ):
                with attempt:
                    return await self._once(url, accept_any)
        except _Passing as error:
            return NotFetched(str(error), lasting=False, url=url)
        raise AssertionError("tenacity ends with a result or an exception")  # pragma: no cover

    async def _once(self, url: str, accept_any: bool) -> Fetched | NotFetched | str:
        async with self._slots:
            await self._wait_turn()
            try:
                async with asyncio.timeout(self._settings.timeout.total_seconds() * 2):
                    async with self._client.get(url) as answer:
                        return await self._read(answer, accept_any)
            except (httpcore.TimeoutException, TimeoutError) as error:
                raise _Passing("timed out") from error
            except PrivateAddress:
                return NotFetched("a private address", lasting=True, url=url)
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                raise _Passing(f"no connection ({error or type(error).__name__})"[:200]) from error
            except (httpx.InvalidURL, UnicodeError):
                return NotFetched("not an address", lasting=True, url=url)

    async def _wait_turn(self) -> None:
        now = time.monotonic()
        start = max(now, self._next_start)
        self._next_start = start + self._delay.total_seconds()
        if start > now:
            await asyncio.sleep(start - now)

    async def _read(self, answer: Answer, accept_any: bool) -> Fetched | NotFetched | str:
        status = answer.status
        location = answer.get_header(b"location") if status in _REDIRECTS else ""
        if location:
            return location
        url = answer.url
        if status in _PASSING:
            wait = _retry_after(answer.get_header(b"retry-after"))
            if wait is not None and wait > _LONGEST_WAIT:
                return NotFetched(f"status {status}", lasting=False, url=url)
            raise _Passing(f"status {status}", wait)
        if status != 200:
            # Refusals (401, 403) may be a firewall's mood: only "not there" proves removal.
            return NotFetched(
                f"status {status}", lasting=status in {400, 404, 405, 410, 451}, url=url
            )
        kind, _, parameters = answer.get_header(b"content-type").partition(";")
        if not accept_any and kind.strip().lower() not in _HTML:
            return NotFetched(f"not HTML ({kind.strip().lower()[:40]})", lasting=True, url=url)
        chunks: list[bytes] = []
        size = 0
        limit = self._settings.max_page_bytes * (10 if accept_any else 1)
        async for data in answer.read_body():
            size += len(data)
            if size > limit:
                return NotFetched("larger than max_page_bytes", lasting=True, url=url)
            chunks.append(data)
        charset = parameters.partition("charset=")[2].strip(" \"';") or None
        return Fetched(
            url,
            b"".join(chunks),
            charset,
            noindex=_says_noindex(answer.list_headers(b"x-robots-tag")),
            modified_at=_http_date(answer.get_header(b"last-modified")),
        )


def user_agent(settings: WebsiteSettings) -> str:
    """Says who asks, on whose behalf, and where to complain."""
    contact = settings.contact or f"run for the owner of {urlsplit(str(settings.url)).hostname}"
    printable = "".join(char for char in contact if char.isascii() and char.isprintable())
    return f"{ROBOT}/0.1 (website ingestion; {printable})"


def _retry_after(raw: str) -> timedelta | None:
    """Retry-After in seconds or as a date (RFC 9110, 10.2.3)."""
    if raw.strip().isdecimal():
        return timedelta(seconds=min(int(raw), 86_400))
    moment = _http_date(raw)
    # waiver: compared with a date that a server wrote by its own clock
    return max(timedelta(0), moment - datetime.now(UTC)) if moment else None


def _http_date(raw: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(raw)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _says_noindex(values: list[str]) -> bool:
    rules = {
        rule.strip().lower() for value in values for rule in value.rpartition(":")[2].split(",")
    }
    return bool(rules & {"noindex", "none"})

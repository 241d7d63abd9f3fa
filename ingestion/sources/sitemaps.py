"""Sitemaps (sitemaps.org protocol 0.9): lists of pages and of lists, also packed or as text."""

from __future__ import annotations

import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

import defusedxml.ElementTree as SafeXml
from defusedxml import DefusedXmlException

from ingestion.sources.fetching import Fetcher, NotFetched
from ingestion.sources.link_rules import normalise, site_of

USUAL_PLACES = (
    "/sitemap.xml",
    "/sitemap_index.xml",
    "/sitemap-index.xml",
    "/wp-sitemap.xml",
    "/sitemap.txt",
)
_MAX_FILES = 500
_MAX_BYTES = 60_000_000  # the protocol allows 50 MB


@dataclass(slots=True)
class SitemapPages:
    """Pages in the sitemaps' order. `problems` say what could not be read: then pages may lack."""

    urls: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    found: bool = False


async def read_sitemaps(fetcher: Fetcher, places: list[str], base: str, limit: int) -> SitemapPages:
    """Read the sitemaps at these places and those that they list, for pages of this site."""
    pages = SitemapPages()
    waiting = deque(dict.fromkeys(places))
    seen: set[str] = set(waiting)
    known: set[str] = set()
    files = 0
    while waiting and files < _MAX_FILES and len(pages.urls) <= limit:
        place = waiting.popleft()
        files += 1
        answer = await fetcher.fetch(place, accept_any=True, any_site=True)
        if isinstance(answer, NotFetched):
            if not answer.lasting or pages.found:
                pages.problems.append(f"{place}: {answer.reason}")
            continue
        entries, problem = parse_sitemap(answer.body)
        if problem and (entries or not _is_html(answer.body)):
            pages.problems.append(f"{place}: {problem}")
        for is_sitemap, raw in entries:
            url = normalise(raw, base)
            if url is None:
                continue
            if is_sitemap:
                pages.found = True
                if raw not in seen and site_of(url) == fetcher.site:
                    seen.add(raw)
                    waiting.append(raw)
            elif site_of(url) == fetcher.site and url not in known:
                known.add(url)
                pages.urls.append(url)
                pages.found = True
    return pages


def parse_sitemap(body: bytes) -> tuple[list[tuple[bool, str]], str]:
    """Return (is it a sitemap, address) of each entry, and what was wrong ("" if nothing).

    Never raises; the entries before a mistake count.
    """
    try:
        raw = _unpacked(body)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        return [], f"cannot be unpacked ({error})"
    start = raw[:200].lstrip()
    if not start.startswith((b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")):
        lines = raw.decode("utf-8", "replace").splitlines()
        return [
            (False, line.strip())
            for line in lines
            if line.strip().startswith(("http://", "https://"))
        ], ""
    entries: list[tuple[bool, str]] = []
    try:
        entries.extend(_entries(raw))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        return _before_mistake(raw), f"not well-formed ({error})"
    return entries, ""


def _entries(raw: bytes) -> Iterator[tuple[bool, str]]:
    location = ""
    for _, element in SafeXml.iterparse(io.BytesIO(raw), events=("end",), forbid_dtd=True):
        name = element.tag.rpartition("}")[2]
        if name == "loc" and not element.tag.startswith("{http://www.google.com/schemas/sitemap-"):
            location = location or (element.text or "").strip()
        elif name in {"url", "sitemap"}:
            if location:
                yield name == "sitemap", location
            location = ""
            element.clear()


def _before_mistake(raw: bytes) -> list[tuple[bool, str]]:
    entries: list[tuple[bool, str]] = []
    try:
        for entry in _entries(raw):
            entries.append(entry)  # noqa: PERF402 - keeps what came before the error
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        pass
    return entries


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
        raw = file.read(_MAX_BYTES + 1)
    if len(raw) > _MAX_BYTES:
        raise ValueError("larger than 60 MB")
    return raw


def _is_html(body: bytes) -> bool:
    start = body[:500].lower()
    return b"<html" in start or b"<!doctype html" in start

"""What a fetched page is and where it leads. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from selectolax.lexbor import LexborHTMLParser

from ingestion.documents import SourceDocument
from ingestion.extract import extract
from ingestion.reading.html import parse_html
from ingestion.sources.fetching import Fetched, NotFetched
from ingestion.sources.link_rules import normalise, page_key, site_of
from ingestion.sources.page_head import read_head


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """`url` is where it was read, redirects followed.

    `reason` says why the page is not for the index, "" if it is.
    `canonical` is the other page of the site that it calls its original, "" if it is none's copy.
    """

    url: str
    document: SourceDocument
    links: tuple[str, ...]
    canonical: str = ""
    reason: str = ""
    text_hash: str = ""


def read_answers(
    answers: Sequence[Fetched | NotFetched], *, with_links: bool
) -> list[FetchedPage | NotFetched]:
    """Read those that are pages."""
    return [
        read_fetched_page(normalise(answer.url) or answer.url, answer, with_links=with_links)
        if isinstance(answer, Fetched)
        else answer
        for answer in answers
    ]


def read_fetched_page(url: str, answer: Fetched, *, with_links: bool = False) -> FetchedPage:
    """Read a page that was fetched from `url`: parsed once, for robots' rules and for readers."""
    text = answer.text()
    tree = parse_html(text)
    head = read_head(tree)
    links = tuple(_links(tree, url)) if with_links and not head.nofollow else ()
    document = SourceDocument(url, "", text, "html", modified_at=answer.modified_at)
    target = normalise(head.refresh, url) if head.refresh else None
    if target and page_key(target) != page_key(url):
        return FetchedPage(url, document, (target, *links), reason="redirect")
    if head.noindex or answer.noindex:
        return FetchedPage(url, document, links, reason="noindex")
    canonical = normalise(head.canonical, url) if head.canonical else None
    original = ""
    if canonical and site_of(canonical) == site_of(url):
        if page_key(canonical) == page_key(url):
            document = SourceDocument(canonical, "", text, "html", modified_at=answer.modified_at)
        else:
            original = canonical
    words = " ".join(tree.body.text(separator=" ").split()) if tree.body is not None else ""
    digest = hashlib.sha256((words or url).encode("utf-8", "replace")).hexdigest()
    if not original:
        document = replace(document, extracted=extract(document, tree))
    return FetchedPage(url, document, links, original, text_hash=digest)


def _links(tree: LexborHTMLParser, url: str) -> list[str]:
    """Addresses of links that a robot may follow, in the page's order."""
    named = tree.css_first("base[href]")
    origin = normalise(named.attributes.get("href") or "", url) if named is not None else None
    base = origin or url
    found: dict[str, None] = {}
    for node in tree.css("a[href], area[href]"):
        attributes = node.attributes
        if "nofollow" in (attributes.get("rel") or "").lower().split():
            continue
        link = normalise(attributes.get("href") or "", base)
        if link is not None:
            found.setdefault(link)
    return list(found)

"""What a fetched page is and where it leads. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from ingestion.documents import SourceDocument
from ingestion.sources.fetching import Fetched
from ingestion.sources.link_rules import normalise, page_key, site_of
from ingestion.sources.page_head import read_head


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """`reason` says why the page is not for the index, "" if it is.

    `canonical` is the other page of the site that it calls its original, "" if it is none's copy.
    """

    document: SourceDocument
    links: tuple[str, ...]
    canonical: str = ""
    reason: str = ""
    text_hash: str = ""


def read_fetched_page(url: str, answer: Fetched) -> FetchedPage:
    """Read a page that was fetched from `url`."""
    text = answer.text()
    tree = LexborHTMLParser(text.replace("\x00", ""), scripting=True)
    head = read_head(tree)
    base = tree.css_first("base[href]")
    origin = normalise(base.attributes.get("href") or "", url) if base is not None else None
    links = () if head.nofollow else tuple(_links(tree, origin or url))
    document = SourceDocument(url, "", text, "html", modified_at=answer.modified_at)
    target = normalise(head.refresh, url) if head.refresh else None
    if target and page_key(target) != page_key(url):
        return FetchedPage(document, (target, *links), reason="redirect")
    if head.noindex or answer.noindex:
        return FetchedPage(document, links, reason="noindex")
    canonical = normalise(head.canonical, url) if head.canonical else None
    original = ""
    if canonical and site_of(canonical) == site_of(url):
        if page_key(canonical) == page_key(url):
            document = SourceDocument(canonical, "", text, "html", modified_at=answer.modified_at)
        else:
            original = canonical
    words = " ".join(tree.body.text(separator=" ").split()) if tree.body is not None else ""
    digest = hashlib.sha256((words or url).encode("utf-8", "replace")).hexdigest()
    return FetchedPage(document, links, original, text_hash=digest)


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

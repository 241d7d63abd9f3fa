"""A source's document becomes a page of blocks. Pure: no file, no network, no clock."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from ingestion.documents import Block, ExtractedPage, PageKind, SourceDocument
from ingestion.reading.astro_template import astro_to_html
from ingestion.reading.html import parse_html, read_fragment, read_html
from ingestion.reading.markdown import read_markdown
from ingestion.reading.page_text import PageText, clean_text, join_blocks
from ingestion.reading.plain_text import read_plain_text

# Where shops keep a product's own page. Deeper paths are categories and manuals.
_PRODUCT_PATH = re.compile(r"/products?/[^/]+/?$", re.IGNORECASE)
_KINDS: dict[str, PageKind] = {"product": "product", "post": "post"}


def extract(document: SourceDocument, tree: LexborHTMLParser | None = None) -> ExtractedPage:
    """Take a page's content out of its document, without furniture and without losing facts.

    Never raises on any text. A page without content has no blocks. The document's own facts come
    first, one line each. `tree` is the body of an HTML document where it is parsed already.
    """
    if document.extracted is not None:
        return document.extracted
    title, language = document.title, document.language
    description, kind = document.description, document.kind
    if document.format == "html" and _is_whole_page(document.body):
        html = read_html(tree or parse_html(document.body), document.url, title=title)
        page, title = html.page, html.title
        language = language or html.language
        description = description or html.description
        kind = _KINDS.get(html.kind, kind) if kind == "page" else kind
    elif document.format == "text":
        page = read_plain_text(document.body)
    elif document.format in {"markdown", "mdx"}:
        page = read_markdown(document.body, mdx=document.format == "mdx")
    elif document.format == "astro":
        page = read_fragment(parse_html(astro_to_html(document.body)))
    else:
        page = read_fragment(tree or parse_html(document.body))
    if kind == "page" and _PRODUCT_PATH.search(urlsplit(document.url).path):
        kind = "product"
    blocks = (*_fact_blocks(document.facts), *page.blocks)
    return ExtractedPage(
        url=document.url,
        title=clean_text(title) or page.first_h1 or _name_of(document.url),
        language=language,
        description=clean_text(description),
        kind=kind,
        blocks=blocks,
        text=join_blocks(blocks),
    )


def _is_whole_page(body: str) -> bool:
    """Whether HTML is a document rather than a piece of one."""
    start = body[:2_000].lower()
    return "<html" in start or "<!doctype" in start or "<body" in start or "<head" in start


def _fact_blocks(facts: tuple[tuple[str, str], ...]) -> tuple[Block, ...]:
    page = PageText()
    lines = (f"{label}: {clean_text(value)}" for label, value in facts if value.strip())
    page.add("\n".join(lines), "list")
    return tuple(page.blocks)


def _name_of(url: str) -> str:
    """A title for a page that has none: the last part of its address."""
    parts = urlsplit(url)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]).rpartition(".")
    name = (last[0] or last[2]).replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:] if name else parts.netloc or url

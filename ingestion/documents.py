"""The values that travel from a source to the index."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

BodyFormat = Literal["html", "markdown", "text", "mdx", "astro"]
PageKind = Literal["page", "post", "product", "doc"]
BlockKind = Literal["paragraph", "list", "table", "code", "heading", "faq"]

BLOCK_SEPARATOR = "\n\n"
"""What stands between two blocks in `ExtractedPage.text`."""


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """One page as its source holds it, before anything is taken out of it.

    `facts` are (label, value) pairs that the source knows beside the text, in reading order: a
    product's price, SKU and stock. `title` may be empty: then the body says it.
    """

    url: str
    title: str
    body: str
    format: BodyFormat
    language: str | None = None
    modified_at: datetime | None = None
    kind: PageKind = "page"
    facts: tuple[tuple[str, str], ...] = ()
    description: str = ""
    extracted: ExtractedPage | None = field(default=None, compare=False, repr=False)
    """What the document says, where its source had to parse it anyway."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that is not meant to be in the index; if it was, it leaves the index.

    `reason` is one of few phrases, so that reasons can be counted.
    """

    url_or_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A page that could not be read this time; what the index holds of it must stay."""

    url: str
    reason: str


Found = SourceDocument | Skipped | Unreachable
"""What a source yields."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list, table, ... `heading_path` holds the headings above it, outermost first.

    A list has one line per item, a table one line per row with its column labels. A heading's own
    path ends above it. `faq` is the answer to a question that is the last of its path.
    """

    heading_path: tuple[str, ...]
    text: str
    kind: BlockKind


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """A page without boilerplate. `text` is the blocks' texts, joined by `BLOCK_SEPARATOR`."""

    url: str
    title: str
    language: str | None
    description: str
    kind: PageKind
    blocks: tuple[Block, ...]
    text: str


@dataclass(frozen=True, slots=True)
class PassageDraft:
    """A piece of a page of the size that is searched and quoted.

    `page.text[start:end] == text` exactly (character offsets). `content_hash` is the SHA-256, in
    hexadecimal, of the normalised heading path and text. `ordinal` counts from 0 within the page.
    """

    ordinal: int
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int
    content_hash: str

"""A Markdown or MDX file as a document: its front matter becomes title, facts and text."""

from __future__ import annotations

from datetime import datetime

from ingestion.documents import BodyFormat, PageKind, SourceDocument
from ingestion.reading.data_text import data_html
from ingestion.sources.front_matter import (
    facts_of,
    moment_of,
    nested_data,
    split_front_matter,
    text_of,
)

_DATES = (
    "updateddate updated lastmod lastupdated modified modifieddate date pubdate publishdate".split()
)


def markdown_document(
    url: str,
    text: str,
    form: BodyFormat,
    modified: datetime | None = None,
    *,
    language: str | None = None,
    kind: PageKind = "page",
) -> SourceDocument:
    """Read a file's text. A front matter that does not parse costs its facts, not the page."""
    data, body, _ = split_front_matter(text)
    extra = nested_data(data)
    if extra:
        # Behind the text, as HTML of its own, so that Markdown does not read it as Markdown.
        body = f"{body}\n\n" + "\n\n".join(data_html(value) for value in extra.values()) + "\n"
    return SourceDocument(
        url=url,
        title=text_of(data, "title", "name", "heading"),
        body=body,
        format=form,
        language=text_of(data, "lang", "language", "locale") or language,
        modified_at=moment_of(data, *_DATES) or modified,
        kind="product"
        if kind == "page" and text_of(data, "price") and text_of(data, "sku")
        else kind,
        facts=facts_of(data),
        description=text_of(data, "description", "summary", "excerpt"),
    )

"""Pages for tests of the knowledge, without a website around them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sales.knowledge.schemas import PageContent, PassageContent
from sales.knowledge.service import KnowledgeService
from sales.organization.models import SiteRef


async def store_texts(
    knowledge: KnowledgeService, site: SiteRef, texts: Mapping[str, str], source: str = "docs"
) -> None:
    """One page for each title, with its text as the only passage."""
    pages = []
    for title, text in texts.items():
        digest = hashlib.sha256(f"{title}\n{text}".encode()).hexdigest()
        passage = PassageContent(0, (title,), text, 0, len(text), digest)
        url = f"https://shop.example/{title.lower().replace(' ', '-')}"
        pages.append(PageContent(url, title, "page", "en", "", digest, (passage,)))
    await knowledge.store_pages(site, source, pages)

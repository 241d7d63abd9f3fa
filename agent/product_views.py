"""Notes which products of the website a visitor looked at."""

from __future__ import annotations

from dataclasses import dataclass

from sales.conversations.service import Pass
from sales.knowledge.service import KnowledgeService
from sales.leads.service import LeadService


@dataclass(frozen=True, slots=True)
class ProductViews:
    """What the website knows of a page, told to the leads."""

    knowledge: KnowledgeService
    leads: LeadService

    async def note(self, ticket: Pass, url: str) -> None:
        """The visitor opened the page that was read at `url`; only products are noted."""
        product = await self.knowledge.find_product(ticket.site, url)
        if product is not None:
            await self.leads.record_viewed(ticket, *product)

"""Which products a visitor saw, asked about, and was recommended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from core.clock import Clock
from core.db import UnitOfWork, keep
from core.ids import new_id
from sales.conversations.service import Pass
from sales.leads.models import ProductInteraction
from sales.leads.repository import LeadRepository
from sales.leads.schemas import Interaction

TRACE_KEY = "products"
_ONCE = ["conversation_id", "product_id", "interaction_type"]
_ADD_ONCE: dict[str, Any] = {
    name: keep(engine.insert(ProductInteraction).on_conflict_do_nothing(index_elements=_ONCE))
    for name, engine in (("sqlite", sqlite), ("postgresql", postgresql))
}


class ProductRecorder:
    """Writes product interactions, each once for a conversation, in the caller's transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def record_turn(
        self, uow: UnitOfWork, ticket: Pass, trace: Mapping[str, Any], message_id: str
    ) -> None:
        """What the trace of a turn says of products: {"viewed" | "asked" | "recommended":
        [{"url", "title"}]}."""
        for kind, products in (trace.get(TRACE_KEY) or {}).items():
            for product in products:
                why = {"message_id": message_id, "question": trace.get("searched", [])}
                shown = {"recommendations": why} if kind == "recommended" else {"requirements": why}
                await self.record(uow, ticket.conversation_id, kind, product, **shown)

    async def record(
        self,
        uow: UnitOfWork,
        conversation_id: str,
        kind: Interaction,
        product: Mapping[str, str],
        *,
        requirements: Mapping[str, Any] | None = None,
        recommendations: Mapping[str, Any] | None = None,
    ) -> None:
        """One interaction; a second of the same kind with the same product changes nothing."""
        row = {
            "tenant_id": uow.tenant_id,
            "id": new_id(),
            "lead_id": await LeadRepository(uow).find_of_conversation(conversation_id),
            "conversation_id": conversation_id,
            "product_id": product["url"],
            "product_name": product.get("title", ""),
            "interaction_type": kind,
            "requirements": dict(requirements or {}),
            "recommendations": dict(recommendations or {}),
            "created_at": self._clock.now(),
        }
        await uow.write((_ADD_ONCE[uow.dialect], [row]))


def describe_products(pages: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    """Addresses and titles as the trace keeps them, each once."""
    return [{"url": url, "title": title} for url, title in dict(pages).items()]

"""Products that visitors see, ask about, and are recommended: noted once, with their citations."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from agent.products import asks_recommendation
from sales.leads.models import ProductInteraction
from tests.agent.world import Conversation, World, build_world
from tests.support.website import BASE_URL


def _page(title: str, text: str) -> str:
    return f"---\ntitle: {title}\nprice: 90 EUR\nsku: {title[:3]}\n---\n# {title}\n\n{text}\n"


PAGES = {
    "index.md": "---\ntitle: Brightwater\n---\n# Brightwater\n\nBrightwater sells bicycles.\n",
    "hill.md": _page(
        "Ridge bike", "The Ridge bike is made for steep hills. It has 27 gears and weighs 11 kg."
    ),
    "city.md": _page(
        "Tram bike", "The Tram bike is made for flat city streets. It has a basket and 3 gears."
    ),
}


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("Which sensor do I need for a -80 freezer?", True),
        ("what do you recommend?", True),
        ("Can you recommend a bike for hills?", True),
        ("What's the best bike for steep hills?", True),
        ("what should we buy", True),
        ("Which of them is right for a bakery?", True),
        ("How much is the Ridge bike?", False),
        ("What do I need to return a part?", False),
        ("What is the best way for me to reach you?", False),
        ("Which cards do you accept?", False),
    ],
)
def test_it_is_told_when_a_recommendation_is_asked_for(question: str, wanted: bool) -> None:
    assert asks_recommendation(question) is wanted


async def _noted(world: World, conversation: Conversation) -> list[tuple[str, str, str]]:
    tenant, one = conversation.ticket.site.tenant_id, conversation.ticket.conversation_id
    async with world.runtime.resources.database.reading(tenant) as uow:
        rows = await uow.session.execute(
            select(ProductInteraction).where(ProductInteraction.conversation_id == one)
        )
        found = list(rows.scalars())
    for row in found:
        if row.interaction_type == "recommended":
            assert row.recommendations["question"]
    return sorted((row.interaction_type, row.product_id, row.product_name) for row in found)


async def test_products_are_noted_once_as_seen_asked_about_and_recommended(
    database_url: str, tmp_path: Path
) -> None:
    world = await build_world(database_url, tmp_path, PAGES)
    visitor = await world.arrive()
    for _ in range(2):
        done = await visitor.ask("Which bike do I need for steep hills?")
        assert "Ridge bike" in done["text"]
        assert done["citations"][0]["url"] == f"{BASE_URL}/hill"
    ridge, tram = (f"{BASE_URL}/hill", "Ridge bike"), (f"{BASE_URL}/city", "Tram bike")
    assert ("recommended", *ridge) in await _noted(world, visitor)
    await visitor.ask("How many gears has the Tram bike?")
    views = world.runtime.chat.product_views
    for url in (BASE_URL, f"{BASE_URL}/city?from=mail#top", f"{BASE_URL}/city/"):
        await views.note(visitor.ticket, url)
    noted = await _noted(world, visitor)
    assert [one for one in noted if one[0] != "recommended"] == [
        ("asked", *tram),
        ("viewed", *tram),
    ]


async def test_a_fact_about_a_product_is_no_recommendation(
    database_url: str, tmp_path: Path
) -> None:
    world = await build_world(database_url, tmp_path, PAGES)
    visitor = await world.arrive()
    await visitor.ask("How much does the Ridge bike weigh?")
    assert [one[0] for one in await _noted(world, visitor)] == ["asked"]

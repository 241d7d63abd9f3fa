"""The chat as it is wired, on a real database but without HTTP and model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.events import TurnEvent
from agent.turn import Turn
from app.places import Places
from app.runtime import Runtime
from app.settings import AppSettings
from app.wiring import build_resources
from core.ids import new_id
from core.settings import load_settings
from ingestion.pipeline import ingest
from ingestion.sources import open_source
from sales.conversations.service import ConversationService, Pass
from sales.knowledge.service import KnowledgeService
from sales.organization.service import KnownSite
from tests.support.website import BASE_URL, PAGES, SITE_KEY, write_pages, write_website


@dataclass
class World:
    """One site with its pages read in, searched by keyword only."""

    runtime: Runtime
    turn: Turn
    site: KnownSite

    @property
    def conversations(self) -> ConversationService:
        """The conversations of the world."""
        return self.runtime.chat.conversations

    @property
    def knowledge(self) -> KnowledgeService:
        """What its website says."""
        return self.runtime.chat.knowledge

    async def arrive(self) -> Conversation:
        """A visitor begins a conversation."""
        source = self.conversations.read_page(BASE_URL, "", "")
        started = await self.conversations.start(
            self.site.ref, source, visitor_token=None, channel="widget", timezone="", locale=""
        )
        ticket = self.conversations.check_token(started.conversation_id, started.token)
        return Conversation(self, ticket)


@dataclass
class Conversation:
    """One conversation of that world."""

    world: World
    ticket: Pass

    def stream(self, text: str, message_id: str = "") -> AsyncIterator[TurnEvent]:
        """The events of an answer."""
        world = self.world
        runner, name = world.runtime.chat.runner, message_id or new_id()
        return runner.start(world.turn, self.ticket, world.site.settings, name, text)

    async def ask(self, text: str, message_id: str = "") -> dict[str, Any]:
        """The whole answer."""
        events = [event async for event in self.stream(text, message_id)]
        assert [event.name for event in events].count("done") == 1
        return events[-1].data


async def build_world(
    database_url: str,
    folder: Path,
    pages: Mapping[str, str] = PAGES,
    name: str = "Brightwater Bikes",
    **parts: Any,
) -> World:
    """Read `pages` in; `parts` stand in for those of the turn."""
    config = write_website(folder, database="database: {url: '${DATABASE}'}")
    config.write_text(config.read_text().replace("name: Brightwater Bikes", f'name: "{name}"'))
    settings = load_settings(AppSettings, config, {"DATABASE": database_url})
    resources = await build_resources(settings, Places(config, folder), None)
    runtime = Runtime(settings, resources)
    site = resources.organization.get_site(SITE_KEY)
    if pages:
        folder = write_pages(folder / "read", pages)
        source = settings.knowledge.sources[0].model_copy(update={"path": folder})
        await ingest(open_source(source), "pages", site.ref, resources.knowledge)
    return World(runtime, replace(runtime.chat.turn, **parts), site)

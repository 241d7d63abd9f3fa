"""A running server: its parts, its background work, and settings that change while it runs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

import structlog
import watchfiles
from sqlalchemy.exc import SQLAlchemyError

from agent.api import Chat
from agent.guarding import TrafficLimits
from app.calendars import follow_calendars
from app.crms import follow_crms
from app.feedback import follow_sales
from app.handoff_sight import HandoffMetrics, follow_handoffs
from app.places import Places
from app.services import Services
from app.settings import AppSettings, load_app_settings
from app.signing import renew_keys
from app.webhooks import WebhookDoor
from app.wiring import Resources, build_chat, build_portal, build_resources, build_services
from core.db.vendor_memory import prune_notes
from core.errors import ConfigurationError, ProviderError
from core.outbox import prune_done
from core.protocols.knowledge_index import PassageEmbedder
from portal.portal import Portal

log = structlog.get_logger(__name__)

# How often to look for passages without a vector, e.g. after an ingestion by another process.
_EMBED_PAUSE_SECONDS = 2.0
# How long effects may finish when the server stops; what is left is taken up at the next start.
_OUTBOX_GRACE = timedelta(seconds=8)
_SWEEP_PAUSE_SECONDS = 5.0
# How late a score may know of a message: staff watch it live, and who comes back is noticed by it.
_QUALIFY_PAUSE_SECONDS = 0.5
_KEEP_DONE = timedelta(days=30)
_PRUNE_PAUSE_SECONDS = 600.0
# What is opened once, at the start; keys and secrets are taken over while the server runs.
_FIXED_SECTIONS = ("database", "server", "model")
_RENEWED = frozenset({"secret", "previous_secrets", "encryption_keys"})


class Runtime:
    """Holds what requests use, and swaps it as a whole when `app.yaml` changes."""

    def __init__(self, settings: AppSettings, resources: Resources) -> None:
        self.settings = settings
        self.resources = resources
        self._traffic = TrafficLimits(settings.limits)
        self.handoff_metrics = HandoffMetrics(resources.registry)
        self.services: Services = build_services(resources, settings)
        self.chat: Chat = build_chat(resources, self.services, settings, self._traffic)
        self.portal: Portal = build_portal(resources, self.services, settings)
        self.webhooks = WebhookDoor(
            resources.organization,
            resources.vendors.get_vendors,
            resources.inbox,
            resources.address,
        )

    @classmethod
    async def start(
        cls, settings: AppSettings, places: Places, embedder: PassageEmbedder | None
    ) -> Runtime:
        """Open everything that requests will need."""
        return cls(settings, await build_resources(settings, places, embedder))

    def get_chat(self) -> Chat:
        """The chat as `app.yaml` says now."""
        return self.chat

    @contextlib.asynccontextmanager
    async def background(self) -> AsyncIterator[None]:
        """Do what has to be done beside requests, until the block ends."""
        outbox_runner = self.resources.outbox_runner
        await outbox_runner.start()
        tasks = [
            asyncio.create_task(self._embed()),
            asyncio.create_task(self._watch()),
            asyncio.create_task(self._qualify_due()),
            asyncio.create_task(self._end_due()),
            asyncio.create_task(self._prune()),
            asyncio.create_task(follow_calendars(self.resources.services.get)),
            asyncio.create_task(
                follow_handoffs(lambda: self.services.handoffs.sight, self.resources.organization)
            ),
            asyncio.create_task(
                follow_crms(self.resources.services.get, self.resources.organization)
            ),
            asyncio.create_task(
                follow_sales(lambda: self.services.feedback.sync, self.resources.organization)
            ),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # Turns first: what they still promise is kept now if there is time, else by the
            # next process.
            await self.resources.runner.drain()
            await self._judge_rest()
            await outbox_runner.stop(_OUTBOX_GRACE)
            await self.resources.close()

    async def reload(self) -> bool:
        """Take over `app.yaml` if it is valid; else the last good one stays in force."""
        try:
            settings = load_app_settings(self.resources.places.config)
            self.resources.vendors.apply_settings(settings)
            await self.resources.organization.apply_settings(settings.tenants, settings.sites)
            parts = self.resources
            renew_keys(settings, parts.places, parts.signer, parts.vendors.cipher)
        except ConfigurationError as error:
            log.error("settings_refused", problems=error.problems)
            return False
        fixed = [
            name
            for name in _FIXED_SECTIONS
            if _read_fixed(settings, name) != _read_fixed(self.settings, name)
        ]
        before, now = self.settings.sales_agent, settings.sales_agent
        if before.vector_database != now.vector_database:
            fixed.append("sales_agent.vector_database")
        if fixed:
            log.warning("settings_need_a_restart", sections=fixed)
        if settings.limits != self.settings.limits:
            self._traffic = TrafficLimits(settings.limits)
        self.settings = settings
        self.services = build_services(self.resources, settings)
        self.chat = build_chat(self.resources, self.services, settings, self._traffic)
        self.portal = build_portal(self.resources, self.services, settings)
        log.info("settings_applied")
        return True

    async def _watch(self) -> None:
        path = self.resources.places.config

        def is_config(_change: watchfiles.Change, changed: str) -> bool:
            return changed == str(path)

        # The folder is watched, not the file: editors replace files by new ones. Only the file
        # counts: the folder may also hold the data or a log, which change all the time.
        async for _ in watchfiles.awatch(path.parent, watch_filter=is_config, recursive=False):
            try:
                await self.reload()
            except SQLAlchemyError as error:
                log.error("settings_not_applied", kind=type(error).__name__)

    async def _qualify_due(self) -> None:
        """Judge conversations in which something was said, for ever."""
        while True:
            try:
                await self.services.leads.qualify_due()
            except SQLAlchemyError as error:
                log.warning("conversations_not_judged", kind=type(error).__name__)
            await asyncio.sleep(_QUALIFY_PAUSE_SECONDS)

    async def _judge_rest(self) -> None:
        """What the last turns said, so that it need not wait for the next start."""
        try:
            await self.services.leads.qualify_due()
        except SQLAlchemyError as error:
            log.warning("conversations_not_judged", kind=type(error).__name__)

    async def _end_due(self) -> None:
        """End conversations that fell silent, for ever."""
        while True:
            try:
                await self.services.conversations.end_due()
            except SQLAlchemyError as error:
                log.warning("conversations_not_ended", kind=type(error).__name__)
            await asyncio.sleep(_SWEEP_PAUSE_SECONDS)

    async def _prune(self) -> None:
        """Forget what was promised and done long ago, for ever."""
        clock, database = self.resources.clock, self.resources.database
        while True:
            try:
                async with database.unit_of_work(None) as uow:
                    await prune_done(uow, clock.now() - _KEEP_DONE)
                await self.resources.inbox.prune(clock.now() - _KEEP_DONE)
                await prune_notes(database, clock.now())
            except SQLAlchemyError as error:
                log.warning("outbox_not_pruned", kind=type(error).__name__)
            await asyncio.sleep(_PRUNE_PAUSE_SECONDS)

    async def _embed(self) -> None:
        """Make the vectors that are missing, site by site, for ever."""
        knowledge = self.resources.knowledge
        while True:
            for site in self.resources.organization.list_sites():
                try:
                    if await knowledge.needs_embedding(site.ref):
                        finished = await knowledge.embed_pending(site.ref, self.resources.owner)
                        log.info("vectors_made", site=site.settings.key, finished=finished)
                except ProviderError as error:
                    log.warning("vectors_failed", vendor=error.vendor, operation=error.operation)
                except Exception:
                    # The chat must go on; the next round tries again.
                    log.exception("vectors_failed")
            await asyncio.sleep(_EMBED_PAUSE_SECONDS)


def _read_fixed(settings: AppSettings, name: str) -> object:
    section = getattr(settings, name)
    return section.model_dump(exclude=_RENEWED) if name == "server" else section

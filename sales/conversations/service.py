"""Starts, continues and ends conversations, and tells where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from core.clock import Clock
from core.db import Database, UnitOfWork
from core.errors import Conflict, NotFound, Unauthorized
from core.ids import is_id
from core.outbox import Outbox
from core.security import TokenSigner
from sales.conversations.events import ConversationEnded, EndReason
from sales.conversations.models import Conversation
from sales.conversations.repository import ConversationRepository
from sales.conversations.rules import UTM_KEYS, PageSource, read_page_source
from sales.conversations.schemas import (
    ConversationRecord,
    ConversationState,
    LeadSourceRow,
    PassedOnQuestion,
    StoredCitation,
    StoredMessage,
    TurnRecord,
    ViewedPage,
)
from sales.conversations.settings import ConversationSettings, PageTrackingSettings
from sales.conversations.turn_repository import (
    MessageRefusedError,
    TurnRepository,
    build_asked,
    build_state,
)
from sales.organization.models import SiteRef

FOR_CONVERSATION = "conversation"
FOR_VISITOR = "visitor"
TRANSCRIPT_LIMIT = 500
SWEEP_LIMIT = 100
PAGE_VIEW_LIMIT = 500


@dataclass(frozen=True, slots=True)
class StartedConversation:
    """What the widget keeps: both tokens belong to this visitor alone."""

    conversation_id: str
    visitor_id: str
    token: str
    visitor_token: str


@dataclass(frozen=True, slots=True)
class Pass:
    """A conversation token that was read and holds: whose conversation, on which site."""

    conversation_id: str
    visitor_id: str
    site: SiteRef


class TurnFollower(Protocol):
    """Who acts on a turn in the transaction that stores it."""

    async def follow_turn(
        self, uow: UnitOfWork, ticket: Pass, turn: TurnRecord, message_id: str
    ) -> None:
        """The turn was written; `message_id` is that of the visitor's message."""
        ...


class ConversationService:
    """Conversations of all sites. What belongs to one visitor is reached by token only."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        signer: TokenSigner,
        outbox: Outbox,
        settings: ConversationSettings,
        tracking: PageTrackingSettings,
        followers: Sequence[TurnFollower] = (),
    ) -> None:
        self._database = database
        self._clock = clock
        self._signer = signer
        self._outbox = outbox
        self._settings = settings
        self._tracking = tracking
        self._followers = tuple(followers)

    def read_page(
        self, url: str, title: str, referrer: str, params: dict[str, str] | None = None
    ) -> PageSource:
        """What is kept of a page, as `page_tracking` says."""
        return read_page_source(
            url=url,
            title=title,
            referrer=referrer,
            params=params or {},
            track_utm=self._tracking.track_utm_parameters,
            track_referrer=self._tracking.track_referrer_domain,
        )

    async def start(
        self,
        site: SiteRef,
        source: PageSource,
        *,
        visitor_token: str | None,
        channel: str,
        timezone: str,
        locale: str,
    ) -> StartedConversation:
        """Begin a conversation. A visitor token that does not hold means a new visitor."""
        now = self._clock.now()
        async with self._database.unit_of_work(site.tenant_id) as uow:
            repository = ConversationRepository(uow)
            visitor = None
            visitor_id = self._read_visitor(visitor_token, now)
            if visitor_id:
                visitor = await repository.find_visitor(visitor_id, site.site_id)
            if visitor is None:
                visitor = await repository.add_visitor(site.site_id, now)
                await uow.flush()
            visitor.last_seen_at = now
            session = await repository.find_session(visitor.id, now - self._settings.session_pause)
            if session is None:
                session = await repository.add_session(visitor, source.referrer, now)
                await uow.flush()
            session.last_seen_at = now
            conversation = await repository.add_conversation(
                session, source, channel=channel, timezone=timezone, locale=locale, at=now
            )
        return StartedConversation(
            conversation.id,
            visitor.id,
            self._sign(FOR_CONVERSATION, conversation),
            self._signer.sign(
                FOR_VISITOR, visitor.id, now=now, lifetime=self._settings.visitor_lifetime
            ),
        )

    def check_token(self, conversation_id: str, token: str) -> Pass:
        """Read a conversation token.

        Raises:
            Unauthorized: missing, forged, expired, or of another conversation.
        """
        ticket = self.read_token(token)
        if ticket.conversation_id != conversation_id:
            raise Unauthorized("The token belongs to another conversation.")
        return ticket

    def read_token(self, token: str) -> Pass:
        """Whose conversation a token is for.

        Raises:
            Unauthorized: missing, forged or expired.
        """
        subject = self._signer.read(FOR_CONVERSATION, token, now=self._clock.now())
        parts = subject.split("|")
        if len(parts) != 4:  # of another version of ours
            raise Unauthorized("The token is not valid. Start a new conversation.")
        conversation_id, visitor_id, tenant_id, site_id = parts
        return Pass(conversation_id, visitor_id, SiteRef(tenant_id, site_id))

    async def load(self, ticket: Pass, *, messages: int) -> ConversationState:
        """The conversation with its last `messages` messages.

        Raises:
            NotFound: it was deleted.
        """
        async with self._database.reading(ticket.site.tenant_id) as uow:
            repository = ConversationRepository(uow)
            row = await repository.find_conversation(ticket.conversation_id)
            if row is None:
                raise NotFound("This conversation no longer exists. Start a new one.")
            listed = await repository.list_messages(row.id, messages)
        return _describe(row, listed)

    async def load_for_turn(
        self, ticket: Pass, client_message_id: str, *, messages: int
    ) -> tuple[ConversationState, StoredMessage | None]:
        """The conversation as `load` gives it, and the answer that this message already got:
        in one transaction, because every turn begins with it.

        Raises:
            NotFound: it was deleted.
        """
        asked = build_asked(ticket.conversation_id, client_message_id, messages)
        found = build_state(*await self._database.fetch(ticket.site.tenant_id, *asked))
        if found is None:
            raise NotFound("This conversation no longer exists. Start a new one.")
        return found

    async def record_turn(self, ticket: Pass, turn: TurnRecord) -> StoredMessage | None:
        """Write a turn in one commit.

        Returns the answer that stands already when another request with the same client
        message id was quicker; then nothing is written.

        Raises:
            NotFound: the conversation was deleted.
        """
        site_id = ticket.site.site_id
        try:
            async with self._database.unit_of_work(ticket.site.tenant_id) as uow:
                message_id = await TurnRepository(uow).add_turn(
                    ticket.conversation_id, site_id, turn
                )
                for follower in self._followers:
                    await follower.follow_turn(uow, ticket, turn, message_id)
        except MessageRefusedError:
            async with self._database.reading(ticket.site.tenant_id) as uow:
                await self._get(ConversationRepository(uow), ticket.conversation_id)
                return await TurnRepository(uow).find_twin(ticket.conversation_id, turn)
        return None

    async def record_page_view(self, ticket: Pass, source: PageSource) -> bool:
        """The visitor opened a page; whether that was kept. Beyond the limit nothing more is."""
        async with self._database.unit_of_work(ticket.site.tenant_id) as uow:
            repository = ConversationRepository(uow)
            await self._get(repository, ticket.conversation_id)
            count = await repository.count_page_views(ticket.conversation_id)
            kept = self._tracking.enabled and count < PAGE_VIEW_LIMIT
            if kept:
                await repository.add_page_view(ticket.conversation_id, source, self._clock.now())
        return kept

    async def end(self, ticket: Pass) -> None:
        """The visitor is done. Ending twice is no error."""
        async with self._database.unit_of_work(ticket.site.tenant_id) as uow:
            repository = ConversationRepository(uow)
            await self._get(repository, ticket.conversation_id)
            await self._end(uow, [ticket.conversation_id], "ended")

    async def end_due(self) -> int:
        """End what was said goodbye to, and what fell silent. How many conversations."""
        now = self._clock.now()
        silent_since = now - self._settings.idle_pause
        waves: tuple[tuple[EndReason, Any], ...] = (
            ("goodbye", Conversation.goodbye_at <= now - self._settings.goodbye_grace),
            # One without a message has no last one, so it never falls due.
            ("idle", Conversation.last_message_at <= silent_since),
        )
        count = 0
        for reason, condition in waves:
            async with self._database.reading(None) as uow:
                due = await ConversationRepository(uow).list_due(condition, SWEEP_LIMIT)
            for tenant_id in dict.fromkeys(tenant_id for tenant_id, _ in due):
                mine = [found for owner, found in due if owner == tenant_id]
                async with self._database.unit_of_work(tenant_id) as uow:
                    # Asked again in the statement that ends it: a message may just have come.
                    count += len(await self._end(uow, mine, reason, condition))
        return count

    async def _end(
        self, uow: UnitOfWork, ids: list[str], reason: EndReason, *conditions: Any
    ) -> list[str]:
        now = self._clock.now()
        ended = await ConversationRepository(uow).end_conversations(ids, reason, now, *conditions)
        for found in ended:
            event = ConversationEnded(conversation_id=found, reason=reason)
            await self._outbox.record(uow, event, once=found)
        return ended

    async def get_record(
        self, tenant_id: str, conversation_id: str, *, limit: int = TRANSCRIPT_LIMIT
    ) -> ConversationRecord:
        """A whole conversation, for staff and for what follows a conversation. Not for
        visitors: they come with a token.

        Raises:
            NotFound: there is none, or it is another tenant's.
        """
        async with self._database.reading(tenant_id) as uow:
            repository = ConversationRepository(uow)
            row = await self._get(repository, conversation_id)
            messages = await repository.list_messages(row.id, limit)
            pages = await repository.list_page_views(row.id)
            unanswered = await repository.list_open_questions(row.id)
        return _build_record(row, messages, pages, unanswered)

    async def get_citation(self, citation_id: str) -> StoredCitation:
        """A citation by its id, which only those know who were given it.

        Raises:
            NotFound: no such citation.
        """
        if is_id(citation_id):
            async with self._database.reading(None) as uow:
                citation = await ConversationRepository(uow).find_citation(citation_id)
            if citation is not None:
                return citation
        raise NotFound("There is no such citation.")

    async def list_unanswered(
        self, tenant_id: str, *, only_passed_on: bool, limit: int = 100
    ) -> list[PassedOnQuestion]:
        """Questions that the website does not answer, latest first."""
        async with self._database.reading(tenant_id) as uow:
            repository = ConversationRepository(uow)
            return await repository.list_unanswered(only_passed_on=only_passed_on, limit=limit)

    async def list_lead_sources(
        self, tenant_id: str, group_by: str, start: datetime, end: datetime
    ) -> list[LeadSourceRow]:
        """Conversations begun in [start, end) by page, referrer domain or campaign (S1-001)."""
        async with self._database.reading(tenant_id) as uow:
            return await ConversationRepository(uow).list_lead_sources(group_by, start, end, 1000)

    async def _get(self, repository: ConversationRepository, conversation_id: str) -> Conversation:
        row = await repository.find_conversation(conversation_id)
        if row is None:
            raise NotFound("This conversation no longer exists. Start a new one.")
        return row

    def _sign(self, purpose: str, conversation: Conversation) -> str:
        # The token carries where the rows are: a turn then needs no search across tenants.
        owner = (conversation.visitor_id, conversation.tenant_id, conversation.site_id)
        subject = "|".join((conversation.id, *owner))
        return self._signer.sign(
            purpose,
            subject,
            now=conversation.started_at,
            lifetime=self._settings.token_lifetime,
        )

    def _read_visitor(self, token: str | None, now: datetime) -> str | None:
        if not token:
            return None
        try:
            return self._signer.read(FOR_VISITOR, token, now=now)
        except Unauthorized:
            return None


def _describe(row: Conversation, messages: list[StoredMessage]) -> ConversationState:
    return ConversationState(
        id=row.id,
        site=SiteRef(row.tenant_id, row.site_id),
        visitor_id=row.visitor_id,
        status=row.status,
        locale=row.locale,
        timezone=row.timezone,
        page_url=row.page_url,
        page_title=row.page_title,
        started_at=row.started_at,
        messages=tuple(messages),
        taken_over_by=row.taken_over_by,
        taken_over_at=row.taken_over_at,
    )


def check_open(state: ConversationState) -> None:
    """Refuse to continue what has ended.

    Raises:
        Conflict: the conversation has ended.
    """
    if state.status == "ended":
        raise Conflict("This conversation has ended. Start a new one.")


def _build_record(
    row: Conversation,
    messages: list[StoredMessage],
    pages: list[ViewedPage],
    unanswered: list[PassedOnQuestion],
) -> ConversationRecord:
    utm = {key: getattr(row, key) for key in UTM_KEYS if getattr(row, key)}
    return ConversationRecord(
        id=row.id,
        site=SiteRef(row.tenant_id, row.site_id),
        visitor_id=row.visitor_id,
        status=row.status,
        end_reason=row.end_reason,
        locale=row.locale,
        timezone=row.timezone,
        page_url=row.page_url,
        page_path=row.page_path,
        page_title=row.page_title,
        referrer=row.referrer,
        referrer_domain=row.referrer_domain,
        utm=utm,
        params=dict(row.params),
        started_at=row.started_at,
        last_message_at=row.last_message_at,
        ended_at=row.ended_at,
        messages=tuple(messages),
        pages=tuple(pages),
        unanswered=tuple(unanswered),
        taken_over_by=row.taken_over_by,
        taken_over_at=row.taken_over_at,
    )

"""The chat over HTTP: start, ask, restore, page views, end, citations."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from agent.answers import Quote
from agent.booking import Action
from agent.events import TurnEvent
from agent.guarding import TrafficLimits
from agent.links import Links
from agent.opening import build_opening
from agent.product_views import ProductViews
from agent.running import Following, TurnRunner
from agent.schemas import (
    CitationCheckOut,
    DoneOut,
    EndOut,
    MessageRequest,
    PageViewRequest,
    StartRequest,
    StartResponse,
    TranscriptOut,
)
from agent.settings import AgentSettings
from agent.turn import Turn
from agent.verification import quote_stands
from core.errors import Unauthorized, UserError
from core.http import describe_errors
from sales.conversations.schemas import ConversationState, StoredMessage
from sales.conversations.service import TRANSCRIPT_LIMIT, ConversationService, Pass
from sales.knowledge.service import KnowledgeService
from sales.organization.service import KnownSite, OrganizationService

log = structlog.get_logger(__name__)

_EVENT_STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Chat:
    """What the endpoints work with. `own_origin` tells the address a request was sent to."""

    agent: AgentSettings
    organization: OrganizationService
    conversations: ConversationService
    knowledge: KnowledgeService
    turn: Turn
    runner: TurnRunner
    traffic: TrafficLimits
    own_origin: Callable[[Request], str]
    product_views: ProductViews

    def admit(self, request: Request, conversation_id: str) -> tuple[Pass, KnownSite]:
        """Who may go on with a conversation: its token, sent from a page of its site.

        Raises:
            Unauthorized: the token is missing, forged, expired or of another conversation.
            Forbidden: the page belongs to another website.
        """
        ticket = self.conversations.check_token(conversation_id, _read_bearer(request))
        return ticket, self._admit_page(request, ticket)

    def admit_visitor(self, request: Request) -> Pass:
        """Whoever has a token of any conversation, sent from a page of its site.

        Raises:
            Unauthorized: the token is missing, forged or expired.
            Forbidden: the page belongs to another website.
        """
        ticket = self.conversations.read_token(_read_bearer(request))
        self._admit_page(request, ticket)
        return ticket

    def _admit_page(self, request: Request, ticket: Pass) -> KnownSite:
        site = self.organization.get_site_of(ticket.site)
        self.check_origin(request, site)
        return site

    def check_origin(self, request: Request, site: KnownSite) -> None:
        """Refuse pages of other websites.

        Raises:
            Forbidden: the page's origin is not among the site's.
        """
        origin = request.headers.get("origin")
        self.organization.check_origin(site, origin, self.own_origin(request))

    def links(self, request: Request, site: KnownSite) -> Links:
        """The addresses that this visitor gets for the website's pages."""
        return Links(site.settings.links, self.own_origin(request))


def build_chat_router(get_chat: Callable[[], Chat]) -> APIRouter:
    """The routes. `get_chat` is asked at each request: settings may change while running."""
    router = APIRouter(prefix="/api/v1", tags=["chat"])
    _add_conversation_routes(router, get_chat)
    _add_message_route(router, get_chat)
    _add_citation_route(router, get_chat)
    return router


def _add_conversation_routes(router: APIRouter, get_chat: Callable[[], Chat]) -> None:
    conversations = "/chat/conversations"
    one = conversations + "/{conversation_id}"

    @router.post(
        conversations,
        status_code=201,
        response_model=StartResponse,
        responses=describe_errors(400, 403, 404, 429),
    )
    async def start_conversation(body: StartRequest, request: Request) -> JSONResponse:
        """Begin a conversation on a page of a website."""
        chat = get_chat()
        site = chat.organization.get_site(body.site_key)
        chat.check_origin(request, site)
        chat.traffic.count_conversation(request.client.host if request.client else "")
        params = {key: _as_text(value) for key, value in body.params.items()}
        page = body.page
        source = chat.conversations.read_page(page.url, page.title, page.referrer, params)
        started = await chat.conversations.start(
            site.ref,
            source,
            visitor_token=body.visitor_token,
            channel=body.channel or "widget",
            timezone=_keep_plain(body.timezone),
            locale=_keep_plain(body.locale),
        )
        page_url = chat.links(request, site).read(source.url)
        ticket = Pass(started.conversation_id, started.visitor_id, site.ref)
        await chat.product_views.note(ticket, page_url)
        opening = await build_opening(chat.knowledge, chat.agent, site, body.locale, page_url)
        content = {
            "conversation_id": started.conversation_id,
            "token": started.token,
            "visitor_token": started.visitor_token,
            "greeting": opening.greeting,
            "disclosure": opening.disclosure,
            "suggestions": list(opening.suggestions),
        }
        return JSONResponse(content, 201)

    @router.get(one, response_model=TranscriptOut, responses=describe_errors(401, 403, 404))
    async def get_conversation(conversation_id: str, request: Request) -> JSONResponse:
        """The transcript, to restore a page."""
        chat = get_chat()
        ticket, site = chat.admit(request, conversation_id)
        state = await chat.conversations.load(ticket, messages=TRANSCRIPT_LIMIT)
        links = chat.links(request, site)
        page_url = links.read(state.page_url)
        opening = await build_opening(chat.knowledge, chat.agent, site, state.locale, page_url)
        content = {
            "conversation_id": state.id,
            "status": state.status,
            "greeting": opening.greeting,
            "disclosure": opening.disclosure,
            "suggestions": _latest_suggestions(state, opening.suggestions),
            "messages": [links.open_all(_describe_message(message)) for message in state.messages],
            "awaits_staff": state.awaits_staff,
        }
        return JSONResponse(content)

    @router.post(one + "/page-views", status_code=204, responses=describe_errors(400, 401, 403))
    async def record_page_view(
        conversation_id: str, body: PageViewRequest, request: Request
    ) -> Response:
        """The visitor opened a page."""
        chat = get_chat()
        ticket, site = chat.admit(request, conversation_id)
        page = body.page
        source = chat.conversations.read_page(page.url, page.title, page.referrer)
        if await chat.conversations.record_page_view(ticket, source):
            await chat.product_views.note(ticket, chat.links(request, site).read(source.url))
        return Response(status_code=204)

    @router.post(one + "/end", response_model=EndOut, responses=describe_errors(401, 403, 404))
    async def end_conversation(conversation_id: str, request: Request) -> JSONResponse:
        """The visitor is done. Ending twice is no error."""
        chat = get_chat()
        ticket, _ = chat.admit(request, conversation_id)
        await chat.conversations.end(ticket)
        return JSONResponse({"conversation_id": conversation_id, "status": "ended"})


def _add_message_route(router: APIRouter, get_chat: Callable[[], Chat]) -> None:
    responses = describe_errors(400, 401, 403, 404, 409, 413, 429)
    responses[200] = {
        "description": "The answer: an event stream of sentence, citation, card, done or error; "
        "with Accept: application/json the `done` object alone.",
        "content": {_EVENT_STREAM: {"schema": {"type": "string"}}},
    }

    @router.post(
        "/chat/conversations/{conversation_id}/messages",
        response_model=DoneOut,
        responses=responses,
    )
    async def send_message(
        conversation_id: str, body: MessageRequest, request: Request
    ) -> Response:
        """Ask, and get an answer that can be checked."""
        chat = get_chat()
        ticket, site = chat.admit(request, conversation_id)
        chat.traffic.count_message(ticket.visitor_id, site.ref.site_id)
        started = time.perf_counter()
        pressed = body.action
        action = Action(pressed.kind, pressed.id, pressed.values) if pressed else None
        events = chat.runner.start(
            chat.turn, ticket, site.settings, body.message_id, body.text, action
        )
        # The first event is waited for: what the turn refuses becomes a status, not a stream.
        first = await anext(events)
        links = chat.links(request, site)
        if _wants_json(request):
            done = first
            async for event in events:
                done = event
            chat.turn.metrics.seconds.observe(time.perf_counter() - started)
            return JSONResponse(links.open_all(done.data))
        return StreamingResponse(
            _write_stream(chat, links, first, events, started),
            media_type=_EVENT_STREAM,
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )


def _add_citation_route(router: APIRouter, get_chat: Callable[[], Chat]) -> None:
    @router.get(
        "/citations/{citation_id}",
        response_model=CitationCheckOut,
        responses=describe_errors(404),
    )
    async def check_citation(citation_id: str, request: Request) -> JSONResponse:
        """The passage a citation points at, and whether its quote still stands there."""
        chat = get_chat()
        stored = await chat.conversations.get_citation(citation_id)
        content = stored.content
        links = chat.links(request, chat.organization.get_site_of(stored.site))
        passage = await chat.knowledge.find_passage(stored.site, content.passage_id)
        quote = Quote(content.passage_id, content.start, content.end, content.quote)
        described = passage and {
            "url": links.open(passage.url),
            "title": passage.title,
            "heading_path": list(passage.heading_path),
            "text": passage.text,
        }
        return JSONResponse(
            {
                "n": content.n,
                "id": content.id,
                "url": links.open(content.url),
                "title": content.title,
                "quote": content.quote,
                "stands": quote_stands(quote, passage.text if passage else None),
                "start": content.start,
                "end": content.end,
                "headings": content.headings,
                "cited_at": stored.created_at.isoformat(),
                "passage": described,
            }
        )


def _read_bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized("Send the conversation's token: Authorization: Bearer <token>.")
    return token.strip()


async def _write_stream(
    chat: Chat, links: Links, first: TurnEvent, events: Following, started: float
) -> AsyncIterator[bytes]:
    # What is there at once leaves at once: each piece costs a write to the socket.
    ready = [_encode(first.name, links.open_all(first.data))]
    try:
        if not events.has_more_now:
            yield ready.pop()
        async for event in events:
            ready.append(_encode(event.name, links.open_all(event.data)))
            if not events.has_more_now:
                yield b"".join(ready)
                ready.clear()
    except UserError as error:
        yield _encode("error", {"code": error.code, "message": error.message})
    except Exception:
        # The answer has begun, so a status cannot tell it any more.
        log.exception("turn_failed")
        message = "Something went wrong on our side. Try again in a moment."
        yield _encode("error", {"code": "INTERNAL_ERROR", "message": message})
    chat.turn.metrics.seconds.observe(time.perf_counter() - started)


def _encode(name: str, data: dict[str, Any]) -> bytes:
    """One event of a stream (WHATWG HTML, 9.2). JSON holds no line end, so one line is enough."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {name}\ndata: {text}\n\n".encode()


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and _EVENT_STREAM not in accept


def _describe_message(message: StoredMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "message_id": message.client_message_id,
        "role": message.role,
        "text": message.text,
        "sentences": message.payload.get("sentences", []),
        "citations": message.payload.get("citations", []),
        "cards": message.payload.get("cards", []),
        "created_at": message.created_at.isoformat(),
    }


def _latest_suggestions(state: ConversationState, opening: tuple[str, ...]) -> list[str]:
    """Those of the last answer; before the first one, the opening's."""
    for message in reversed(state.messages):
        if message.role == "agent":
            return list(message.payload.get("suggestions", ()))
    return list(opening)


def _as_text(value: object) -> str:
    return "" if value is None else str(value)


def _keep_plain(value: str) -> str:
    """A time zone or locale as browsers name them, or nothing."""
    plain = value.replace("/", "").replace("_", "").replace("-", "").replace("+", "")
    return value if plain.isalnum() and plain.isascii() else ""

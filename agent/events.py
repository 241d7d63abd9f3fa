"""An answer as events and as stored payload: what the HTTP API promises to clients. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from agent.answers import Draft
from agent.citing import CitedSentence
from sales.conversations.schemas import CitationContent


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """A piece of an answer as it goes out: sentence, citation, card or done."""

    name: str
    data: dict[str, Any]


def build_spoken(
    sentence: CitedSentence, new_citations: Sequence[CitationContent]
) -> list[TurnEvent]:
    """The events of a sentence: a citation comes before the sentence that uses it."""
    events = [TurnEvent("citation", describe_citation(citation)) for citation in new_citations]
    data = {"text": sentence.text, "citations": list(sentence.numbers)}
    return [*events, TurnEvent("sentence", data)]


def describe_citation(citation: CitationContent) -> dict[str, Any]:
    """A citation as clients see it."""
    return {
        "n": citation.n,
        "id": citation.id,
        "url": citation.url,
        "title": citation.title,
        "quote": citation.quote,
    }


def build_payload(
    cited: Sequence[CitedSentence], citations: Sequence[CitationContent], draft: Draft
) -> dict[str, Any]:
    """What is stored of an answer beside its text."""
    return {
        "sentences": [{"text": one.text, "citations": list(one.numbers)} for one in cited],
        "citations": [describe_citation(citation) for citation in citations],
        "cards": [card.as_payload() for card in draft.cards],
        "suggestions": list(draft.suggestions),
        "outcome": draft.outcome,
        "awaits_staff": bool(draft.trace.get("passes_on")),
    }


def build_done(message_id: str, text: str, payload: dict[str, Any]) -> TurnEvent:
    """The whole answer as one event."""
    data = {
        "message_id": message_id,
        "text": text,
        "sentences": payload.get("sentences", []),
        "citations": payload.get("citations", []),
        "cards": payload.get("cards", []),
        "profile": payload.get("profile", {}),
        "suggestions": payload.get("suggestions", []),
        "outcome": payload.get("outcome", "talk"),
        "awaits_staff": payload.get("awaits_staff", False),
    }
    return TurnEvent("done", data)


def replay(message_id: str, text: str, payload: dict[str, Any]) -> list[TurnEvent]:
    """The events of an answer that was given before."""
    events: list[TurnEvent] = [TurnEvent("citation", one) for one in payload.get("citations", [])]
    events += [TurnEvent("sentence", one) for one in payload.get("sentences", [])]
    events += [TurnEvent("card", one) for one in payload.get("cards", [])]
    return [*events, build_done(message_id, text, payload)]

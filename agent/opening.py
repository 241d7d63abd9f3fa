"""What a visitor sees before the first message."""

from __future__ import annotations

from dataclasses import dataclass

from agent.settings import AgentSettings
from agent.wording import choose_language, say
from sales.knowledge.service import KnowledgeService
from sales.organization.service import KnownSite

_SUGGESTIONS = 4
_LONGEST = 70


@dataclass(frozen=True, slots=True)
class Opening:
    """The first words: a greeting, the notice that this is an AI, and questions to begin with."""

    greeting: str
    disclosure: str
    suggestions: tuple[str, ...]


async def build_opening(
    knowledge: KnowledgeService, agent: AgentSettings, site: KnownSite, locale: str, page_url: str
) -> Opening:
    """The opening in the visitor's language. Suggestions are questions the website answers."""
    language = choose_language(locale, site.settings.language)
    values = {"name": site.settings.name, "agent": agent.name}
    suggestions = list(site.settings.suggestions)
    if not suggestions:
        found = await knowledge.list_questions(site.ref, page_url, _SUGGESTIONS * 2)
        suggestions = [question for question in found if len(question) <= _LONGEST]
    if not suggestions:
        keys = ("suggest_offer", "suggest_price", "suggest_contact")
        suggestions = [say(key, language) for key in keys]
    return Opening(
        greeting=site.settings.greeting or say("greeting", language, **values),
        disclosure=say("disclosure", language, **values),
        suggestions=tuple(suggestions[:_SUGGESTIONS]),
    )

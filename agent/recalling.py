"""Step 4 of a turn: find passages for every question of a message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.intents import Intent
from agent.noticing import Noticed
from agent.page_orders import drop_orders
from agent.questions import AskedQuestion, choose_answer_type, rewrite_follow_up
from sales.conversations.schemas import ConversationState, StoredMessage
from sales.knowledge.ranking import Band, check_answerable, estimate_answerable
from sales.knowledge.schemas import PRODUCT, StoredPassage
from sales.knowledge.service import KnowledgeService, Recall
from sales.knowledge.settings import VectorDatabaseSettings
from sales.organization.models import SiteRef

# What is asked of the website when a visitor wants a person.
_CONTACT_QUESTION = "How can I contact the team by e-mail or phone?"
_MAX_QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class RecalledQuestion:
    """A question, as asked and as searched, with what was found for it."""

    asked: AskedQuestion
    searched: str
    recall: Recall
    band: Band
    threshold: float = 0.0

    def choose_band(self, doubt: float) -> Band:
        """The band once a sentence is chosen: `doubt` is what it takes off the log odds of an
        answer, because it lacks what was asked for."""
        if self.band is not Band.ANSWER or not doubt:
            return self.band
        sure = estimate_answerable(self.recall.passages, doubt) >= self.threshold
        return Band.ANSWER if sure else Band.CLOSEST


async def recall_questions(
    knowledge: KnowledgeService,
    state: ConversationState,
    noticed: Noticed,
    settings: VectorDatabaseSettings,
) -> tuple[RecalledQuestion, ...]:
    """Search for each question at the same time; follow-ups are made whole first."""
    if noticed.intent is Intent.PERSON:
        contact = AskedQuestion(_CONTACT_QUESTION, choose_answer_type(_CONTACT_QUESTION))
        return (await _recall(knowledge, state, contact, _CONTACT_QUESTION, settings),)
    asked: Sequence[AskedQuestion] = noticed.questions[:_MAX_QUESTIONS]
    previous, titles = _find_context(state)
    searched = []
    for question in asked:
        whole = rewrite_follow_up(question.text, previous, titles)
        searched.append(whole)
        previous = [*previous, whole]
    found = await asyncio.gather(
        *(
            _recall(knowledge, state, question, whole, settings)
            for question, whole in zip(asked, searched, strict=True)
        )
    )
    return tuple(found)


async def _recall(
    knowledge: KnowledgeService,
    state: ConversationState,
    asked: AskedQuestion,
    searched: str,
    settings: VectorDatabaseSettings,
) -> RecalledQuestion:
    recall = drop_orders(await knowledge.recall(state.site, searched, settings.max_results))
    threshold = settings.similarity_threshold
    band = check_answerable(searched, recall.passages, threshold)
    return RecalledQuestion(asked, searched, recall, band, threshold)


async def look_up_products(
    knowledge: KnowledgeService, site: SiteRef, need: str, settings: VectorDatabaseSettings
) -> RecalledQuestion:
    """What the website sells for a need; its other passages where no product fits."""
    recall = drop_orders(await knowledge.recall(site, need, settings.max_results * 2))
    products = [one for one in recall.passages if recall.stored[one.passage_id].kind == PRODUCT]
    others = [one for one in recall.passages if one not in products]
    best = (*products, *others)[: settings.max_results]
    band = check_answerable(need, recall.passages, settings.similarity_threshold)
    asked = AskedQuestion(need, choose_answer_type(need))
    return RecalledQuestion(asked, need, replace(recall, passages=best), band)


def _find_context(state: ConversationState) -> tuple[list[str], list[str]]:
    """What a follow-up may refer to: earlier questions as they were searched, and the titles of
    the pages last cited; at the beginning, the page the visitor is on."""
    questions: list[str] = []
    titles: list[str] = []
    for message in state.messages:
        if message.role == "agent":
            questions += _searched(message)
            cited = [str(one["title"]) for one in message.payload.get("citations", ())]
            titles = cited or titles
    if not questions and state.page_title:
        questions = [state.page_title]
    return questions[-3:], titles


def _searched(message: StoredMessage) -> list[str]:
    return [str(question) for question in message.trace.get("searched", ())]


def gather_passages(questions: Sequence[RecalledQuestion]) -> dict[int, StoredPassage]:
    """Every passage that was recalled in this turn, by id."""
    return {key: one for question in questions for key, one in question.recall.stored.items()}


async def knows_anything(
    knowledge: KnowledgeService, site: SiteRef, questions: Sequence[RecalledQuestion]
) -> bool:
    """Whether the website has any page, where nothing was found for a question."""
    if not questions or any(question.recall.passages for question in questions):
        return True
    return await knowledge.count_pages(site) > 0

"""Answers without a model: sentences of the website, word for word, and a few of its own. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.answers import Card, Draft, Quote, Sentence
from agent.booking_contact import read_contact
from agent.intents import Intent
from agent.labelling import choose_label
from agent.products import choose_recommended
from agent.recalling import RecalledQuestion
from agent.responder import TurnContext
from agent.sentences import ChosenSentence, choose_sentences
from agent.settings import AgentSettings
from agent.suggesting import choose_suggestions
from agent.wording import name_language, say
from sales.knowledge.ranking import Band

_NEAREST_PAGES = 3
_CLAIMS = re.compile(r"[\d@%€$£¥]|://|www\.")


@dataclass(slots=True)
class _Builder:
    """Collects an answer while it is worded."""

    context: TurnContext
    agent_name: str
    sentences: list[Sentence] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    asked_for: str = ""
    recommended: list[int] = field(default_factory=list)

    def say(self, key: str, **values: str) -> None:
        """Add one of the agent's own phrases."""
        site = self.context.site
        words = say(
            key,
            self.context.language,
            name=site.name,
            agent=self.agent_name,
            site_language=name_language(site.language, self.context.language),
            **values,
        )
        self.sentences.append(Sentence(words))

    def has_quoted(self, one: ChosenSentence) -> bool:
        """Whether the answer holds that sentence already."""
        place = (one.passage_id, one.start, one.end)
        return any(
            (quote.passage_id, quote.start, quote.end) == place
            for sentence in self.sentences
            for quote in sentence.quotes
        )

    def quote(self, chosen: Sequence[ChosenSentence], question: RecalledQuestion) -> None:
        """Add sentences of the website; the first of each passage says what it is about."""
        labelled: set[int] = set()
        for one in chosen:
            quote = Quote(one.passage_id, one.start, one.end, one.text)
            label = ""
            if one.passage_id not in labelled:
                labelled.add(one.passage_id)
                passage = question.recall.stored[one.passage_id]
                label = choose_label(
                    question.searched, passage.title, passage.heading_path, one.text
                )
            text = f"{label}: {one.text}" if label else one.text
            self.sentences.append(Sentence(text, (quote,), about_company=True))


class EmbeddedResponder:
    """A dialogue policy over what was noticed and recalled. The same context, the same answer."""

    def __init__(self, settings: AgentSettings) -> None:
        self._settings = settings
        self._talk: dict[Intent, Callable[[_Builder], None]] = {
            Intent.GREETING: lambda builder: builder.say("hello"),
            Intent.HOW_ARE_YOU: lambda builder: builder.say("how_are_you"),
            Intent.ARE_YOU_A_BOT: lambda builder: builder.say("bot"),
            Intent.WHO_ARE_YOU: lambda builder: builder.say("who"),
            Intent.WHAT_CAN_YOU_DO: lambda builder: builder.say("can_do"),
            Intent.THANKS: lambda builder: builder.say("thanks"),
            Intent.GOODBYE: lambda builder: builder.say("goodbye"),
            Intent.JOKE: lambda builder: builder.say("joke"),
            Intent.ABUSE: lambda builder: builder.say("abuse"),
            Intent.NONSENSE: lambda builder: builder.say("nonsense"),
            Intent.YES: self._say_yes,
            Intent.NO: self._say_no,
            Intent.PERSON: self._offer_person,
            Intent.COMPLAINT: self._offer_complaint,
        }

    def respond(self, context: TurnContext) -> Draft:
        """The whole answer, before it is verified."""
        builder = _Builder(context, self._settings.name)
        intent = context.noticed.intent
        if intent is Intent.QUESTION:
            self._answer(builder)
        else:
            self._talk[intent](builder)
        return Draft(
            sentences=tuple(builder.sentences),
            cards=tuple(builder.cards),
            suggestions=choose_suggestions(context.questions, builder.sentences),
            outcome=_summarise(builder.outcomes),
            open_question=builder.unanswered[-1] if builder.unanswered else "",
            trace=_trace(context, builder),
        )

    def _answer(self, builder: _Builder) -> None:
        context = builder.context
        if not context.questions and context.listening.is_data_only:
            return
        if context.site_is_empty:
            builder.say("empty_site")
            builder.outcomes.append("not_found")
            builder.unanswered.append(context.text)
            return
        if self.is_foreign(context):
            builder.say("language")
            builder.outcomes.append("not_found")
            return
        several = len(context.questions) > 1
        for question in context.questions:
            self._answer_one(builder, question, several=several)
        if builder.unanswered:
            self._show_nearest(builder)
            builder.say("offer")

    def is_foreign(self, context: TurnContext) -> bool:
        """Whether the visitor writes in a language that the website does not, in vain."""
        language = context.noticed.language
        if language is None or language == context.site.language.split("-")[0].lower():
            return False
        return all(question.band is not Band.ANSWER for question in context.questions)

    def _answer_one(self, builder: _Builder, question: RecalledQuestion, *, several: bool) -> None:
        band = question.band
        limit = self._settings.max_sentences if not several else 2
        chosen: Sequence[ChosenSentence] = ()
        if band is not Band.NONE:
            fitting = choose_recommended(question)
            builder.recommended += [passage.passage_id for passage in fitting]
            chosen = choose_sentences(
                question.searched,
                fitting or question.recall.passages,
                limit=limit if band is Band.ANSWER else 1,
            )
            band = question.choose_band(chosen[0].doubt) if chosen else band
            chosen = chosen if band is Band.ANSWER else chosen[:1]
        if not chosen:
            if several:
                _say_what_is_missing(builder, question.asked.text)
            else:
                again = bool(builder.context.open_question)
                builder.say("not_found_again" if again else "not_found")
            builder.outcomes.append("not_found")
            builder.unanswered.append(question.asked.text)
            return
        # Two questions with one answer get it once.
        fresh = [one for one in chosen if not builder.has_quoted(one)]
        if band is Band.CLOSEST:
            if fresh:
                builder.say("closest")
            builder.unanswered.append(question.asked.text)
        builder.outcomes.append("answered" if band is Band.ANSWER else "closest")
        builder.quote(fresh, question)

    def _show_nearest(self, builder: _Builder) -> None:
        """Links to the pages that come closest to what was not found."""
        quoted = {quote.passage_id for one in builder.sentences for quote in one.quotes}
        items: dict[str, str] = {}
        for question in builder.context.questions:
            if question.asked.text not in builder.unanswered:
                continue
            for passage in question.recall.passages:
                if passage.passage_id not in quoted and passage.url:
                    items.setdefault(passage.url, passage.title or passage.url)
        listed = [{"title": title, "url": url} for url, title in items.items()][:_NEAREST_PAGES]
        if listed:
            title = say("nearest", builder.context.language)
            builder.cards.append(Card("links", {"title": title, "items": listed}))

    def _say_yes(self, builder: _Builder) -> None:
        if builder.context.listening.told.consent:
            return
        context = builder.context
        # Also what was told for a meeting, or may not be stored: it stands in the conversation.
        reachable = read_contact(
            context.state.messages,
            context.text,
            action=None,
            profile=context.listening.known,
            locale=context.state.locale,
        ).values
        if not context.open_question:
            builder.say("nothing_open")
        elif reachable["email"]:
            builder.say("passed_on_known")
        elif reachable["phone"]:
            builder.say("passed_on_call")
        else:
            builder.say("passed_on")
            builder.asked_for = "email"

    def _say_no(self, builder: _Builder) -> None:
        listening = builder.context.listening
        if listening.told.consent or listening.told.declined:
            return
        builder.say("not_passed_on" if builder.context.open_question else "nothing_open")

    def _offer_person(self, builder: _Builder) -> None:
        builder.say("person")
        for question in builder.context.questions:
            if question.band is Band.NONE:
                continue
            chosen = choose_sentences(question.searched, question.recall.passages, limit=2)
            if chosen:
                builder.say("person_found")
                builder.quote(chosen, question)
        builder.unanswered.append(builder.context.text)
        builder.say("person_offer")

    def _offer_complaint(self, builder: _Builder) -> None:
        builder.unanswered.append(builder.context.text)
        builder.say("complaint")


def describe_recall(context: TurnContext) -> dict[str, Any]:
    """What the trace keeps of how a message was read and what was found for it."""
    return {
        "intent": str(context.noticed.intent),
        "language": context.noticed.language,
        "searched": [question.searched for question in context.questions],
        "bands": [str(question.band) for question in context.questions],
        "probabilities": [
            round(question.recall.passages[0].probability, 3) if question.recall.passages else 0
            for question in context.questions
        ],
        "vectors_used": all(question.recall.vectors_used for question in context.questions),
    }


def _trace(context: TurnContext, builder: _Builder) -> dict[str, Any]:
    return {
        "responder": "embedded",
        **describe_recall(context),
        "passes_on": context.noticed.intent is Intent.YES and bool(context.open_question),
        "outcomes": builder.outcomes,
        **({"recommended": builder.recommended} if builder.recommended else {}),
        **({"asked_for": builder.asked_for} if builder.asked_for else {}),
    }


def _say_what_is_missing(builder: _Builder, text: str) -> None:
    """Name the one of several questions that stays open. A claim, a figure or an address is not
    repeated: said back, even as not found, it could be shown around as said by the website."""
    if text.rstrip().endswith("?") and not _CLAIMS.search(text):
        builder.say("not_found_part", question=text.strip("? "))
    else:
        builder.say("not_found_other")


def _summarise(outcomes: Sequence[str]) -> str:
    """One word for the whole turn: the worst that happened to a question of it."""
    for outcome in ("not_found", "closest", "answered"):
        if outcome in outcomes:
            return outcome
    return "talk"

"""Whether a qualification rule counts in a conversation, and by which words. Pure."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sales.leads.facts import ConversationFacts
from sales.leads.fields import Field
from sales.leads.settings import (
    CountRule,
    FieldRule,
    PageRule,
    PhraseList,
    PhraseRule,
    QualificationSettings,
    Rule,
    SignalRule,
    SourceRule,
)
from sales.leads.signals import Quote, Signal, VisitorMessage, detect_signals, find_phrase
from sales.leads.timelines import read_timeline

MAX_QUOTES = 3


@dataclass(frozen=True, slots=True)
class Match:
    """That a rule counts. Evidence without a message is a page or a count, in words."""

    evidence: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """All signals of a conversation, in order."""

    signals: tuple[Signal, ...]
    by_name: Mapping[str, tuple[Quote, ...]]

    @staticmethod
    def of(signals: Sequence[Signal]) -> Recognised:
        """Signals by what they are asked for: some sixty times in a judgement."""
        by_name: dict[str, tuple[Quote, ...]] = {}
        for signal in signals:
            quote = Quote(signal.message_id, signal.quote)
            # "competitor:Acme" is also a competitor.
            parts = signal.id.split(":")
            for end in range(1, len(parts) + 1):
                name = ":".join(parts[:end])
                by_name[name] = (*by_name.get(name, ()), quote)
        return Recognised(tuple(signals), by_name)

    def quotes(self, name: str) -> tuple[Quote, ...]:
        """The words that showed a signal; `competitor` stands for any of them."""
        return self.by_name.get(name, ())


def recognise(facts: ConversationFacts, rules: QualificationSettings) -> Recognised:
    """The signals of all messages."""
    lists = (rules.competitors, rules.topics, rules.objections)
    found = [signal for message in facts.messages for signal in _read_message(message, *lists)]
    return Recognised.of(found)


# A conversation is scored after each message, and all but one of its messages were read before.
@lru_cache(maxsize=2048)
def _read_message(
    message: VisitorMessage,
    competitors: tuple[str, ...],
    topics: tuple[PhraseList, ...],
    objections: tuple[PhraseList, ...],
) -> tuple[Signal, ...]:
    found = detect_signals(message, competitors=competitors, topics=topics, objections=objections)
    return tuple(found)


def match_rule(rule: Rule, facts: ConversationFacts, found: Recognised) -> Match | None:
    """The evidence for a rule, or None where it does not count."""
    if isinstance(rule, FieldRule):
        return _match_field(rule, facts)
    if isinstance(rule, SignalRule):
        quotes = found.quotes(rule.signal)
        return Match(quotes[:MAX_QUOTES]) if quotes else None
    if isinstance(rule, PhraseRule):
        return _match_phrase(rule, facts)
    if isinstance(rule, CountRule):
        return _match_count(rule, facts)
    if isinstance(rule, PageRule):
        return _match_page(rule, facts)
    return _match_source(rule, facts)


def _match_field(rule: FieldRule, facts: ConversationFacts) -> Match | None:
    evidence = facts.profile.evidence(rule.field)
    if evidence is None or (rule.values and not _is_among(rule, facts)):
        return None
    return Match((Quote(evidence.message_id or "", evidence.quote or str(evidence.value)),))


def _is_among(rule: FieldRule, facts: ConversationFacts) -> bool:
    evidence = facts.profile.evidence(rule.field)
    if evidence is None:
        return False
    value = evidence.value
    if rule.field == Field.TIMELINE:
        value = read_timeline(str(value), evidence.at.date()) or value
    wanted = [item.lower() if isinstance(item, str) else item for item in rule.values]
    return (value.lower() if isinstance(value, str) else value) in wanted


def _match_phrase(rule: PhraseRule, facts: ConversationFacts) -> Match | None:
    quotes = []
    for message in facts.messages:
        span = find_phrase(message.text, rule.phrases)
        if span:
            quotes.append(Quote(message.id, message.text[slice(*span)]))
    return Match(tuple(quotes[:MAX_QUOTES])) if quotes else None


def _match_count(rule: CountRule, facts: ConversationFacts) -> Match | None:
    counts = {
        "messages": len(facts.messages),
        "pages_viewed": len(set(facts.pages)),
        "answered_questions": facts.answered_questions,
        "previous_conversations": facts.previous_conversations,
        "appointments": facts.appointments,
    }
    number = counts[rule.what]
    if number < rule.at_least:
        return None
    return Match((Quote("", f"{rule.what.replace('_', ' ')}: {number}"),))


def _match_page(rule: PageRule, facts: ConversationFacts) -> Match | None:
    pages = [page for page in facts.pages if page.lower().startswith(_lowered(rule.paths))]
    return Match(tuple(Quote("", page) for page in pages[:MAX_QUOTES])) if pages else None


def _lowered(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _match_source(rule: SourceRule, facts: ConversationFacts) -> Match | None:
    value = facts.source.get(rule.key, "")
    if not value:
        return None
    fits = [
        pattern for pattern in _lowered(rule.values) if fnmatch.fnmatchcase(value.lower(), pattern)
    ]
    if rule.values and not fits:
        return None
    return Match((Quote("", f"{rule.key}: {value}"),))

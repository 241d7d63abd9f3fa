"""Numbers the sources of an answer. Pure, but for the ids it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.answers import Quote, Sentence
from sales.conversations.schemas import CitationContent
from sales.knowledge.schemas import StoredPassage


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence with the numbers of its citations, as the visitor sees them."""

    text: str
    numbers: tuple[int, ...]


def cite(
    sentences: Sequence[Sentence],
    passages: Mapping[int, StoredPassage],
    new_id: Callable[[], str],
) -> tuple[list[CitedSentence], list[CitationContent]]:
    """Give every quote a number in the order of reading; the same quote keeps its number."""
    numbers: dict[Quote, int] = {}
    citations: list[CitationContent] = []
    cited: list[CitedSentence] = []
    for sentence in sentences:
        for quote in sentence.quotes:
            if quote not in numbers:
                numbers[quote] = len(numbers) + 1
                passage = passages[quote.passage_id]
                citations.append(_build_citation(new_id(), numbers[quote], quote, passage))
        own = tuple(dict.fromkeys(numbers[quote] for quote in sentence.quotes))
        cited.append(CitedSentence(sentence.text, own))
    return cited, citations


def join_sentences(sentences: Sequence[CitedSentence]) -> str:
    """The answer as one text: a space between sentences, but before a line of its own."""
    text = ""
    for sentence in sentences:
        text += sentence.text if not text or sentence.text.startswith("\n") else " " + sentence.text
    return text.strip()


def _build_citation(
    citation_id: str, number: int, quote: Quote, passage: StoredPassage
) -> CitationContent:
    return CitationContent(
        id=citation_id,
        n=number,
        passage_id=passage.passage_id,
        passage_hash=passage.content_hash,
        url=passage.url,
        title=passage.title,
        headings=" > ".join(passage.heading_path),
        quote=quote.text,
        start=quote.start,
        end=quote.end,
    )

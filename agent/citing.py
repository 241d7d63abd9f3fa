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


class Citer:
    """Gives every quote a number in the order of reading; the same quote keeps its number."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._numbers: dict[Quote, int] = {}
        self.sentences: list[CitedSentence] = []
        self.citations: list[CitationContent] = []

    def cite(
        self, sentence: Sentence, passages: Mapping[int, StoredPassage]
    ) -> tuple[CitedSentence, list[CitationContent]]:
        """The sentence with its numbers, and the citations that are new with it."""
        known = len(self.citations)
        for quote in sentence.quotes:
            if quote not in self._numbers:
                number = self._numbers[quote] = len(self._numbers) + 1
                passage = passages[quote.passage_id]
                self.citations.append(_build_citation(self._new_id(), number, quote, passage))
        own = tuple(dict.fromkeys(self._numbers[quote] for quote in sentence.quotes))
        self.sentences.append(CitedSentence(sentence.text, own))
        return self.sentences[-1], self.citations[known:]


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

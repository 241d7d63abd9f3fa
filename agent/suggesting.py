"""Questions that a visitor may ask next: only such as the website answers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.answers import Sentence
from agent.recalling import RecalledQuestion

_LIMIT = 3
_LONGEST = 70
# Below this a heading has too little to do with what was asked.
_RELATED = 0.05


def choose_suggestions(
    questions: Sequence[RecalledQuestion], said: Iterable[Sentence]
) -> tuple[str, ...]:
    """Headings of the recalled passages that are questions themselves, and were not answered."""
    quoted = {quote.passage_id for sentence in said for quote in sentence.quotes}
    asked = {question.asked.text.strip(" ?!.").lower() for question in questions}
    found: dict[str, None] = {}
    for question in questions:
        for passage in question.recall.passages:
            heading = passage.heading_path[-1].strip() if passage.heading_path else ""
            if not heading.endswith("?") or len(heading) > _LONGEST:
                continue
            if passage.passage_id in quoted or passage.probability < _RELATED:
                continue
            if heading.strip(" ?").lower() not in asked:
                found.setdefault(heading)
    return tuple(found)[:_LIMIT]

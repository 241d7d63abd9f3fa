"""Products of the website in an answer: which are recommended, which were asked about. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from agent.recalling import RecalledQuestion
from sales.conversations.schemas import CitationContent
from sales.knowledge.ranking import RankedPassage
from sales.knowledge.schemas import PRODUCT, StoredPassage
from sales.leads.interactions import describe_products

MAX_RECOMMENDED = 2
# A product's passage fits when it helps nearly as much as the best passage of any page: a page
# that explains which product to take is a better answer than a product that merely has the words.
_NEARLY = 0.6

_ASKS = re.compile(
    r"\b(?:which|what)\b[^.?!\n]{0,60}\b(?:do|should|would|shall) (?:i|we|you|one)\b[^.?!\n]{0,20}?"
    r"\b(?:need(?! to\b)|use|buy|get|choose|order|pick|take|recommend|suggest|go (?:for|with))\b"
    r"|\b(?:can|could|would|do) you (?:\w+ )?(?:recommend|suggest)\b|\brecommendations?\b"
    r"|\bwhat do you advise\b"
    r"|\bbest (?!way|time|regards|practi[cs]e|wishes|price)[^.?!\n]{1,40}\bfor\b"
    r"|\bwhich\b[^.?!\n]{0,60}\b(?:right|suitable|best|fits?|suits?)\b",
    re.IGNORECASE,
)


def asks_recommendation(question: str) -> bool:
    """Whether a product is asked for that fits, rather than a fact about one."""
    return bool(_ASKS.search(question))


def choose_recommended(question: RecalledQuestion) -> list[RankedPassage]:
    """The passages to recommend from: of at most two product pages that fit, best first; none
    when no recommendation is asked for, or no product fits."""
    passages = question.recall.passages
    if not passages or not asks_recommendation(question.asked.text):
        return []
    enough = _NEARLY * max(passage.probability for passage in passages)
    fitting = [
        passage
        for passage in passages
        if question.recall.stored[passage.passage_id].kind == PRODUCT
        and passage.probability >= enough
    ]
    pages = list(dict.fromkeys(passage.url for passage in fitting))[:MAX_RECOMMENDED]
    return [passage for passage in fitting if passage.url in pages]


def note_products(
    citations: Sequence[CitationContent],
    passages: Mapping[int, StoredPassage],
    recommended: Collection[int],
) -> dict[str, list[dict[str, str]]]:
    """The product pages that an answer cites, as its trace keeps them. `recommended`: passages
    that were said because a recommendation was asked for; the others were asked about."""
    cited: dict[str, list[tuple[str, str]]] = {"asked": [], "recommended": []}
    for citation in citations:
        if passages[citation.passage_id].kind == PRODUCT:
            kind = "recommended" if citation.passage_id in recommended else "asked"
            cited[kind].append((citation.url, citation.title))
    return {kind: describe_products(pages) for kind, pages in cited.items() if pages}

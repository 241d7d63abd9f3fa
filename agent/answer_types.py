"""Whether a text holds the kind of thing a question asks for: a price, a date, a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from agent.questions import AnswerType, choose_answer_type
from sales.knowledge.word_match import QuestionWords
from sales.knowledge.words import STOP_WORDS, find_stems

_NUMBER_WORD = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|"
    r"fifty|hundred|thousand|million|billion|half|third|quarter|dozen|once|twice|several|both"
)
_MONTH = (
    r"(?:jan|febr?|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
    r"(?:uary|ruary|ch|il|ust|t?ember|ober)?"
)
_UNIT_OF_TIME = r"(?:second|minute|hour|day|week|month|year|decade|centur)(?:s|y|ies)?"
_WEEKDAY = r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b"
_SEASON = (
    r"spring|summer|autumn|fall|winter|january|february|march|april|may|june|july|august|"
    r"september|october|november|december"
)
_PATTERNS: dict[AnswerType, tuple[str, ...]] = {
    AnswerType.NUMBER: (r"\d", rf"\b(?:{_NUMBER_WORD})\b", r"\bpercent\b"),
    AnswerType.MONEY: (
        r"[$€£¥]\s?\d",
        r"\d[\d.,]*\s?(?:[$€£¥]|(?:usd|eur|gbp|dollars?|euros?|pounds?|cents?|million|billion)\b)",
        r"\bfree\b",
        r"\bno (?:extra |additional )?(?:cost|charge|fee)s?\b",
        r"\b(?:price|cost|fee|rate|charge)s?\b[^.\n]{0,30}\d",
    ),
    AnswerType.DATE: (
        r"\b1\d{3}s?\b|\b20\d\d\b",
        rf"\b{_MONTH}\b\.?\s+\d|\b\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH}\b",
        _WEEKDAY,
        r"\b\d{1,2}(?:st|nd|rd|th) century\b",
        rf"\b(?:in|during|until|since|by) (?:the )?(?:early|late|mid)?\s?\w*\s?(?:{_SEASON})\b",
        r"\b\d{1,4}\s?(?:bc|ad|bce|ce)\b",
    ),
    AnswerType.TIME: (
        r"\b\d{1,2}(?::\d\d)?\s?(?:a\.?m\.?|p\.?m\.?)",
        r"\b\d{1,2}:\d\d\b",
        r"\b(?:noon|midnight|24/7|o'clock|around the clock)\b",
        _WEEKDAY,
    ),
    AnswerType.DURATION: (
        rf"\b(?:\d[\d.,–-]*|an?|{_NUMBER_WORD}|few|many|couple of)\s?(?:to \w+ )?"
        rf"(?:business |working |calendar )?-?{_UNIT_OF_TIME}\b",
        r"\b(?:immediately|instantly|same day|overnight)\b",
    ),
    AnswerType.REASON: (
        r"\b(?:because|since|due to|so that|in order to|as a result|therefore|owing to)\b",
        r"\b(?:thanks to|caused by|leads? to|led to|reasons?|result(?:s|ed)? (?:in|from))\b",
        r"\bto (?:avoid|ensure|protect|prevent|keep|make|allow|help)\b",
    ),
    AnswerType.HOW_TO: (
        r"^(?:to \w+|go to|click|open|select|choose|press|enter|use|visit|log in|sign|contact)\b",
        r"^(?:send|fill|follow|tap|add|set|install|run|create|call|email|first|then|next)\b",
        r"\b(?:by \w+ing|you can|simply|click|go to|steps?)\b",
    ),
    AnswerType.DEFINITION: (
        r"\b(?:is|are|was|were) (?:an?|the|any|one)\b",
        r"\b(?:means|refers? to|stands for|defined as|known as|consists? of|is when)\b",
    ),
    AnswerType.EMAIL: (r"[\w.+-]+@[\w-]+\.\w",),
    AnswerType.PHONE: (r"\+?\d[\d\s().-]{6,}\d",),
    AnswerType.URL: (r"https?://|\bwww\.", r"\b[\w-]+\.(?:com|org|net|io|dev|co|de)\b"),
    AnswerType.YES_NO: (
        r"^(?:yes|no)\b(?! (?:problem|worries|matter|doubt|need|wonder)\b)",
        r"^(?:sure|absolutely|currently|unfortunately|not)\b(?! \w+[.!]$)",
        r"\b(?:can|cannot|can't|do not|don't|does not|doesn't|must|allowed|available)\b",
        r"\b(?:supports?|includes?|offers?|required|possible|never|always|only)\b",
    ),
    AnswerType.LIST: (r",[^,]+,| and |:", r"\b(?:such as|including|include|following)\b"),
}
_COMPILED = {
    kind: re.compile("|".join(patterns), re.IGNORECASE) for kind, patterns in _PATTERNS.items()
}
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w'’-]+")
_PLACE = re.compile(
    r"\b(?:in|at|from|near|to|of|on|across|into|through|throughout|north|south|east|west)\s+"
    r"(?:the\s+)?[A-Z]|\b(?:street|avenue|road|building|floor|city|county|region|located|headquarter\w*)\b"
)


STRICT = frozenset({AnswerType.EMAIL, AnswerType.PHONE, AnswerType.URL})
"""What only an address or a number of a kind can answer."""
_STRICT_WEIGHT = 5.0


def holds_type(answer_type: AnswerType, text: str, asked: frozenset[str]) -> float:
    """1.0 when `text` holds what `answer_type` asks for, -1.0 when not, 0.0 when nothing is known;
    five times as much for addresses, which only one thing can answer.

    `asked`: stems of the question; a name that the question already says is no answer to it.
    """
    if answer_type is AnswerType.ANY:
        return 0.0
    if answer_type in (AnswerType.PERSON, AnswerType.PLACE):
        if answer_type is AnswerType.PLACE and not _PLACE.search(text):
            return -1.0
        for found in _NAME.finditer(text):
            if found.group().lower() in STOP_WORDS:
                continue
            if not asked.intersection(find_stems(found.group())):
                return 1.0
        return -1.0
    weight = _STRICT_WEIGHT if answer_type in STRICT else 1.0
    return weight if _COMPILED[answer_type].search(text) else -weight


# What a question may be about, and how a page labels it: "Price: 55" never says "cost".
_LABELS: tuple[tuple[str, str], ...] = (
    (
        r"\bhow much\b|\bcosts?\b|\bprices?\b|\bpricing\b|\bexpensive\b|\bcheap\w*\b|\bfees?\b|"
        r"\bcharged?\b|\bpay for\b",
        "price prices pricing cost costs fee fees",
    ),
    (r"\bin stock\b|\bavailab\w+|\bsold out\b", "availability available stock"),
    (r"\bcolou?rs?\b", "color colour colors colours"),
    (r"\bsizes?\b|\bhow (?:big|large)\b|\bdimensions?\b", "size sizes dimensions"),
    (r"\bsku\b|\b(?:article|part|item|order) (?:number|no)\b", "sku"),
    (r"\bhow heavy\b|\bweigh\w*\b", "weight"),
    (r"\bhow long\b.*\b(?:take|deliver\w*|ship\w*|arrive)\b", "delivery time days"),
    (r"\bdeliver\w*\b|\bshipping\b|\bship\b", "delivery shipping ship"),
    (r"\bopen(?:ing)?\b|\bhours\b|\bwhen (?:are|can) (?:you|i)\b", "hours open monday"),
    (r"\bwho (?:is|are|founded)\b|\bfounders?\b|\bceo\b", "role founder founded"),
    (r"\bphone\b|\bcall\b|\btelephone\b", "phone telephone"),
    (r"\be-?mail\b|\bwrite to\b", "mail email"),
    (r"\baddress\b|\bwhere (?:are you|is your)\b|\blocated\b", "address office"),
    (r"\bwarranty\b|\bguarantee\w*\b", "warranty guarantee"),
    (r"\bdefault\b", "default"),
)
_LABEL_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE), frozenset(find_stems(words))) for pattern, words in _LABELS
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as an answer has to fit it. `labels`: stems by which pages label what is asked;
    `cues`: the question's own stems that stand for them."""

    words: QuestionWords
    answer_type: AnswerType
    labels: frozenset[str]
    cues: frozenset[str]


@lru_cache(maxsize=256)
def read_question(question: str) -> Asked:
    """Analyse a question; the last 256 are remembered."""
    labels: frozenset[str] = frozenset()
    cues: set[str] = set()
    for pattern, stems in _LABEL_RULES:
        for found in pattern.finditer(question):
            labels |= stems
            cues.update(find_stems(found.group()))
    return Asked(QuestionWords.of(question), choose_answer_type(question), labels, frozenset(cues))

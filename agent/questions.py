"""What a visitor's message asks: its questions, the kind of answer expected, its follow-ups.

Pure rules over words; English. A message in another language passes through unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from agent.sentence_split import split_sentences
from sales.knowledge.words import QUESTION_WORDS, STOP_WORDS, split_words


class AnswerType(StrEnum):
    """What an answer must hold to be one."""

    PERSON = "person"
    PLACE = "place"
    DATE = "date"
    TIME = "time"
    NUMBER = "number"
    MONEY = "money"
    DURATION = "duration"
    YES_NO = "yes_no"
    REASON = "reason"
    HOW_TO = "how_to"
    DEFINITION = "definition"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    LIST = "list"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """One question of a message. `text` is as written, trimmed; `answer_type` what it expects."""

    text: str
    answer_type: AnswerType


_AUXILIARY = (
    r"is|are|was|were|do|does|did|can|could|will|would|should|shall|may|might|has|have|had|am|"
    r"isn't|aren't|don't|doesn't|didn't|can't|won't"
)
_OPENER = rf"(?:what|what's|whats|when|where|which|who|whose|whom|why|how|{_AUXILIARY})"

# Asked by the first word, or by a word anywhere. The first rule that fits decides: narrow ones
# stand before wide ones.
_TYPE_RULES: tuple[tuple[AnswerType, tuple[str, ...]], ...] = (
    (
        AnswerType.EMAIL,
        (r"\be-?mail address", r"\b(?:what|which)\b.*\be-?mail\b", r"\bwhere.*\be-?mail\b"),
    ),
    (
        AnswerType.PHONE,
        (r"\b(?:phone|telephone|fax|mobile) number\b", r"\bcall you\b", r"\byour phone\b"),
    ),
    (AnswerType.URL, (r"\b(?:url|web address|download link|link to)\b",)),
    (
        AnswerType.TIME,
        (
            r"\b(?:what|which) time\b",
            r"\b(?:opening|business|office|working) hours\b",
            r"\bwhen (?:do|does|are|is) (?:you|the|your)\b.*\b(?:open|close|closed)\b",
        ),
    ),
    (
        AnswerType.DURATION,
        (
            r"\bhow (?:long|soon|quickly)\b",
            r"\bhow many (?:minutes|hours|days|weeks|months|years)\b",
            r"\bduration\b",
        ),
    ),
    (AnswerType.DATE, (r"^\W*(?:(?:and|so|but|since)\W+)?when\b",)),
    (AnswerType.REASON, (r"^\W*(?:(?:and|so|but)\W+)?why\b", r"\bhow come\b")),
    (AnswerType.PERSON, (r"^\W*(?:(?:and|so|but)\W+)?who(?:m|se|'s)?\b",)),
    (AnswerType.PLACE, (r"^\W*(?:(?:and|so|but|from)\W+)?where\b",)),
    (
        AnswerType.MONEY,
        (
            r"\bhow much\b(?! (?:time|water|energy|memory|space|data|storage|of|more|less)\b)"
            r"(?!.*\bweigh)",
            r"\b(?:price|prices|pricing|priced|cost|costs|fee|fees|salary|expensive|cheap|charge|"
            r"charged)\b",
        ),
    ),
    (
        AnswerType.NUMBER,
        (
            r"\bhow (?:many|much|big|tall|high|large|far|old|fast|heavy|wide|deep|often)\b",
            r"\b(?:what|which) (?:percent\w*|number|amount|proportion|share|size|population)\b",
        ),
    ),
    (
        AnswerType.DATE,
        (
            r"\b(?:tell|know|say|and|or|until|since|by|about)\s(?:me |us )?when\b",
            r"\b(?:what|which) (?:year|date|day|month|decade|century)\b",
            r"\bdeadline\b",
        ),
    ),
    (AnswerType.REASON, (r"\bwhy\b", r"\bwhat (?:caused|causes|reason)", r"\bfor what reason\b")),
    (
        AnswerType.PERSON,
        (
            r"\b(?:what|which) (?:person|man|woman|king|queen|president|author|scientist|actor)\b",
            r"\bwho(?:m|se)?\b",
        ),
    ),
    (
        AnswerType.PLACE,
        (
            r"\b(?:what|which) (?:city|country|state|place|region|location|continent|town)\b",
            r"\b(?:where|located|location|your address)\b",
        ),
    ),
    (
        AnswerType.DEFINITION,
        (
            r"\bwhat\b.{1,60}\b(?:mean|stand for|definition)\b",
            r"^\W*(?:define|explain)\b",
            r"^\W*what(?:'s| is| are)(?! the| your| some)(?: an?)?(?: [\w-]+){1,3}\W*$",
            r"^\W*what(?:'s| is) the(?: [\w-]+){1,2}\W*$",
        ),
    ),
    (
        AnswerType.HOW_TO,
        (r"\bhow (?:do|can|should|would|could|to|does one)\b", r"\bsteps? (?:to|for)\b"),
    ),
    (
        AnswerType.LIST,
        (
            r"\b(?:what|which) (?:are|were) (?:the|some|your)\b",
            r"\b(?:list|types? of|kinds? of|examples? of)\b",
            r"\b(?:what|which) \w+s (?:are|do|does|can|were)\b",
        ),
    ),
)
_COMPILED_RULES = tuple(
    (kind, re.compile("|".join(patterns), re.IGNORECASE)) for kind, patterns in _TYPE_RULES
)
_YES_NO = re.compile(
    rf"^\W*(?:(?:and|but|so|also|hi|hello|ok|okay)\W+)*(?:{_AUXILIARY})\b", re.IGNORECASE
)
_ASKS_TO_BE_TOLD = re.compile(r"\b(?:tell|say|know|give|show|explain)\b", re.IGNORECASE)


def choose_answer_type(question: str) -> AnswerType:
    """The kind of answer `question` expects; ANY where no rule fits.

    A yes/no opening outweighs the words behind it ("do you have a price list?"), except where
    the question asks for a value anyway ("can you tell me the price?").
    """
    text = question[:400].replace("’", "'")
    if _YES_NO.search(text) and not _ASKS_TO_BE_TOLD.search(text):
        return AnswerType.YES_NO
    for kind, pattern in _COMPILED_RULES:
        if pattern.search(text):
            return kind
    return AnswerType.ANY


# A new question may also begin after "and" with a question's opening.
_JOINED = re.compile(
    rf"\s*,?\s+(?:and|also|plus)\s+(?:also\s+)?(?={_OPENER}\s+\w+)",
    re.IGNORECASE,
)
_LOOKS_ASKED = re.compile(
    rf"\?|^\W*(?:(?:and|but|so|also|hi|hello|hey|ok|okay|please)\W+)*{_OPENER}\b|"
    r"^\W*(?:please\s+)?(?:tell me|show me|give me|explain|describe|list|looking for|i need|"
    r"i(?:'d| would) like to know|i want to know)\b",
    re.IGNORECASE,
)
_MAX_QUESTIONS = 4


def split_questions(message: str) -> list[AskedQuestion]:
    """The questions of `message`, in order, at most four; [] for an empty message.

    Sentences that ask nothing are dropped when another one asks; when none does, the whole
    message is one question.
    """
    message = message.strip()
    if not message:
        return []
    parts = [message[item.start : item.end] for item in split_sentences(message[:4000])]
    asked = [part for part in parts if _LOOKS_ASKED.search(part)]
    pieces: list[str] = []
    for part in asked or [message]:
        pieces.extend(_split_joined(part))
    return [AskedQuestion(piece, choose_answer_type(piece)) for piece in pieces[:_MAX_QUESTIONS]]


def _split_joined(sentence: str) -> list[str]:
    """Cut "how much is it and do you ship?" in two; "what is it and how does it work" too."""
    pieces = []
    start = 0
    for joint in _JOINED.finditer(sentence):
        head = sentence[start : joint.start()].strip()
        # The first part must itself be a question with words of its own, or the "and" joins
        # subordinate clauses: "tell me when and where ...".
        if re.match(rf"\W*{_OPENER}\b", head, re.IGNORECASE) and len(head.split()) >= 3:
            pieces.append(head)
            start = joint.end()
    pieces.append(sentence[start:].strip())
    return [piece for piece in pieces if piece]


_LEADING = re.compile(
    r"^\W*(?:and|but|so|also|or|then|ok(?:ay)?|what about|how about|what if|same for)\b[\s,:]*",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(r"^\W*(?:and|but|or|also|what about|how about|same for)\b", re.IGNORECASE)
_BARE_PREPOSITION = re.compile(r"\W*(?:for|in|to|with|on|at)\b", re.IGNORECASE)
_OPENING = re.compile(rf"\W*{_OPENER}\b", re.IGNORECASE)
_PRONOUN = re.compile(
    r"\b(it|its|they|them|their|that one|this one|that|those|these|this|he|she|him|her|his)\b",
    re.IGNORECASE,
)
_WHICH = re.compile(r"\W*(?:and\W+)?(?:which|what|how many) [\w-]+\W*$", re.IGNORECASE)
# "do I cancel it": the verb before the pronoun explains nothing.
_OWN_VERB = re.compile(r"(?:\b(?:i|we|you|to))\s+\w+\s*$", re.IGNORECASE)
# "that" before a clause and "it" before an adjective point at nothing said before.
_NOT_POINTING = re.compile(
    r"\bit(?:'s| is) (?:possible|true|necessary)|\bis it (?:possible|true|necessary|safe|okay)\b|"
    r"\b(?:know|say|sure|mean|so|see|think) that\b|\bthis (?:site|website|company|page|chat)\b",
    re.IGNORECASE,
)


def is_follow_up(question: str) -> bool:
    """Whether `question` needs the previous one to be understood."""
    content = [word for word in split_words(question) if word not in STOP_WORDS]
    if _ELLIPSIS.search(question) and len(content) <= 4:
        return True
    if not content:
        # "why?", "how much?", "when?": nothing of its own, but it asks.
        return any(word in QUESTION_WORDS for word in split_words(question))
    if _find_pointing(question):
        return True
    if len(content) == 1 and _WHICH.match(question) and content[0] not in _FRAME_WORDS:
        # "which version?", "what colours?": of what was just spoken of.
        return True
    return (
        _OPENING.match(question) is None
        and len(content) <= 2
        and _BARE_PREPOSITION.match(question) is not None
    )


def _find_pointing(question: str) -> re.Match[str] | None:
    """The pronoun of a short question that nothing in the question itself explains."""
    masked = _NOT_POINTING.sub(lambda found: "_" * len(found.group()), question)
    found = _PRONOUN.search(masked)
    if found is None:
        return None
    opening = _OWN_VERB.sub("", question[: found.start()])
    before = [
        word for word in split_words(opening) if word not in STOP_WORDS and word not in _FRAME_WORDS
    ]
    content = [word for word in split_words(question) if word not in STOP_WORDS]
    return found if not before and len(content) <= 6 else None


def rewrite_follow_up(
    question: str, previous_questions: Sequence[str], cited_titles: Sequence[str] = ()
) -> str:
    """`question` so that it can be searched alone; unchanged when it is no follow-up.

    `previous_questions`: what the visitor asked before, latest last (already rewritten ones serve
    best). `cited_titles`: titles of the pages the last answer cited, used where the previous
    question names no topic.
    """
    if not previous_questions or not is_follow_up(question):
        return question
    previous = previous_questions[-1].strip()
    topic = find_topic(previous) or (cited_titles[0] if cited_titles else "")
    if not topic:
        return question
    rest = _LEADING.sub("", question).strip()
    if _OPENING.match(rest) is None:
        return _replace_subject(previous, rest.rstrip("?!. "))
    pointing = _find_pointing(rest)
    if pointing:
        owner = "'s" if pointing.group().lower() in {"its", "their", "his", "her"} else ""
        return rest[: pointing.start()] + topic + owner + rest[pointing.end() :]
    content = [word for word in split_words(rest) if word not in STOP_WORDS]
    return f"{rest.rstrip('?!. ')} {'for ' if content else ''}{topic}?"


def find_topic(question: str) -> str:
    """What a question is about: its words from the first content word on, without the mark."""
    words = question.strip().rstrip("?!. ").split()
    keep = [index for index, word in enumerate(words) if _is_topical(word)]
    if not keep:
        return ""
    return " ".join(words[keep[0] : keep[-1] + 1])


def _is_topical(word: str) -> bool:
    # "HEY" and "US" in capitals are names, whatever they mean otherwise.
    return (word.strip("?!.,").isupper() and len(word) > 1) or any(
        part not in STOP_WORDS and part not in _FRAME_WORDS for part in split_words(word)
    )


_FRAME_WORDS = frozenset(
    """
    cost costs price much many long often tell show offer offers work works include includes
    available find buy order use called mean means please like looking interested info
    information explain describe difference provide provides support supports ship deliver sell
    """.split()
)
"""Words that say what is asked, not about what."""

_TAIL = re.compile(r"\s+(for|in|to|with|on|from|at)\s+[^?]*$", re.IGNORECASE)
_NAME_RUN = re.compile(r"(?<=\s)(?:[A-Z0-9][\w\-]*)(?:\s+[A-Z0-9][\w\-]*)*")


def _replace_subject(previous: str, fragment: str) -> str:
    """Put `fragment` ("for teams", "Canada") into the frame of the previous question."""
    frame = previous.rstrip("?!. ")
    preposition = re.match(r"(for|in|to|with|on|from|at)\b", fragment, re.IGNORECASE)
    if preposition:
        tail = _TAIL.search(frame)
        if tail and tail.group(1).lower() == preposition.group(1).lower():
            frame = frame[: tail.start()]
        return f"{frame} {fragment}?"
    noun = fragment.rsplit(maxsplit=1)[-1].lower() if fragment else ""
    same_noun = re.search(
        rf"\b(?:(?:the|your|an?|our|this|that)\s+)?(?:[\w-]+\s+)?{re.escape(noun)}s?\b",
        frame,
        re.IGNORECASE,
    )
    if noun and same_noun:
        return f"{frame[: same_noun.start()]}{fragment}{frame[same_noun.end() :]}?"
    names = list(_NAME_RUN.finditer(frame))
    if names and re.match(r"(?:the\s+)?[A-Z0-9]", fragment):
        last = names[-1]
        fragment = re.sub(r"^the\s+", "", fragment, flags=re.IGNORECASE)
        return f"{frame[: last.start()]}{fragment}{frame[last.end() :]}?"
    tail = _TAIL.search(frame)
    if tail:
        return f"{frame[: tail.start()]} {tail.group(1)} {fragment}?"
    return f"{frame} {fragment}?"

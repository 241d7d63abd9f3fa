"""How and when the visitor likes to be reached. Pure."""

from __future__ import annotations

import re

from sales.leads.fields import Field, Noticed
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Stance

_I = re.IGNORECASE
_METHODS = {
    "email": r"(?:e-?mails?|mails?|by mail|in writing)",
    "phone": r"(?:phone|phone calls?|calls?|calling|telephone|ring)",
    "sms": r"(?:sms|texts?|texting|text messages?)",
}
_BEST = (
    r"(?:is|are|works?|would be|'s|s)?\s*(?:the |always |usually |much |far |my "
    r")*(?:best|better|easiest|easier|preferred|preference|fine|good|great|ideal|"
    r"simplest)(?: way)?"
)
_ASK_TO = {
    "phone": r"\b(?:please |just |pls |can you |could you |you can |better |rather )*(?:call|"
    r"ring|phone|telephone) (?:me|us)\b|\bgive (?:me|us) a (?:call|ring|bell|buzz|"
    r"shout)\b",
    "sms": r"\b(?:please |just |pls |you can )*(?:text|sms|message) (?:me|us)\b|\b(?:drop|"
    r"send|shoot) (?:me|us) a text\b",
    "email": r"\b(?:just|please just|only|best to|better to|rather) (?:e-?mail|mail|write)(?: "
    r"to)?(?: me| us)?\b",
}
_AGAINST = re.compile(
    r"(?:\b(?:do not|don['’]?t|never|no|not|rather than|instead of|without|than|hate|"
    r"avoid)\b[\s,]*(?:being |to |a |any |be |by |via |the |get )*)$",
    _I,
)
# "call me Al" and "call me crazy" ask for no call.
_NOT_NAME = (
    r"(?! (?:[A-ZÀ-Þ][a-zà-ÿ]|crazy|cynical|old|stupid|naive|picky|skeptical|sceptical|"
    r"paranoid|a |an |by ))"
)
_TIMES = (
    (
        "anytime",
        r"\b(?:any ?time|any time of (?:the )?day|whenever|at any hour|all day|time "
        r"doesn['’]?t matter)\b",
    ),
    (
        "morning",
        r"\b(?:mornings?|before (?:noon|lunch|midday|9|10|11|12)(?: ?a?m)?|early in the "
        r"day|first thing)\b",
    ),
    (
        "afternoon",
        r"\b(?:afternoons?|after (?:lunch|noon|midday|[1-4] ?(?:pm|p\.m\.|"
        r"o['’]clock)?(?!\d))|lunch ?time)\b",
    ),
    (
        "evening",
        r"\b(?:evenings?|after (?:work|5|6|7|8|five|six|seven|hours|dinner|17|18|"
        r"19)(?:[:.]\d\d)? ?(?:pm|p\.m\.)?|at night|tonight)\b",
    ),
)
_TIME_CUE = re.compile(
    r"\b(?:call|ring|phone|reach|contact|text|best|better|prefer|preferred|easiest|"
    r"available|free|suits?|get (?:me|hold)|catch me|work best|works best|talk|contact "
    r"time)\b",
    _I,
)
_TIME_SUBJECT = re.compile(
    r"^\W*(?:and |but |the )?(?:mornings?|afternoons?|evenings?|any ?time|whenever|"
    r"after \w+|before \w+)\b[\w ]{0,12}\b(?:is|are|works?|would be|suits?|best|better|"
    r"easier|fine|good)\b",
    _I,
)
_REQUEST = re.compile(r"\b(?:can|could|would|will|may|please)\b", _I)
# A time for one meeting tells nothing of how somebody likes to be reached.
_MEETING = re.compile(
    r"\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|tomorrow|today|"
    r"next week|demo|meeting|book|schedule|slot|appointment|visit|\d{1,2}[:.]\d\d|"
    r"(?:at|till|quarter|half|afternoon|morning|evening) \d{1,2}|\d{1,2} in the|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) in the|o['’]clock)\b",
    _I,
)


def notice_contact_method(reading: Reading) -> list[Noticed]:
    """`email`, `phone` or `sms` (S0 3.1), where the visitor prefers or asks for it."""
    for clause in reading.clauses:
        if clause.stance is Stance.IMAGINED or (
            clause.stance is Stance.OTHER and not clause.is_own
        ):
            continue
        label = re.search(
            r"(?:contact method|preferred contact|contact by|contact me "
            r"by)\s*[:=]?\s*(?P<value>\w[\w-]*)",
            clause.text,
            _I,
        )
        if label and (value := find_method(label["value"])):
            return [
                _method(
                    reading,
                    clause.start + label.start("value"),
                    clause.start + label.end("value"),
                    value,
                    0.95,
                )
            ]
        found = _preferred(clause.text) if clause.stance is not Stance.QUESTION else None
        asks = clause.stance is Stance.QUESTION and not _REQUEST.search(clause.text)
        found = found or (None if asks else _asked_to(clause.text))
        if found:
            value, start, end, confidence = found
            return [_method(reading, clause.start + start, clause.start + end, value, confidence)]
    return []


def _preferred(text: str) -> tuple[str, int, int, float] | None:
    for method, words in _METHODS.items():
        for pattern in (
            rf"\b(?:prefer|preference is|favou?r|rather have|rather use|rather get|'d like|"
            rf"stick to)(?: to| be| being| by| via| contact by| using| an?| "
            rf"the)*\s+(?P<m>{words})\b",
            rf"\b(?P<m>{words})\s+{_BEST}\b",
            rf"\b(?:best|easiest|preferred|better|contact me|reach me|reply|respond|answer|"
            rf"contacted)(?: way)?(?: is| by| via| through| over| on)+(?: "
            rf"the)?\s+(?P<m>{words})\b",
            rf"\b(?:just|only)\s+(?:by |via )?(?P<m>{words})(?: please)?\W*$",
            rf"\b(?P<m>{words}) only\b",
        ):
            match = re.search(pattern, text, _I)
            if match and not _AGAINST.search(text[: match.start("m")]):
                return method, match.start(), match.end(), 0.9
    return None


def _asked_to(text: str) -> tuple[str, int, int, float] | None:
    for method in ("sms", "phone", "email"):
        match = re.search(rf"(?i:{_ASK_TO[method]}){_NOT_NAME}", text)
        if (
            match
            and not _AGAINST.search(text[: match.start()])
            and not re.search(
                r"\b(?:did|didn['’]t|to|they|he|she|everyone|everybody|people|friends|can) $",
                text[: match.start()],
                _I,
            )
        ):
            return method, match.start(), match.end(), 0.7
    return None


def _method(reading: Reading, start: int, end: int, value: str, confidence: float) -> Noticed:
    start, end = trim_span(reading.text, start, end)
    return reading.notice(Field.PREFERRED_CONTACT_METHOD, value, start, end, confidence)


def find_method(words: str) -> str | None:
    """The way of contact the words name and do not refuse."""
    for method in ("sms", "email", "phone"):
        for match in re.finditer(rf"\b{_METHODS[method]}\b", words, _I):
            if not _AGAINST.search(words[: match.start()]):
                return method
    return None


def find_time(words: str) -> tuple[str, int, int] | None:
    """The time of day the words name, and where."""
    for value, pattern in _TIMES:
        match = re.search(pattern, words, _I)
        if match and not _AGAINST.search(words[: match.start()]):
            return value, match.start(), match.end()
    return None


def notice_contact_time(reading: Reading) -> list[Noticed]:
    """`morning`, `afternoon`, `evening` or `anytime` (S0 3.1). Not a wish for one meeting."""
    for clause in reading.clauses:
        if clause.stance in (Stance.IMAGINED, Stance.QUESTION) or (
            clause.stance is Stance.OTHER and not clause.is_own
        ):
            continue
        found = find_time(clause.text)
        if not found or _MEETING.search(clause.text):
            continue
        if _TIME_CUE.search(clause.text) or _TIME_SUBJECT.search(clause.text):
            value, start, end = found
            return [
                reading.notice(
                    Field.PREFERRED_CONTACT_TIME,
                    value,
                    clause.start + start,
                    clause.start + end,
                    0.85,
                )
            ]
    return []

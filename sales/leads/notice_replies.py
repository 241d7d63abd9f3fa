"""Replies to the agent's own question, where the whole message is the answer; and what mends
an answer given before. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from sales.leads.amounts import MONEY, read_money, read_number
from sales.leads.fields import EXPLORING, Field, Noticed, Value
from sales.leads.name_words import GIVEN_NAMES, NOT_NAMES
from sales.leads.notice_company import find_industry, is_company_like, is_title_like
from sales.leads.notice_names import looks_like_name, strip_script_ending
from sales.leads.notice_needs import TIMELINE, size_text
from sales.leads.notice_preferences import find_method, find_time
from sales.leads.personal_names import normalize_name
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Stance

_I = re.IGNORECASE
Span = tuple[int, int]
_LEAD = re.compile(
    r"^\W*(?:(?:hi|hello|hey|guten tag|hallo|bonjour|hola|ciao|buongiorno|good \w+|"
    r"sure(?: thing)?|ok(?:ay)?|yes|yeah|of course|certainly|"
    r"absolutely|no problem|well|um+|uh+|so|oh|ah|no|nope|sorry|"
    r"actually|my bad|oops|wait|correction)\b[\s,.!:-]*)*"
    r"(?:(?:it['’]?s|it is|that['’]?s|that is|that would be|that should be|should be|"
    r"it should be|this is|i['’]?m|i am|im|we['’]?re(?: called| at)?|we are(?: called| "
    r"at)?|"
    r"i meant|i mean|mine is|just|the name is|name is|they call me|call me|i work "
    r"(?:at|for)|i['’]?m (?:at|with)|we['’]?d say|i['’]?d say|probably|maybe|"
    r"around|about|i guess|let['’]?s say|(?:a |an |the )(?=\w))\s+)*",
    _I,
)
_NAME_TAIL = re.compile(
    r"\s*(?:here|thanks|thank you|thx|please|and (?:you|yours)|btw|by the way|speaking|"
    r"is my name|à l['’]appareil|mein name|al habla|am apparat|hier)\W*$",
    _I,
)
_REFUSAL = re.compile(
    r"\b(?:rather not|prefer not|not telling|won['’]?t say|don['’]?t (?:want|have|know|"
    r"care|like)|do not (?:want|have|know)|no idea|none of your|"
    r"not sure|unsure|depends|already|why|skip|pass|later|private|secret|not now|no "
    r"thanks|not (?:yet|important|relevant)|"
    r"n/?a|nope|never|nothing|unknown|confidential|does ?n.?t matter|can['’]?t say|"
    r"hard to say|what do you|not applicable|next question)\b",
    _I,
)
_JUNK = re.compile(
    r"^\W*(?:yes|no|ok|okay|yeah|yep|nope|please|thanks|sure|hi|hello|maybe|hm+|a lot|"
    r"many|some|few|several|lots)(?: please| thanks)?\W*$",
    _I,
)
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|yup|correct|right|sure|indeed|i am|i do|absolutely|exactly|"
    r"that['’]?s me|that would be me|me|it is|of course|definitely)\b",
    _I,
)
_NO = re.compile(
    r"^\W*(?:no|nope|nah|not (?:really|me|quite|exactly|alone)|i['’]?m not|i am not|i "
    r"don['’]?t|unfortunately not|sadly no)\b",
    _I,
)
_SHARED = re.compile(
    r"\b(?:i|me)\b.*\b(?:together|both|jointly|we decide|and i decide)\b|\bwe (?:both "
    r")?decide\b|\band i\b",
    _I,
)
_SIZE = re.compile(
    r"(?P<over>(?:more than|over|at least)\s+)?(?P<low>\d[\d,.]*|\b[a-z]+(?:[- ][a-z]+)?\b)?", _I
)
_TALK = re.compile(
    r"^\W*(?:at|in|on|after|before|during|other|along|according|besides|aside|with|for|"
    r"to|from|about|"
    r"try|make|book|let|next|this|that|those|these|most|not|if|when|while|although|as|"
    r"by|until|kind of|sort of|"
    r"once|thanks?|thank you|very|since|change of|schedule|looks)\b|"
    r"\b(?:that|this|those|these|appointments?|sounds?|works?|sorry|alright|definitely|perfect|"
    r"please|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|april|"
    r"june|july|august|september|october|november|december|am|pm|o['’]clock|noon|tomorrow|today)\b|"
    r"\d[:.]\d\d|\d(?:st|nd|rd|th)\b|\bof march\b|\bmarch \d",
    _I,
)
_SIZE_NUMBER = re.compile(
    r"(?P<over>(?:more than|over|at least|upwards "
    r"of)\s+)?(?P<low>\d[\d,.]*(?:k\b)?)(?P<plus>\s?\+)?(?:\s*(?:-|–|"
    r"to)\s*(?P<high>\d[\d,.]*))?",
    _I,
)
_WHOLE_TITLE = re.compile(r"^[\w&/+' -]{2,60}$")
_NOW = re.compile(r"^\W*(?:now|today|immediately|yesterday|straight away|urgently?)\b", _I)
_VALUES_BEHIND = re.compile(r",?\s*\bnot\s+[\w.@+'’ -]+$", _I)
_FIX_CUE = re.compile(
    r"\b(?:i meant|i mean|should be|should read|should have been|it['’]?s|it is|is)\s+|"
    r"^\W*(?:no|sorry|oops|actually|correction)\b[\s,.!:-]*|^\*",
    _I,
)


def notice_reply(reading: Reading) -> list[Noticed]:
    """The answer to what was asked, or a correction of the last value that words can mend."""
    field = reading.asked_for
    if field in _READERS and not _is_refused(reading) and not _is_foreign(reading):
        return _READERS[field](reading)
    return []


def _is_refused(reading: Reading) -> bool:
    sentence = reading.text[: reading.clauses[0].end] if reading.clauses else ""
    return bool(_REFUSAL.search(sentence))


def _holds_question(reading: Reading) -> bool:
    """Whether the first sentence goes on to ask: "In 2012, how many …"."""
    first = reading.clauses[0].sentence
    return any(
        clause.stance is Stance.QUESTION for clause in reading.clauses if clause.sentence == first
    )


def _is_term(words: str, reading: Reading) -> bool:
    """Whether the words name something, and are not talk: "at five pm", "that sounds great"."""
    if _holds_question(reading) or _TALK.search(words) or not re.search(r"[^\W\d_]{2}", words):
        return False
    return words.lower() not in NOT_NAMES or is_title_like(words)


def _is_foreign(reading: Reading) -> bool:
    first = reading.clauses[0] if reading.clauses else None
    if first is None or first.stance is Stance.QUESTION:
        return True
    return first.stance is Stance.OTHER and reading.asked_for != Field.DECISION_MAKER


def _core(reading: Reading) -> Span:
    """The first sentence without its introduction."""
    lead = _LEAD.match(reading.text)
    start = lead.end() if lead else 0
    clause = reading.clause_at(start) or reading.clauses[0]
    end = max(other.end for other in reading.clauses if other.sentence == clause.sentence)
    return trim_span(reading.text, start, end)


def _name(reading: Reading) -> list[Noticed]:
    start, end = _core(reading)
    words = strip_script_ending(reading.text[start:end])
    tail = _NAME_TAIL.search(words)
    words = words[: tail.start()] if tail else words
    first, comma, rest = (part.strip() for part in words.partition(","))
    surname_first = comma and " " not in first and " " not in rest and rest.lower() in GIVEN_NAMES
    if surname_first and looks_like_name(first, trust=2):
        value = normalize_name(
            f"{rest} {first}" if words != words.lower() else f"{rest} {first}".lower()
        )
        return [reading.notice(Field.CUSTOMER_NAME, value, start, start + len(words), 0.9)]
    words = re.split(r"[,;(\n]| - ", words)[0].rstrip()
    if _JUNK.match(words) or not looks_like_name(words, trust=2) or is_title_like(words):
        return []
    if _holds_question(reading) and words.split()[0].lower() not in GIVEN_NAMES:
        return []
    end = start + len(words)
    found = [
        reading.notice(
            Field.CUSTOMER_NAME, normalize_name(reading.original[start:end]), start, end, 0.92
        )
    ]
    if comma and is_company_like(rest):
        left = reading.text.index(rest, end)
        found.append(reading.notice(Field.COMPANY, rest, left, left + len(rest), 0.85))
    return found


_NO_COMPANY = re.compile(
    r"^\W*(?:none|nothing|unemployed|self[- ]?employed|private\w*|personal\w*|retired|student|"
    r"freelancer?|individual|myself|no company|nowhere|home)\W*$",
    _I,
)


def _company(reading: Reading) -> list[Noticed]:
    start, end = _core(reading)
    words = reading.text[start:end]
    behind = re.search(r",\s*(?:the |it['’]?s |called )?(?=[A-Z])", words)
    if behind and find_industry(words[: behind.start()]):
        start += behind.end()
    elif "," in words and not is_company_like(words):
        end = start + words.index(",")
    words = reading.text[start:end]
    if reading.text[end : end + 1] == "." and is_company_like(words):
        end += 1
    if _JUNK.match(words) or len(words.split()) > 6 or "@" in words or _is_sentence(words):
        return []
    if _NO_COMPANY.match(words) or not _is_term(words, reading):
        return []
    return [reading.notice(Field.COMPANY, reading.original[start:end], start, end, 0.88)]


def _is_sentence(words: str) -> bool:
    return bool(
        re.search(
            r"\b(?:i|you|we|is|are|was|have|has|do|does|can|could|would|want|need|what|how|why|"
            r"my|your|this|it)\b",
            words,
            _I,
        )
    )


def _title(reading: Reading) -> list[Noticed]:
    start, end = _core(reading)
    words = re.split(r"\s+(?:at|for)\s+|[,;(]", reading.text[start:end])[0]
    if (
        _JUNK.match(words)
        or not _WHOLE_TITLE.match(words)
        or len(words.split()) > 6
        or _is_sentence(words)
        or not _is_term(words, reading)
    ):
        return []
    return [reading.notice(Field.JOB_TITLE, words, start, start + len(words), 0.88)]


def _industry(reading: Reading) -> list[Noticed]:
    start, end = _core(reading)
    words = reading.text[start:end]
    if not _is_term(words, reading):
        return []
    known = find_industry(words) if len(words.split()) <= 8 else None
    if known:
        return [reading.notice(Field.INDUSTRY, known[0], start + known[1], start + known[2], 0.9)]
    if _JUNK.match(words) or len(words.split()) > 4 or _is_sentence(words):
        return []
    return [reading.notice(Field.INDUSTRY, words.lower(), start, end, 0.75)]


def _size(reading: Reading) -> list[Noticed]:
    text = reading.text
    match = _SIZE_NUMBER.search(text)
    if match:
        return [
            reading.notice(
                Field.COMPANY_SIZE, size_text(match), *trim_span(text, *match.span()), 0.88
            )
        ]
    start, end = _core(reading)
    number = read_number(text)
    if number is not None and number >= 1:
        return [reading.notice(Field.COMPANY_SIZE, str(int(number)), start, end, 0.85)]
    return []


def _budget(reading: Reading) -> list[Noticed]:
    for match in MONEY.finditer(reading.text):
        value = read_money(match)
        if value and not re.match(
            r"\d+(?:-\d+)? (?:people|sensors|users|months?|weeks?)",
            reading.text[match.start() :],
            _I,
        ):
            span = trim_span(reading.text, *match.span())
            return [reading.notice(Field.BUDGET_RANGE, value, *span, 0.88)]
    return []


def _timeline(reading: Reading) -> list[Noticed]:
    match = TIMELINE.search(reading.text) or _NOW.search(reading.text)
    if match:
        start, end = trim_span(reading.text, *match.span())
        return [
            reading.notice(Field.TIMELINE, reading.original[start:end].lower(), start, end, 0.88)
        ]
    start, end = _core(reading)
    words = reading.text[start:end]
    if re.search(r"\b(?:no (?:rush|hurry)|brows|explor|just looking)", words, _I):
        return [reading.notice(Field.TIMELINE, EXPLORING, start, end, 0.85)]
    if (
        re.search(
            r"\d|month|week|year|quarter|q[1-4]|spring|summer|autumn|winter|january|february|"
            r"march|april|june|july|august|september|october|november|december",
            words,
            _I,
        )
        and len(words.split()) <= 6
    ):
        return [reading.notice(Field.TIMELINE, words.lower(), start, end, 0.8)]
    return []


def _decides(reading: Reading) -> list[Noticed]:
    text = reading.text
    span = trim_span(text, 0, len(text))
    value: bool | None = None
    if _SHARED.search(text) or _YES.match(text):
        value = True
    elif _NO.match(text):
        value = False
    return [] if value is None else [reading.notice(Field.DECISION_MAKER, value, *span, 0.85)]


def _method(reading: Reading) -> list[Noticed]:
    method = find_method(reading.text)
    span = trim_span(reading.text, 0, len(reading.text))
    return [reading.notice(Field.PREFERRED_CONTACT_METHOD, method, *span, 0.9)] if method else []


def _time(reading: Reading) -> list[Noticed]:
    found = find_time(reading.text)
    return [reading.notice(Field.PREFERRED_CONTACT_TIME, *found, 0.9)] if found else []


_READERS: dict[str, Callable[[Reading], list[Noticed]]] = {
    Field.CUSTOMER_NAME: _name,
    Field.COMPANY: _company,
    Field.JOB_TITLE: _title,
    Field.INDUSTRY: _industry,
    Field.COMPANY_SIZE: _size,
    Field.BUDGET_RANGE: _budget,
    Field.TIMELINE: _timeline,
    Field.DECISION_MAKER: _decides,
    Field.PREFERRED_CONTACT_METHOD: _method,
    Field.PREFERRED_CONTACT_TIME: _time,
}


def notice_mended_words(reading: Reading) -> list[Noticed]:
    """ "Sorry, I meant Initrode": a new name for the last field that holds words, where the
    correction holds nothing whose form tells the field."""
    mended = [field for field in reading.known if field in (Field.CUSTOMER_NAME, Field.COMPANY)]
    if (
        not reading.is_correction
        or not mended
        or (reading.asked_for in _READERS and reading.asked_for not in mended)
    ):
        return []
    field = reading.asked_for if reading.asked_for in mended else mended[-1]
    cued = [item for item in reading.stated if _FIX_CUE.search(item.text)] or reading.stated
    if not cued:
        return []
    clause = cued[-1]
    cues = list(_FIX_CUE.finditer(clause.text))
    start = clause.start + (cues[-1].end() if cues else 0)
    end = clause.end
    words = _VALUES_BEHIND.sub("", re.split(r"[,;(]", reading.text[start:end])[0])
    start, end = trim_span(reading.text, start, start + len(words))
    words = reading.text[start:end]
    if not words or words.lower() in NOT_NAMES or not _may_mend(field, words):
        return []
    value: Value = normalize_name(words) if field == Field.CUSTOMER_NAME else words
    return (
        [reading.notice(field, value, start, end, 0.88)]
        if value != reading.known.get(field)
        else []
    )


def _may_mend(field: str, words: str) -> bool:
    if field == Field.CUSTOMER_NAME:
        return looks_like_name(words, trust=2) and not words.islower()
    return len(words.split()) <= 5 and words[0].isupper() and not _is_sentence(words)

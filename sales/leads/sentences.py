"""A message cut into clauses, each with whom or what it speaks of. Pure.

What a visitor says about themselves, asks, imagines, quotes, or says about somebody else must
be told apart before any value in it may be believed. When in doubt a clause is not the
visitor's: a field that stays empty is asked for, a wrong one is a wrong name in a mail.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sales.leads.person_words import (
    OTHER_PERSONS,
    QUESTION_START,
    SUBJECT_LABELS,
    THIRD_VERBS,
)


class Stance(StrEnum):
    """What a clause is."""

    STATED = "stated"
    QUESTION = "question"
    IMAGINED = "imagined"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a message. `start` and `end` are its place in the message."""

    text: str
    start: int
    end: int
    sentence: int
    stance: Stance
    # It speaks of the visitor in so many words: "my e-mail", "call me".
    is_own: bool
    # An address or number in it is history or a third party's: "I wrote to", "my old".
    is_past: bool


_I = re.IGNORECASE
_EMAIL = r"[^\s@<>,;:()\[\]]+@[^\s@<>,;:()\[\]]+"
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|mx|prof|st|inc|ltd|co|corp|jr|sr|no|nr|tel|ext|approx|vs|etc|e\.g|i\.e|"
    r"dott|ing|sra?|mme|gmbh|llc|pty|dept|est|ca|min|max)|\b[^\W\d_])\.$",
    _I,
)
_SENTENCE_END = re.compile(r"[.!?…]+(?=[\s\"'”’)\]]|$)|[。！？؟]|\n+|[\U0001F300-\U0001FAFF☀-➿]+")
_STARTERS = (
    r"(?:i|i'?m|i'?ve|i'?d|i'?ll|im|we|we'?re|we'?ve|we'?d|my|our|you|your|he|she|they|"
    r"his|her|their|"
    r"who|what|how|when|where|why|is|are|do|does|did|can|could|would|will|should|please|pls|mail|"
    r"e-?mail|call|send|contact|reach|write|text|ring|phone|just|budget|company|name|the name|"
    r"mobile|cell|tel|it|it'?s|its|that|this|there|here|so|then|actually|currently)"
)
_CLAUSE_CUT = re.compile(
    r"\s*;\s*|\s+[—–-]\s+|,?\s+(?:but|because|although|though|whereas|while|unless)\s+|"
    r"[,:]\s+(?:and\s+|so\s+|then\s+)?(?="
    + _STARTERS
    + r"\b)|\s+(?:and|so|or)\s+(?="
    + _STARTERS
    + r"\b)|"
    r",?\s+(?=if\b)",
    _I,
)
_QUOTED_LINE = re.compile(r"^[ \t]*>.*$", re.MULTILINE)
_FORWARDED = re.compile(
    r"^(?:-{2,} ?(?:original|forwarded)[^\n]*|on [^\n]{5,80} wrote:|begin forwarded message:?)"
    r"[\s\S]*",
    _I | re.MULTILINE,
)
_QUOTATION = re.compile(r"[\"“„«]([^\"“”„«»\n]{3,300})[\"”“»]")
_SPEECH = re.compile(
    r"\b(?:says?|said|wrote|writes?|reads?|shows?|states?|asked|answered|message|page|form|text|"
    r"error|sign|example|quote|told (?:me|us|him|her))\W{0,3}$",
    _I,
)
_FIRST_PERSON = re.compile(
    r"\b(?:i|i'?m|im|i'?ve|i'?d|i'?ll|me|my|mine|we|we'?re|us|our|ours)\b", _I
)
_OWN = re.compile(
    r"\b(?:my|our)(?: \w+){0,2} (?:e-?mail|mail|address|number|phone|mobile|cell|tel\w*|contact|"
    r"details|line|whatsapp|name)\b|\b(?:reach|contact|call|e-?mail|mail|text|ring|phone|get|write|"
    r"write to|message|answer|send (?:it|them|that|everything|this|\w+ \w+) to|reply to|ping) "
    r"(?:me|us)\b|\bsign me up\b|\bi(?:'?m| am) (?:at|on|reachable)\b",
    _I,
)
_IMAGINED = re.compile(
    r"^\W*(?:and |but |so |or )?(?:if|suppose|supposing|imagine|imagining|assume|assuming|what if|"
    r"unless|let'?s say|lets say|say (?:we|i|you|a)|in case|whether)\b|\bhypothetical|"
    r"\b(?:for example|for instance|e\.g\.?|example ?:|let'?s say|would be|would have|might be|"
    r"could be|maybe|perhaps)(?=\W|$)",
    _I,
)
_USED_TO = re.compile(
    r"\b(?:used to (?!it\b)|formerly|previously|in my (?:last|previous|old|former)|no longer|"
    r"my (?:old|previous|former|last) |our (?:old|previous|former) |any ?more\b)",
    _I,
)
_PAST_CONTACT = re.compile(
    r"\b(?:i|we) (?:have |already |just |even |also |'ve )*(?:e-?mailed|wrote|written|"
    r"mailed|called|"
    r"phoned|rang|texted|tried|contacted|messaged|sent)\b|\b(?:mail|e-?mail|message|"
    r"call|letter|text|"
    r"spam)s? from\b|\b(?:was|were|been|got) (?:sent|forwarded|addressed) to\b|"
    r"\b(?:did ?n.?t|does ?n.?t|"
    r"never|not) (?:answer|reply|work|respond|replied|answered|exist)|\bgoes to\b|"
    r"\bbounced?\b|\bbelongs? to\b|"
    r"\b(?:do not|don'?t|stop) (?:use|using|send|write|mail|contact|call)(?:ing)?\b(?! me)|"
    r"\b(?:phoned|called|e-?mailed|texted|rang|contacted|wrote|messaged)(?: to)? (?:me|us)\b|"
    r"\b(?:your|the) (?:support|sales|billing|help) (?:e-?mail|address|number|line)\b",
    _I,
)
_PULL_IN = re.compile(
    r"\b(?:cc|bcc|copy in|loop in|add|include|invite|bring|ask|talk to|speak to|speak "
    r"with|talk with|"
    r"spoke|spoken|talked|chatted|met|tell|refer(?:red)?(?: \w+)? by|recommended by|"
    r"forward (?:it|this|that) to|on behalf of (?:my|our|mr|mrs|ms|dr)|this is for|on to|named)\b"
    r"(?! (?:me|us|my (?:e-?mail|number|name))\b)(?!:)",
    _I,
)
_PRONOUN = re.compile(
    r"(?<!of )\b(?:he|she|his|her|hers|him|they|they'?re|their|theirs|them)\b", _I
)
_PERSON = re.compile(
    r"\b(my|our|your|his|her|their|the|a|an|another|some|one of (?:my|our|your))\s+"
    r"(?:[\w&'-]+\s+){0,3}?(?:"
    + OTHER_PERSONS
    + r")(?!\s*(?:maker|team|department|dept|and (?:i|me)\b)|\w|['’]?s? (?:name|e-?mail) is mine)",
    _I,
)
_SELF_BEFORE = re.compile(
    r"\b(?:i'?m|i am|im|as|i work as|we'?re|we are|my (?:role|job|title|position) is|i was|me)\b",
    _I,
)
_NAMED_SUBJECT = re.compile(
    r"^\W*(?:and |but |so |also |hi |hello |hey )?((?:(?:Mr|Mrs|Ms|Dr|Prof)\.? "
    r")?[A-ZÀ-ÞĀ-Ž][\w'’-]+"
    r"(?: [A-ZÀ-ÞĀ-Ž][\w'’-]+){0,2})(?:,? (?:from|at|of) [^,]{2,40})?,? (?:" + THIRD_VERBS + r")\b"
    r"(?! (?:my|our) (?:name|company|firm|business|e-?mail|number))"
)
_REQUEST = re.compile(
    r"\b(?:can|could|would|will)\b (?:you|u|someone|somebody|anyone|your team|"
    r"sales)\b(?: \w+){0,2} "
    r"(?:e-?mail|mail|send|call|ring|text|phone|write|contact|reach|get back|answer|reply|forward|"
    r"message|ping|put|sign|share|add me)\b",
    _I,
)
_QUESTION = re.compile(QUESTION_START, _I)
_FILLER = re.compile(
    r"^\W*(?:(?:hi|hello|hey|hiya|good morning|good afternoon|morning|ok|okay|so|and|but|well|also|"
    r"oh|um|yes|no|sure|thanks|thank you|or|then|ah)\b[\s,!.]*)+",
    _I,
)
_VALUES = re.compile(_EMAIL + r"|[+(]?\d[\d\s().\-/]{5,}\d|[\w.]+ ?[(\[]at[)\]] ?[\w.()\[\] ]+")
_BARE_REST = re.compile(
    r"(?:\b(?:e-?mail|mail|phone|tel|mobile|cell|address|number|or|and|is|at|on|it'?s)\b|\W)+", _I
)


def mask_quotations(text: str) -> str:
    """`text` of the same length, with other people's words blanked: quoted lines, forwarded
    mail, and what stands in quotation marks after "said", "the page says" and the like."""
    text = _FORWARDED.sub(_blank, text)
    text = _QUOTED_LINE.sub(_blank, text)

    def mask(match: re.Match[str]) -> str:
        spoken = _SPEECH.search(text[: match.start()]) or match[1].count(" ") >= 4
        return _blank(match) if spoken else match[0]

    return _QUOTATION.sub(mask, text)


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def split_clauses(text: str) -> list[Clause]:
    """The clauses of `text` (already masked), in order."""
    clauses: list[Clause] = []
    for number, (start, end, mark) in enumerate(_split_sentences(text)):
        spans = list(_split_at(_CLAUSE_CUT, text, start, end))
        for index, (left, right) in enumerate(spans):
            asks = "?" in mark or "？" in mark or "؟" in mark
            last = index == len(spans) - 1
            clauses.append(_read_clause(text, left, right, number, asks and last, clauses))
    return clauses


def _split_sentences(text: str) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if match[0] == "." and _ABBREVIATION.search(
            text[max(start, match.end() - 12) : match.end()]
        ):
            continue
        if text[start : match.start()].strip():
            found.append((start, match.start(), match[0]))
        start = match.end()
    if text[start:].strip():
        found.append((start, len(text), ""))
    return found


def _split_at(cut: re.Pattern[str], text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    left = start
    for match in cut.finditer(text, start, end):
        if text[left : match.start()].strip():
            spans.append((left, match.start()))
            left = match.end()
    if text[left:end].strip():
        spans.append((left, end))
    return spans


def _read_clause(
    text: str, start: int, end: int, sentence: int, asks: bool, before: list[Clause]
) -> Clause:
    piece = text[start:end]
    own = bool(_OWN.search(piece))
    past = bool(_PAST_CONTACT.search(piece) or _USED_TO.search(piece))
    stance = _stance_of(piece, asks)
    if stance is Stance.STATED and before:
        stance = _inherit(text, piece, start, before[-1])
    return Clause(piece, start, end, sentence, stance, own, past)


def _inherit(text: str, piece: str, start: int, previous: Clause) -> Stance:
    """Bare data after a clause about somebody else is theirs."""
    between = text[previous.end : start]
    if "\n" in between and not re.search(r"[:,]\s*$", text[:start].rstrip("\n ") + "\n"):
        return Stance.STATED
    bare = not _BARE_REST.sub("", _VALUES.sub("", piece)) and not _FIRST_PERSON.search(piece)
    return Stance.OTHER if bare and previous.stance is Stance.OTHER else Stance.STATED


def _stance_of(piece: str, asks: bool) -> Stance:
    core = _FILLER.sub("", piece)
    if speaks_of_others(piece):
        return Stance.OTHER
    if _USED_TO.search(piece):
        return Stance.OTHER
    if _IMAGINED.search(core):
        return Stance.IMAGINED
    if _REQUEST.search(piece):
        return Stance.STATED
    if asks or _QUESTION.search(core):
        return Stance.QUESTION
    return Stance.STATED


def speaks_of_others(piece: str) -> bool:
    """Whether the clause is about somebody who is not the visitor."""
    if _PRONOUN.search(piece) or _PULL_IN.search(piece):
        return True
    for match in _PERSON.finditer(piece):
        weak = match[1].lower() in ("the", "a", "an", "some", "another")
        if weak and _SELF_BEFORE.search(piece[: match.start()]):
            continue
        return True
    named = _NAMED_SUBJECT.search(piece)
    return bool(named and re.split(r"[\s'’]", named[1])[0].lower() not in SUBJECT_LABELS)

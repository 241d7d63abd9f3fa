"""Pasted signatures and lists of details: "Jane Doe, Acme Ltd, jane@acme.com". Pure."""

from __future__ import annotations

import re

from sales.leads.fields import Field, Noticed
from sales.leads.notice_company import NAME, is_company_like, is_title_like
from sales.leads.notice_names import looks_like_name
from sales.leads.personal_names import normalize_name
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Stance

_I = re.IGNORECASE
_SIGN_OFF = re.compile(
    r"(?:^|\n|(?<=[.!?] ))[ \t]*(?P<words>(?:(?:with |many )?(?:best|kind|warm|kindest|"
    r"warmest|many)?[ ]?(?:regards|wishes|greetings)|"
    r"best|cheers|sincerely|yours(?: sincerely| faithfully| truly)?|thanks|many thanks|"
    r"thank you|thanks again|"
    r"thanks (?:and|&) regards|all the best|respectfully|cordially|take care|"
    r"mit freundlichen grüßen|viele grüße|cordialement|saludos|un saludo|atentamente|"
    r"cordiali saluti|"
    r"saluti|atenciosamente|abraços|met vriendelijke groet(?:en)?|mvg|lg|vg|"
    r"с уважением|sent from my \w+))[,.!]?[ \t]*(?P<break>\n\s*)",
    _I,
)
_SAME_LINE = re.compile(
    r"\b(?:best|kind|warm)? ?(?:regards|wishes|greetings),?[ \t]+(?P<name>[^\n,]{2,50})$|"
    r"(?:^|(?<=[.!?] ))(?:best|yours(?: sincerely| truly| faithfully)?|sincerely),[ "
    r"\t]+(?P<short>[^\n,]{2,40})$",
    _I,
)
_DASH = re.compile(r"(?:^|\n|(?<=[.!?] ))[ \t]*(?:—|–|-{1,2}|~)[ \t]*(?P<name>[^\n@\d]{2,50})\s*$")
_ITEM_CUT = re.compile(
    r"[ \t]*(?:[,;|/•·\n]|\s[—–-]\s)[ \t]*(?:[-*•–][ \t]+)?|"
    r"[ \t]*(?:[<>]|\((?!Pty|at\)|dot\))|(?<!Pty)(?<!\(at)(?<!\(dot)\))[ \t]*"
)
# "Alright. Jane Doe, Acme, jane@acme.com": details after a few words.
_SENTENCE = re.compile(r"(?<=[^\W\d_]{3})[.!]\s+")
_CONTACT = re.compile(r"@|(?:\(?at\)?.*\bdot\b)|\d[\d\s().-]{6,}\d|(?:\(dot\)|\[dot\])", _I)
_LEAD_IN = re.compile(
    r"^\W*(?:i['’]?m|my name is|this is|name['’]?s)\s+|"
    r"^\W*(?:(?:please|pls|plz|you can|just)\s+)?(?:contact|reach|call|e-?mail|mail|"
    r"write(?: to)?)?\s*(?:me|us)?\s*:\s*|^\W*(?:hi|hello|hey|ok|sure|"
    r"yes)?\W*(?:(?:here are |here is )?my (?:contact )?(?:details|info|data|card)|"
    r"details|contact|from|signed|sig)(?: are| is)?\s*:\s*",
    _I,
)
_SENTENCE_WORDS = re.compile(
    r"\b(?:is|are|was|were|has|have|can|could|will|would|do|does|did|handles|want|need|"
    r"needs|call|send|my|your|his|her|their|our|i|you|we|he|she|they|please|not)\b",
    _I,
)


def notice_listed(reading: Reading) -> list[Noticed]:
    """Name, company and job from a signature, or from a message that is nothing but details."""
    partial: list[Noticed] = []
    for start, end in _blocks(reading):
        found = _read_items(reading, start, end)
        if any(noticed.field == Field.CUSTOMER_NAME for noticed in found):
            return found
        partial = partial or found
    return partial + _signed(reading)


def _blocks(reading: Reading) -> list[tuple[int, int]]:
    """The signature below a sign-off, the whole message, then each of its lines."""
    text = reading.text
    blocks = [(match.end(), len(text)) for match in _SIGN_OFF.finditer(text)]
    lead = _LEAD_IN.match(text)
    blocks.append((lead.end() if lead else 0, len(text)))
    blocks.extend((match.end(), len(text)) for match in _SENTENCE.finditer(text[:80]))
    offset = 0
    for line in text.split("\n"):
        lead = _LEAD_IN.match(line)
        blocks.append((offset + (lead.end() if lead else 0), offset + len(line)))
        offset += len(line) + 1
    return blocks


def _items(text: str, start: int, end: int) -> list[tuple[int, int]]:
    items = []
    left = start
    for match in [*_ITEM_CUT.finditer(text, start, end), None]:
        right = match.start() if match else end
        span = trim_span(text, left, right, " \t\n-*•.")
        if span[0] < span[1]:
            items.append(span)
        left = match.end() if match else end
    return items


def _read_items(reading: Reading, start: int, end: int) -> list[Noticed]:
    text = reading.text
    items = _items(text, start, end)
    if len(items) < 2 or len(items) > 12:
        return []
    plain = [item for item in items if not _CONTACT.search(text[slice(*item)])]
    signed = bool(_SIGN_OFF.search(text[:start])) and start > 0
    if not signed and (len(plain) == len(items) or _is_of_others(reading, items)):
        return []
    if any(_is_sentence(text[slice(*item)]) for item in plain[: 1 if signed else None]):
        return []
    return _assign(reading, plain, signed)


def _is_of_others(reading: Reading, items: list[tuple[int, int]]) -> bool:
    clauses = [reading.clause_at(item[0]) for item in items]
    return any(clause is not None and clause.stance is not Stance.STATED for clause in clauses)


def _is_sentence(words: str) -> bool:
    return len(words.split()) > 7 or bool(_SENTENCE_WORDS.search(words)) or ":" in words


def _assign(reading: Reading, items: list[tuple[int, int]], signed: bool) -> list[Noticed]:
    text, found = reading.text, []
    left = list(items)
    if not left:
        return []
    first = text[slice(*left[0])]
    if (
        looks_like_name(first, trust=2 if signed else 1)
        and not is_company_like(first)
        and not is_title_like(first)
    ):
        name = normalize_name(reading.original[slice(*left[0])])
        found.append(reading.notice(Field.CUSTOMER_NAME, name, *left[0], 0.9))
        left = left[1:]
    elif signed:
        return []
    named = bool(found)
    for start, end in left[:4]:
        words = text[start:end]
        kinds = {notice.field for notice in found}
        if is_title_like(words) and Field.JOB_TITLE not in kinds:
            found.append(
                reading.notice(Field.JOB_TITLE, reading.original[start:end], start, end, 0.85)
            )
        elif Field.COMPANY not in kinds and _is_company(words, named):
            found.append(
                reading.notice(Field.COMPANY, reading.original[start:end], start, end, 0.8)
            )
    return found


def _is_company(words: str, named: bool) -> bool:
    if _SENTENCE_WORDS.search(words) or re.search(r"www\.|https?:|^\d", words):
        return False
    if re.search(r"\s(?:from|at|with)\s", words):
        return False  # "Mallory Jones from Evil Corp" is a sentence's part, not an item
    return is_company_like(words) or (
        named and bool(re.fullmatch(NAME, words)) and len(words.split()) <= 5
    )


def _signed(reading: Reading) -> list[Noticed]:
    """A name below a sign-off without anything else, or behind a dash at the end."""
    text = reading.text
    for match in _SIGN_OFF.finditer(text):
        end = text.find("\n", match.end())
        span = trim_span(text, match.end(), end if end >= 0 else len(text), " \t.,-–—")
        if looks_like_name(text[slice(*span)], trust=2) and len(text[slice(*span)].split()) <= 4:
            return [_name(reading, span, 0.9)]
    for pattern, confidence in ((_SAME_LINE, 0.85), (_DASH, 0.85)):
        last = pattern.search(text.rstrip())
        if not last or (not text[: last.start()].strip() and pattern is _DASH):
            continue
        group = "name" if last["name"] else "short"
        span = trim_span(text, *last.span(group))
        if looks_like_name(text[slice(*span)], trust=1):
            return [_name(reading, span, confidence)]
    return []


def _name(reading: Reading, span: tuple[int, int], confidence: float) -> Noticed:
    name = normalize_name(reading.original[slice(*span)])
    return reading.notice(Field.CUSTOMER_NAME, name, *span, confidence)

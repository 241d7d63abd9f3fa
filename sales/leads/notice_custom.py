"""Custom fields that `app.yaml` declares. Pure."""

from __future__ import annotations

import re

from sales.leads.amounts import AMOUNT, read_number
from sales.leads.fields import Noticed, Value
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Clause
from sales.leads.settings import CustomFieldSettings

_I = re.IGNORECASE
_YES = re.compile(
    r"^\W*(?:yes|yeah|yep|sure|true|correct|we do|we have|i do|of course|definitely)\b", _I
)
_NO = re.compile(r"^\W*(?:no|nope|nah|false|not|none|we don['’]?t|i don['’]?t)\b", _I)
_NEGATION = re.compile(
    r"\b(?:no|not|never|without|n['’]?t|don['’]?t|doesn['’]?t|isn['’]?t|haven['’]?t|"
    r"lack)\b[\w ]{0,25}$",
    _I,
)
_REFUSAL = re.compile(r"\b(?:rather not|don['’]?t know|not sure|no idea|why)\b|\?\s*$", _I)
MAX_TEXT = 200


def notice_custom(reading: Reading, fields: tuple[CustomFieldSettings, ...]) -> list[Noticed]:
    """One value at most of each declared field."""
    found = []
    for field in fields:
        noticed = _asked(reading, field) or _labelled(reading, field) or _stated(reading, field)
        if noticed:
            found.append(noticed)
    return found


def _read_value(field: CustomFieldSettings, words: str) -> Value | None:
    if field.type == "number":
        number = read_number(words)
        return None if number is None else int(number) if number == int(number) else number
    if field.type == "boolean":
        return True if _YES.match(words) else False if _NO.match(words) else None
    if field.type == "choice":
        return _choice(field, words)[0]
    return " ".join(words.split())[:MAX_TEXT] or None


def _choice(field: CustomFieldSettings, words: str) -> tuple[str | None, int, int]:
    best: tuple[str | None, int, int] = (None, 0, 0)
    for choice in field.choices:
        # Nobody says the hyphens of "transfer-of-equity".
        spoken = re.escape(choice).replace(r"\-", r"[-\s]+")
        match = re.search(rf"(?<!\w){spoken}(?!\w)", words, _I)
        if (
            match
            and len(choice) > best[2] - best[1]
            and not _NEGATION.search(words[: match.start()])
        ):
            best = (choice, match.start(), match.end())
    return best


def _asked(reading: Reading, field: CustomFieldSettings) -> Noticed | None:
    if reading.asked_for != field.id or _REFUSAL.search(reading.text):
        return None
    value = _read_value(field, reading.text)
    start, end = trim_span(reading.text, 0, len(reading.text))
    return None if value is None else reading.notice(field.id, value, start, end, 0.85)


def _labelled(reading: Reading, field: CustomFieldSettings) -> Noticed | None:
    names = "|".join(re.escape(name) for name in (field.label, field.id, *field.keywords) if name)
    match = re.search(
        rf"(?:^|[\n;,|])\s*(?:{names})\s*(?:[:=]|[-–] )\s*(?P<value>[^\n;,|]{{1,200}})",
        reading.text,
        _I,
    )
    if match is None:
        return None
    value = _read_value(field, match["value"])
    start, end = trim_span(reading.text, *match.span("value"))
    return None if value is None else reading.notice(field.id, value, start, end, 0.95)


def _stated(reading: Reading, field: CustomFieldSettings) -> Noticed | None:
    for clause in reading.stated:
        if clause.is_past:
            continue
        for pattern in field.patterns:
            match = re.search(pattern, clause.text, _I)
            if match:
                group = 1 if match.re.groups else 0
                value = True if field.type == "boolean" else _read_value(field, match[group] or "")
                if value is not None:
                    return _noticed(
                        reading, field, clause, match.start(group), match.end(group), value
                    )
        noticed = _near_keyword(reading, field, clause)
        if noticed:
            return noticed
    return None


def _near_keyword(reading: Reading, field: CustomFieldSettings, clause: Clause) -> Noticed | None:
    if field.type == "choice" and not field.keywords:
        choice, start, end = _choice(field, clause.text)
        return None if choice is None else _noticed(reading, field, clause, start, end, choice)
    for keyword in field.keywords:
        match = re.search(rf"(?<!\w){re.escape(keyword)}(?!\w)", clause.text, _I)
        if match is None:
            continue
        if field.type == "boolean":
            value = not _NEGATION.search(clause.text[: match.start()])
            return _noticed(reading, field, clause, *match.span(), value)
        if field.type == "choice":
            choice, start, end = _choice(field, clause.text)
            return None if choice is None else _noticed(reading, field, clause, start, end, choice)
        if field.type == "number":
            return _number_near(reading, field, clause, match)
    return None


def _number_near(
    reading: Reading, field: CustomFieldSettings, clause: Clause, keyword: re.Match[str]
) -> Noticed | None:
    """ "12 locations" or "locations is 12": the number right before the keyword, else after."""
    text = clause.text
    before = re.search(rf"(?P<n>{AMOUNT})(?:\s+\w+){{0,2}}\s*$", text[: keyword.start()], _I)
    after = re.match(
        rf"\s*(?:is|are|of|:|=|would be)?\s*(?:about |around )?(?P<n>{AMOUNT})",
        text[keyword.end() :],
        _I,
    )
    match, offset = (before, 0) if before else (after, keyword.end())
    if match is None:
        return None
    value = _read_value(field, match["n"])
    start, end = match.start("n") + offset, match.end("n") + offset
    return None if value is None else _noticed(reading, field, clause, start, end, value)


def _noticed(
    reading: Reading, field: CustomFieldSettings, clause: Clause, start: int, end: int, value: Value
) -> Noticed:
    return reading.notice(field.id, value, clause.start + start, clause.start + end, 0.8)

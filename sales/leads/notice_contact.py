"""E-mail addresses and telephone numbers that are the visitor's own. Pure."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError, validate_email

from sales.leads.fields import Field, Noticed
from sales.leads.phone_numbers import read_phone
from sales.leads.reading import Reading, trim_span
from sales.leads.sentences import Clause, Stance

_I = re.IGNORECASE
_PLAIN = re.compile(
    r"(?<![\w@])[\w.!#$%&'*+/=?^`{|}~-]+\s?@\s?[^\W_](?:[\w.-]*\w)?(?!@)", re.UNICODE
)
_JOIN = (
    r"(?:\s*[(\[{<](?:dot|period|punkt|punto|point)[)\]}>]\s*|\s+(?:dot|period|punkt|"
    r"punto|point)\s+|\.)"
)
_LOCAL_JOIN = r"(?:" + _JOIN + r"|\s+(?:underscore|dash|hyphen|minus|plus)\s+)"
_AT = r"(?:\s*[(\[{<](?:at|ät|æt|arroba|@)[)\]}>]\s*|\s+(?:at|arroba)\s+|\s*@\s*)"
_SPELT = re.compile(
    r"(?<![\w@.])([\w+-]+(?:" + _LOCAL_JOIN + r"[\w+-]+){0,4})(" + _AT + r")"
    r"([\w-]+(?:\s+(?:dash|hyphen|minus)\s+[\w-]+)*(?:" + _JOIN + r"[\w-]+){1,4})(?![\w@])",
    _I,
)
_SIGNS = {"underscore": "_", "dash": "-", "hyphen": "-", "minus": "-", "plus": "+"}
_ASKING_WORDS = re.compile(r"\b(?:e-?mails?|mail|mails|reach|contact|write|address|adresse)\b", _I)
_NO_TOP = re.compile(r"(?<![\w@])[\w.+-]+@[\w-]*(?![\w@.])")
_ROLE = re.compile(
    r"^(?:info|sales|support|help|billing|accounts?|noreply|no-reply|donotreply|office|"
    r"admin|contact|"
    r"hello|service|customer\w*|enquiries|team|invoices?|privacy|abuse|postmaster)$",
    _I,
)
_YOURS = re.compile(r"\byou(?:r|rs)\b|\byou guys\b", _I)
_NOT_BEFORE = re.compile(
    r"(?:\bnot|\bisn'?t|\binstead of|\brather than|\bn'?t use|\bold one(?: was)?)\s*[:<(]?$", _I
)

_NUMBER = re.compile(
    r"(?<![\w@.,/$€£#])(?:\(?\+|\(?00\s?|\()?\d(?:[\s().\-–/·]{0,3}\d){4,16}"
    r"(?P<ext>\s*(?:,|;)?\s*(?:ext\.?|extension|x|durchwahl|poste)\s*\d{1,6})?(?![\w@%€$£])",
    _I,
)
_PHONE_WORDS = re.compile(
    r"\b(?:call|phone|ring|text|tel|telephone|telefon\w*|t[ée]l|mobile|mobil|cell|cellphone|handy|"
    r"number|numbers|no|nr|reach|whatsapp|contact|sms|line|landline|dial|get me|get hold|handphone|"
    r"celular|m[óo]vil|portable|m|t|p|ph|direct|office)(?:\b|:)",
    _I,
)
_NO_PHONE = re.compile(
    r"\b(?:orders?|invoices?|tickets?|serials?|ref|reference|account|acct|tracking|case|ids?|code|"
    r"version|v|vat|iban|card|customer|part|model|sku|isbn|po|contract|batch|lot|zip|postcode|fax|"
    r"telefax|policy|license|licence|log|logged|error|f)\b[\w .:#-]{0,14}$",
    _I,
)
_DATE = re.compile(
    r"^(?:(?:19|20)\d{2}[-/. ]?[01]\d[-/. ]?[0-3]\d|[0-3]?\d[-/.][01]?\d[-/.](?:19|20)?\d{2})"
    r"(?:\D+\d{1,2}\D\d{2})?$"
)
_YEARS = re.compile(r"^(?:19|20)\d{2}\s*[-–/]\s*(?:19|20)?\d{2}$")


def notice_email(reading: Reading) -> list[Noticed]:
    """The visitor's addresses in order, and misspelt ones with their problem."""
    found: list[Noticed] = []
    taken: list[tuple[int, int]] = []
    for address, start, end in _find_addresses(reading):
        if any(start < right and left < end for left, right in taken):
            continue
        taken.append((start, end))
        confidence = _ownership(reading, start, end, address)
        if not confidence:
            continue
        value, problem = read_email(address)
        if problem and confidence < 0.9 and reading.asked_for != Field.EMAIL:
            continue
        found.append(reading.notice(Field.EMAIL, value, start, end, confidence, problem))
    return found


def read_email(address: str) -> tuple[str, str | None]:
    """The address with its domain in small letters, and what is wrong with it, if anything.

    No name server is asked: the rules are RFC 5321's and 5322's, as email-validator reads them.
    """
    try:
        # test_environment allows `.test`, which documentation and demonstrations use.
        parsed = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        return address, str(error)
    return parsed.normalized, None


def _find_addresses(reading: Reading) -> list[tuple[str, int, int]]:
    text = reading.text
    found = []
    for match in _PLAIN.finditer(text):
        start, end = trim_span(text, match.start(), match.end(), ".,;:'`*/!?<>|{}=-")
        address = re.sub(r"\s", "", text[start:end])
        if "." in address.split("@")[-1]:
            found.append((address, start, end))
    for match in _SPELT.finditer(text):
        if _spells(reading, match):
            local = _unspell(match[1])
            found.append((f"{local}@{_unspell(match[3])}", match.start(), match.end()))
    if not found and (reading.asked_for == Field.EMAIL or _ASKING_WORDS.search(text)):
        found.extend((match[0], *match.span()) for match in _NO_TOP.finditer(text))
    return found


def _spells(reading: Reading, match: re.Match[str]) -> bool:
    """Whether "x at y dot z" is an address: "we met at acme.com" is none."""
    at, domain = match[2].strip().lower(), match[3]
    if "@" in at and "." in domain and not re.search(r"\s", domain):
        return False  # a plain address, found already
    if at not in ("at", "arroba"):
        return True
    if re.search(r"[\s(\[{<](?:dot|period|punkt|punto|point)[\s)\]}>]", domain, _I):
        return True
    before = reading.text[max(0, match.start() - 40) : match.start()]
    alone = not reading.text[: match.start()].strip() and not reading.text[match.end() :].strip()
    return bool(reading.asked_for == Field.EMAIL and alone) or bool(
        re.search(r"\b(?:e-?mail|mail|address)(?: address)?(?: is|:|'s)\s*$", before, _I)
    )


def _unspell(words: str) -> str:
    joined = re.sub(_JOIN, ".", words, flags=_I)
    for word, sign in _SIGNS.items():
        joined = re.sub(rf"\s+{word}\s+", sign, joined, flags=_I)
    return re.sub(r"\s", "", joined)


def _ownership(reading: Reading, start: int, end: int, address: str) -> float:
    """How sure it is that this address or number is the visitor's; 0 when it is not."""
    clause = reading.clause_at(start)
    if clause is None:
        return 0.0
    before = reading.text[clause.start : start]
    if _NOT_BEFORE.search(before):
        return 0.0
    local, _, domain = address.rpartition("@")
    if local:
        if domain.lower() in reading.own_domains:
            return 0.0
        if (_YOURS.search(clause.text) and _ROLE.match(local)) or re.match(r"your", domain, _I):
            return 0.0
        if not clause.is_own and _names_other(reading, local):
            return 0.0
    return _stance_confidence(reading, clause, before, local, after=reading.text[end : clause.end])


def _stance_confidence(
    reading: Reading, clause: Clause, before: str, local: str, after: str
) -> float:
    if clause.is_past:
        # "don't phone, just mail me at x": what is refused stands before what is wanted.
        return 0.0
    if clause.stance is Stance.STATED:
        return 0.95 if clause.is_own or reading.asked_for in (Field.EMAIL, Field.PHONE) else 0.9
    if clause.stance is Stance.QUESTION and not before.strip(" \t-–,<"):
        # "me@acme.com - could you send it?" offers the address; "me@acme.com?" does too.
        return 0.8 if not _ROLE.match(local) and not re.search(r"\bor\b", after) else 0.0
    if clause.stance is Stance.OTHER and clause.is_own and not _PERSON_TARGET.search(before):
        return 0.85
    return 0.0


_PERSON_TARGET = re.compile(
    r"\b(?:his|her|their|him|them|he|she|they|my \w+(?: \w+)?)\W*(?:\w+\W+){0,3}$", _I
)


def _names_other(reading: Reading, local: str) -> bool:
    parts = [part for part in re.split(r"[^a-z]+", local.lower()) if len(part) >= 3]
    return any(part in reading.other_names for part in parts)


def notice_phone(reading: Reading) -> list[Noticed]:
    """The visitor's numbers in order, as E.164, and impossible ones with their problem."""
    found = []
    for match in _NUMBER.finditer(reading.text):
        if _inside_address(reading.text, match):
            continue
        number = match[0][: match.start("ext") - match.start()] if match["ext"] else match[0]
        clause = reading.clause_at(match.start())
        if clause is None or not _may_be_phone(reading, clause, match, number):
            continue
        confidence = _ownership(reading, match.start(), match.end(), "")
        if not confidence:
            continue
        value, problem = read_phone(number, reading.region)
        if problem and not _is_offered(reading, clause, number):
            continue
        start, end = trim_span(reading.text, *match.span(), junk=" .,;:-–")
        found.append(reading.notice(Field.PHONE, value, start, end, confidence, problem))
    return found


def _inside_address(text: str, match: re.Match[str]) -> bool:
    return text[match.end() : match.end() + 1] == "@" or text[: match.start()].endswith("@")


def _may_be_phone(reading: Reading, clause: Clause, match: re.Match[str], number: str) -> bool:
    digits = re.sub(r"\D", "", number)
    stripped = number.strip()
    if _DATE.match(stripped) or _YEARS.match(stripped) or len(digits) > 15:
        return False
    before = reading.text[max(0, match.start() - 30) : match.start()]
    after = reading.text[match.end() : match.end() + 1]
    if _NO_PHONE.search(before) or after in ("-", "."):
        return after == "." and _may_end(reading.text, match.end())
    international = stripped.lstrip("(").startswith(("+", "00"))
    if international or _is_offered(reading, clause, number):
        return True
    # Without any word for it: only what stands alone between separators, written as a number is.
    line = reading.line_at(match.start())
    alone = any(item.strip(" .-–") == stripped for item in re.split(r"[,;|/\n•]| or | and ", line))
    return (alone or reading.is_correction) and len(digits) >= 7


def _may_end(text: str, end: int) -> bool:
    return len(text) == end + 1 or text[end + 1].isspace()


def _is_offered(reading: Reading, clause: Clause, number: str) -> bool:
    digits = len(re.sub(r"\D", "", number))
    if reading.asked_for == Field.PHONE:
        return digits >= 4
    before = clause.text[: clause.text.find(number[:4])]
    return digits >= 6 and bool(_PHONE_WORDS.search(before or clause.text))

"""A message as a line of canonical words, in which the time grammar looks for phrases.

What looks like a time but is none (prices, phone numbers, versions, addresses, "24/7", "good
morning") becomes a blank here, so that no reader has to know about it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sales.appointments.time_languages import LONGEST_PHRASE, find_phrases
from sales.appointments.time_words import SHY_WEEKDAYS, correct_word

MAX_TEXT = 2000
BLANK = "¤"

_MONEY = r"(?:[$€£¥]|usd|eur|euros?|dollars?|bucks|gbp|pounds?|chf|cents?|percent|k\b)"
_NOT_TIMES = re.compile(
    "|".join(
        (
            r"[a-z][a-z+.-]*://\S+|www\.\S+",
            r"\S+@\S+\.\S+",
            r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|org|net|io|de|es|ai|app|dev|co)\b\S*",
            r"\b24\s?/\s?7(?:\s?/\s?365)?\b|\b24\s?x\s?7\b",
            rf"[$€£¥]\s?\d[\d.,]*(?:\s?(?:k|m|bn|million|thousand)\b)?|\b\d[\d.,]*\s?(?:%"
            rf"|{_MONEY})(?![a-z])",
            r"\+\d[\d\s()./-]{5,}\d|\(\d{2,5}\)\s?\d[\d\s-]{4,}\d",
            r"\b\d{3}[-.\s]\d{3}[-.\s]\d{4}\b|\b\d{3}[-.]\d{4}\b"
            r"|\b0\d{2,4}[\s/-]\d{3,}[\d\s/-]*\d\b",
            r"\b\d{5,}(?:-\d+)?\b",
            # Order numbers, versions, addresses of machines, models
            r"#\s?\d{2,}[\d-]*|#\s?[a-z]+-?\d[\w-]*",
            r"\b(?:order|invoice|ticket|case|ref|reference|po|sku|model|part|serial|room|suite|apt"
            r"|unit|gate|flight|bus|route|highway|error|code|http|port|rfc|iso|article|section"
            r"|chapter|page|figure|table|step|phase|level|tier|floor)"
            r"\s?(?:no\.?|nr\.?|number|id|#)?\s?:?\s?\d[\d.:/-]*\b",
            r"\bv\.?\s?\d+(?:\.\d+)*\b|\b(?:version|release|windows|ios|android|python|php|java"
            r"|node"
            r"|chrome|firefox|office|wordpress|http|tls|usb|bluetooth)\s?\d+(?:\.\d+)*\b",
            r"\b\d+\.\d+\.\d+\.\d+\b|\b[a-z]+\d+[a-z]*\b(?<!\d[ap]m)|\b\d+x\d+\b",
            r"\b(?:score|ratio|aspect|odds|john|psalm)\s(?:of\s|was\s|is\s)?\d+:\d+\b"
            r"|\b\d+:\d+\s(?:ratio|scale|aspect|odds)\b",
            r"\b(?:black|cyber|good|easter|giving|casual|shrove|ash|palm|super) (?:monday|friday"
            r"|tuesday"
            r"|wednesday|thursday|sunday|saturday)\b",
            r"\b(?:good|lovely|beautiful) (?:morning|afternoon|evening|night|day)\b(?! slot)",
            r"^\W*(?:morning|evening|afternoon)(?=[!,. ]+(?:all|team|there|everyone|folks|i|can"
            r"|could|we)\b)",
            r"\bhave an? (?:good|great|nice|lovely|wonderful|fantastic|pleasant|blessed) (?:\w+ )?"
            r"(?:day|evening|weekend|week|morning|afternoon|night)\b",
            r"\bhow (?:are|r) (?:you|u|things)(?: \w+)? today\b",
            r"\b(?:per|every|each|by the) (?:day|week|month|year)\b|\b(?:once|twice|times|hours"
            r"|days|it"
            r"|users|¤) an? (?:day|week|month|year)\b|\b\d+[\s-]?(?:days?|months?|years?|yrs?)"
            r"[ -](?:free |money |return |refund )?(?:trial|guarantee|plan|contract|warranty"
            r"|notice|subscription"
            r"|term|license|period|policy|old|window|refund|delivery|retention|history)\b",
        )
    )
)
_TOKEN = re.compile(
    r"(?P<iso>\d{4}([-/])\d{2}\2\d{2}(?!\d))"
    r"|(?P<dated>\d{1,2}([./-])\d{1,2}\4(?:\d{4}|\d{2})(?!\d))"
    r"|(?P<daymonth>\d{1,2}\.\d{1,2}\.(?!\d))"
    r"|(?P<pair>\d{1,2}/\d{1,2}(?![\d/]))"
    r"|(?P<clock>\d{1,2}[:.h]\d{2}(?!\d))"
    r"|(?P<abbreviated>(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|okt|nov|dec|dez)\.(?=\s*\d))"
    r"|(?P<ordinal>\d{1,2}\s?(?:st|nd|rd|th)\b)"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<oclock>o\s?['\"`´]?\s?clock)"
    r"|(?P<meridiem>[ap]\.\s?m\b\.?)"
    r"|(?P<suffix>'s\b)"
    r"|(?P<hyphened>(?:twenty|thirty|forty|fifty)-[a-z]+)"
    r"|(?P<contracted>let's\b)"
    r"|(?P<word>[a-zß]+(?:'(?!s\b)[a-z]+)?)"
    r"|(?P<sign>[^\s\w])"
)
_DAY_SIGNS = re.compile(
    r"on|next|this|coming|last|by|until|till|for|before|after|not|or|from|no|except|every|of|and"
    r"|,|-|/"
)
_AFTER_DAY = re.compile(
    r"(?:\d|morning|afternoon|evening|at|or|-|works|please|the|around|noon|\?|/|next|week|after)"
)
_WORDS = re.compile(r"[a-zß]+")


@dataclass(frozen=True, slots=True)
class Line:
    """Canonical words, one blank before, between and behind, and where each came from."""

    text: str
    source: str
    origins: tuple[tuple[int, int, int], ...]
    """Per word: its place in `text`, and first and last place in `source`."""

    def quote(self, start: int, end: int) -> str:
        """The visitor's own words behind a stretch of `text`."""
        hit = [origin for origin in self.origins if start <= origin[0] < end]
        return self.source[hit[0][1] : hit[-1][2]] if hit else ""


def _flatten(text: str) -> str:
    """Small letters without accents, of the same length as `text`."""
    flat = []
    for char in text:
        base = unicodedata.normalize("NFKD", char)[0].lower()[:1]
        flat.append(
            {"–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "”": '"', "“": '"'}.get(char, base)
        )
    return "".join(flat)


def _canonical(match: re.Match[str]) -> str:
    """One token as the grammar writes it."""
    kind, text = match.lastgroup or "", match.group()
    if kind == "clock":
        return text.replace("h", ":")
    if kind == "ordinal":
        return text.replace(" ", "")
    if kind == "oclock":
        return "oclock"
    if kind == "meridiem":
        return f"{text[0]}m"
    if kind in ("word", "abbreviated", "contracted"):
        return correct_word(text.replace("'", "").rstrip("."))
    return text


def _translate(tokens: list[tuple[str, int, int]], locale: str) -> list[tuple[str, int, int]]:
    """The tokens with German or Spanish phrases in English words."""
    phrases = find_phrases([word for word, _, _ in tokens], locale)
    if not phrases:
        return tokens
    translated: list[tuple[str, int, int]] = []
    index = 0
    while index < len(tokens):
        for length in range(min(LONGEST_PHRASE, len(tokens) - index), 0, -1):
            part = tokens[index : index + length]
            english = phrases.get(tuple(word for word, _, _ in part))
            if english is not None:
                translated += [(word, part[0][1], part[-1][2]) for word in english.split()]
                index += length
                break
        else:
            translated.append(tokens[index])
            index += 1
    return translated


def _settle(words: list[str]) -> list[str]:
    """`sat`, `sun`, `mon` and `wed` as weekdays where their neighbours say so."""
    settled = list(words)
    for index, word in enumerate(words):
        if word not in SHY_WEEKDAYS:
            continue
        before = words[index - 1] if index else ""
        after = words[index + 1] if index + 1 < len(words) else ""
        alone = not before or before == BLANK
        # "the sun", "we sat": only a preposition or a time beside it makes these a weekday.
        if (
            _DAY_SIGNS.fullmatch(before) and before not in ("and", ",", "of", "this", "for", "from")
        ) or (
            (alone or _DAY_SIGNS.fullmatch(before) or word in ("mon", "wed"))
            and (not after or _AFTER_DAY.match(after) or (after == "," and word in ("mon", "wed")))
        ):
            settled[index] = SHY_WEEKDAYS[word]
    return settled


def read_line(text: str, locale: str) -> Line:
    """The canonical line of a message; at most its first MAX_TEXT characters are read."""
    source = text[:MAX_TEXT]
    flat = _NOT_TIMES.sub(lambda match: BLANK * len(match.group()), _flatten(source))
    tokens: list[tuple[str, int, int]] = []
    for match in _TOKEN.finditer(flat):
        if match.group() == BLANK and tokens and tokens[-1][0] == BLANK:
            continue
        tokens.append((_canonical(match), match.start(), match.end()))
    tokens = _translate(tokens, locale)
    words = _settle([word for word, _, _ in tokens])
    line, origins = " ", []
    for word, (_, start, end) in zip(words, tokens, strict=True):
        canonical = "this evening" if word == "tonight" else word
        origins.append((len(line), start, end))
        line += canonical + " "
    return Line(line, source, tuple(origins))


def read_words(text: str) -> list[str]:
    """The plain words of a canonical stretch."""
    return _WORDS.findall(text)

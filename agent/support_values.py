"""Numbers with their currency and unit, and addresses, in a form that can be compared. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from agent import support_words as words
from sales.knowledge.words import STOP_WORDS, find_stems, fold

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'\])]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.@-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|co|ai|app|example|info|biz|eu|uk|de|us|ru|cn|shop|xyz|"
    r"link|site|online|store|top|club|me|ly|gg|tv)(?:/[^\s<>\"'\])]*)?(?![\w-])",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"(?P<sign>US\$|[$€£¥]|\b(?:USD|EUR|GBP|CHF)\b)?\s?(?P<minus>(?<![\w])[-−–])?"
    r"(?P<number>\d+(?:[.,:/]\d+)*)(?P<tail>\s?(?:%|°\s?[CF]?|[$€£¥]|\bk\b|[A-Za-zµ]+))?"
    r"(?P<next>[\s-]+[A-Za-z]+)?",
)


class Amount(NamedTuple):
    """A number: `number` in a plain form, `currency` as a code and `unit` as a stem, or empty.
    `counted`: what stands behind a number without either."""

    number: str
    currency: str
    unit: str
    counted: str = ""

    @property
    def kind(self) -> str:
        """What it can be mistaken for: other amounts of the same kind."""
        return self.currency or self.unit or "number"


def normalise(text: str) -> str:
    """`text` with compatible signs as one, and phrases as the word they mean."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("−", "-")
    for pattern, meaning in words.PHRASES:
        text = re.sub(pattern, meaning, text, flags=re.IGNORECASE)
    return text


def find_addresses(text: str) -> frozenset[str]:
    """E-mail and web addresses in small letters, those without https:// among them."""
    found = _ADDRESS.findall(unicodedata.normalize("NFKC", text))
    return frozenset(match.rstrip(".,;:!?)*_").lower() for match in found)


def find_amounts(text: str) -> frozenset[Amount]:
    """Every number, written as digits or as a word."""
    plain = normalise(_ADDRESS.sub(" ", text))
    plain = re.sub(r"[^\W\d_]+", _as_digits, plain)
    found = set()
    for match in _NUMBER.finditer(plain):
        tail = fold(match["tail"] or "").strip()
        after = fold(match["next"] or "").strip(" -\n\t")
        currency = words.CURRENCIES.get(fold(match["sign"] or "").strip(), "")
        currency = currency or words.CURRENCIES.get(tail, "") or words.CURRENCIES.get(after, "")
        number = ("-" if match["minus"] else "") + _plain_number(match["number"])
        unit = _find_unit(tail, after) if not currency else ""
        counted = "" if currency or unit else _find_counted(tail)
        found.add(Amount(number, currency, unit, counted))
    return frozenset(found)


def _as_digits(match: re.Match[str]) -> str:
    return words.NUMBER_WORDS.get(match.group().lower(), match.group())


def _plain_number(number: str) -> str:
    """1,000 and 1000, 49.00 and 49 are the same."""
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", number):
        number = number.replace(",", "")
    if re.fullmatch(r"\d+\.\d+", number):
        number = number.rstrip("0").rstrip(".")
    return number


def _find_counted(word: str) -> str:
    return "" if word in STOP_WORDS else next(iter(find_stems(word)), "")


def _find_unit(*candidates: str) -> str:
    for candidate in candidates:
        for stem in [candidate, *find_stems(candidate)]:
            if stem in words.UNITS:
                return words.SYNONYMS.get(stem, stem)
    return ""

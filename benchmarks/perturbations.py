"""Sentences of websites, said again truly and falsely, by rule: the same seed, the same set."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

from agent.sentence_split import SentenceKind, split_sentences
from agent.support_values import find_amounts

Change = Callable[[str, str, Random], str | None]
"""(sentence, its passage, chance) -> the changed sentence; None where the rule does not fit."""

_NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?![\w.,]*\d)")
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}(?: [A-Z][a-z]+)*")
_BE = re.compile(r"\b(is|are|was|were|can|will|may|must|has|does|do)\b(?! not\b|n['’]t)")
_NOT = re.compile(r"\b(is|are|was|were|can|will|may|must|has|does|do) ?not\b|\bcannot\b|\bnever\b")
_INVENTED = (
    "and comes with a lifetime guarantee",
    "with free express delivery worldwide",
    "and was named the best in its class",
    "and includes unlimited support around the clock",
    "at half the price of any competitor",
    "and can be cancelled without notice",
    "which is certified for medical use",
    "and is used by over 10,000 customers",
    "with a 20% discount for new customers",
    "and ships within one hour",
)
_LESS_MORE = (
    ("at least", "at most"),
    ("up to", "at least"),
    ("more than", "less than"),
    ("before", "after"),
    ("minimum", "maximum"),
    ("included", "excluded"),
    ("open", "closed"),
    ("increase", "decrease"),
    ("first", "last"),
    ("above", "below"),
)
_UNITS = (
    ("days", "weeks"),
    ("day", "week"),
    ("months", "years"),
    ("month", "year"),
    ("hours", "days"),
    ("minutes", "hours"),
    ("$", "€"),
    ("€", "£"),
    ("£", "$"),
    ("million", "billion"),
    ("km", "m"),
)


def list_sentences(passage: str) -> list[str]:
    """The sentences that state something by themselves."""
    return [
        text
        for one in split_sentences(passage)
        if one.kind is SentenceKind.SENTENCE
        for text in [passage[one.start : one.end]]
        if 6 <= len(text.split()) <= 40 and "\n" not in text
    ]


def change_number(sentence: str, _passage: str, chance: Random) -> str | None:
    """Another number."""
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return None
    match = chance.choice(found)
    digits = match.group()
    place = chance.randrange(len(digits))
    while not digits[place].isdigit():
        place = chance.randrange(len(digits))
    other = str((int(digits[place]) + chance.randint(1, 8)) % 10)
    if place == 0 and other == "0":
        other = "9" if digits[0] != "9" else "8"
    changed = digits[:place] + other + digits[place + 1 :]
    return sentence[: match.start()] + changed + sentence[match.end() :]


def take_neighbours_number(sentence: str, passage: str, chance: Random) -> str | None:
    """A number of the same passage that is said of something else."""
    own = set(_NUMBER.findall(sentence))
    others = sorted(set(_NUMBER.findall(passage)) - own)
    found = list(_NUMBER.finditer(sentence))
    if not found or not others:
        return None
    match, other = chance.choice(found), str(chance.choice(others))
    return sentence[: match.start()] + other + sentence[match.end() :]


def swap_name(sentence: str, passage: str, chance: Random) -> str | None:
    """A name of the same passage instead of the sentence's own."""
    own = set(_NAME.findall(sentence))
    others = sorted(set(_NAME.findall(passage)) - own)
    found = list(_NAME.finditer(sentence))
    if not found or not others:
        return None
    match, other = chance.choice(found), str(chance.choice(others))
    return sentence[: match.start()] + other + sentence[match.end() :]


def negate(sentence: str, _passage: str, chance: Random) -> str | None:
    """The contrary."""
    denied = _NOT.search(sentence)
    if denied:
        verb = denied[1] or ("can" if denied.group() == "cannot" else "always")
        return sentence[: denied.start()] + verb + sentence[denied.end() :]
    found = list(_BE.finditer(sentence))
    if not found:
        return None
    match = chance.choice(found)
    return sentence[: match.end()] + " not" + sentence[match.end() :]


def invent_clause(sentence: str, _passage: str, chance: Random) -> str | None:
    """A clause that stands nowhere."""
    if not sentence.endswith("."):
        return None
    return f"{sentence[:-1]} {chance.choice(_INVENTED)}."


def _replace_one(pairs: Sequence[tuple[str, str]], sentence: str, chance: Random) -> str | None:
    both = [*pairs, *((right, left) for left, right in pairs)]
    fitting = []
    for left, right in both:
        pattern = rf"\b{re.escape(left)}\b" if left[0].isalpha() else re.escape(left)
        if re.search(pattern, sentence):
            fitting.append((pattern, right))
    if not fitting:
        return None
    pattern, right = chance.choice(fitting)
    return re.sub(pattern, right, sentence, count=1)


def turn_comparison(sentence: str, _passage: str, chance: Random) -> str | None:
    """At most for at least, and the like."""
    return _replace_one(_LESS_MORE, sentence, chance)


def change_unit(sentence: str, _passage: str, chance: Random) -> str | None:
    """Another unit or currency beside the same number."""
    return _replace_one(_UNITS, sentence, chance) if find_amounts(sentence) else None


def drop_condition(sentence: str, _passage: str, _chance: Random) -> str | None:
    """Without the "only" that limits it."""
    changed = re.sub(r"\bonly ", "", sentence, count=1)
    return changed if changed != sentence else None


BAD: dict[str, Change] = {
    "number changed": change_number,
    "neighbour's number": take_neighbours_number,
    "name swapped": swap_name,
    "negated": negate,
    "clause invented": invent_clause,
    "comparison turned": turn_comparison,
    "unit or currency": change_unit,
    "'only' dropped": drop_condition,
}

_CONTRACTIONS = (
    (r"\b(is|are|was|were|does|do|did|has|have) not\b", r"\1n't"),
    (r"\bcannot\b", "can't"),
    (r"\bwill not\b", "won't"),
    (r"\b(it|that|there) is\b", r"\1's"),
    (r"\b(we|you|they) are\b", r"\1're"),
)
_OTHER_WORDS = (
    (r"\bper (day|week|month|year)\b", r"a \1"),
    (r"\ba (day|week|month|year)\b", r"per \1"),
    (r"\bcosts\b", "is"),
    (r"\bpurchases?\b", "order"),
    (r"\bbegins\b", "starts"),
    (r"\bbegan\b", "started"),
    (r"\brequires?\b", "needs"),
    (r"\bprovides\b", "offers"),
    (r"\bmust be\b", "has to be"),
    (r"\bhowever, ", ""),
    (r"\bchoose\b", "pick"),
    (r"\be-?mail\b", "email"),
    (r"\balso ", ""),
)
_WORDS_OF_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def say_verbatim(sentence: str, _passage: str, _chance: Random) -> str | None:
    """As it stands."""
    return sentence


def _substitute(rules: Sequence[tuple[str, str]], sentence: str) -> str | None:
    changed = sentence
    for pattern, other in rules:
        changed = re.sub(pattern, other, changed, flags=re.IGNORECASE)
    return changed if changed != sentence else None


def contract(sentence: str, _passage: str, _chance: Random) -> str | None:
    """Don't for do not."""
    return _substitute(_CONTRACTIONS, sentence)


def say_in_other_words(sentence: str, _passage: str, _chance: Random) -> str | None:
    """Small words of the same meaning."""
    return _substitute(_OTHER_WORDS, sentence)


def write_numbers_otherwise(sentence: str, _passage: str, _chance: Random) -> str | None:
    """2 for two, 1000 for 1,000."""
    changed = re.sub(r"\b(\d),(\d{3})\b", r"\1\2", sentence)
    for value, word in enumerate(_WORDS_OF_NUMBERS, 2):
        changed = re.sub(rf"\b{word}\b", str(value), changed)
    return changed if changed != sentence else None


def reorder(sentence: str, _passage: str, _chance: Random) -> str | None:
    """What stood before the comma comes last."""
    opening = r"((?:In|On|At|For|During|After|Before|By|With|If|When) [^,]{3,60})"
    match = re.fullmatch(rf"{opening}, (.+)\.", sentence)
    if not match:
        return None
    first, rest = match[1], match[2]
    return f"{rest[0].upper()}{rest[1:]} {first[0].lower()}{first[1:]}."


def shorten(sentence: str, _passage: str, _chance: Random) -> str | None:
    """Without what stands in brackets, or the last clause."""
    changed = re.sub(r" \([^)]*\)", "", sentence)
    if changed != sentence:
        return changed
    head, comma, _ = sentence.rpartition(", ")
    return f"{head}." if comma and len(head.split()) >= 6 and "," not in head else None


def lead_in(sentence: str, _passage: str, chance: Random) -> str | None:
    """A polite beginning."""
    begin = chance.choice(("Sure: ", "According to the website, ", "Good question – ", "Yes, "))
    is_small = sentence.split(maxsplit=1)[0] in ("The", "A", "It", "You", "We")
    return begin + (sentence[0].lower() if is_small else sentence[0]) + sentence[1:]


GOOD: dict[str, Change] = {
    "word for word": say_verbatim,
    "contracted": contract,
    "other small words": say_in_other_words,
    "numbers otherwise": write_numbers_otherwise,
    "reordered": reorder,
    "shortened": shorten,
    "led in": lead_in,
}

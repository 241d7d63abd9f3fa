"""Words as the keyword index sees them: tokens, Porter stems, stop words, content words.

The tokens equal those of SQLite FTS5's `porter unicode61 remove_diacritics 2`, so that what is
counted here is what the index finds. Pure functions; nothing is read or written.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

STOP_WORDS = frozenset(
    """
    a about above after again against all also am an and any are aren as at be because been
    before being below between both but by can cannot could couldn d did didn do does doesn
    doing don down during each either else ever every few for from further get gets getting give
    given go got had hadn has hasn have haven having he her here hers herself hi hello hey him
    himself his how however i if in into is isn it its itself just know let like ll m may me
    might more most much must my myself need no nor not now of off ok okay on once one only or
    other our ours ourselves out over own please re s same shall she should shouldn so some such
    t tell than thank thanks that the their theirs them themselves then there these they thing
    things this those through to too under until up us ve very want was wasn we were weren what
    whats when where whether which while who whom whose why will with won would wouldn yes you
    your yours yourself yourselves
    """.split()
)
"""English words that carry no topic; question words among them. Compared after folding."""

QUESTION_WORDS = frozenset(
    """
    what whats when where which who whom whose why how is are was were do does did can could
    will would should shall may might has have had am
    """.split()
)
"""Words that open a question."""

_TOKEN = re.compile(r"[^\W_]+")
_COMBINING = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")


def fold(text: str) -> str:
    """Lower case without diacritics, as `unicode61 remove_diacritics 2` compares."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFD", text.lower().replace("ς", "σ"))
    return _COMBINING.sub("", decomposed)


def split_words(text: str) -> list[str]:
    """All tokens of `text` in order, folded: runs of letters and digits."""
    return _TOKEN.findall(fold(text))


def find_stems(text: str) -> list[str]:
    """The Porter stem of every token of `text`, in order, stop words included."""
    return [stem(word) for word in _TOKEN.findall(fold(text))]


def choose_content_words(text: str) -> list[str]:
    """The folded words of `text` that carry its topic, in order, without repetition.

    A text of nothing but stop words ("who are you?") keeps none.
    """
    return list(dict.fromkeys(word for word in split_words(text) if word not in STOP_WORDS))


def build_keyword_query(text: str, max_words: int = 32) -> str:
    """An FTS5 MATCH expression: the content words OR-ed, each quoted; "" when there are none.

    Every word is quoted, so no text of a visitor can be read as FTS5 syntax. At most `max_words`
    words are taken, which bounds the cost of a pasted page.
    """
    return " OR ".join(f'"{word}"' for word in choose_content_words(text)[:max_words])


def build_bigrams(stems: Iterable[str]) -> set[tuple[str, str]]:
    """Neighbouring pairs of `stems`."""
    words = list(stems)
    return set(itertools.pairwise(words))


# --- Porter stemmer -----------------------------------------------------------------------------
# M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, as SQLite's fts5 porter
# tokenizer applies it (tokens shorter than 3 or longer than 64 bytes are left alone). Written
# out here because the stems must agree with the index; checked against it in the tests.

_MAX_STEMMED = 64
_STEP_2 = {
    "ational": "ate", "tional": "tion", "enci": "ence", "anci": "ance", "izer": "ize",
    "logi": "log", "bli": "ble", "alli": "al", "entli": "ent", "eli": "e", "ousli": "ous",
    "ization": "ize", "ation": "ate", "ator": "ate", "alism": "al", "iveness": "ive",
    "fulness": "ful", "ousness": "ous", "aliti": "al", "iviti": "ive", "biliti": "ble",
}  # fmt: skip
_STEP_3 = {
    "icate": "ic", "ative": "", "alize": "al", "iciti": "ic", "ical": "ic", "ful": "", "ness": "",
}  # fmt: skip
_STEP_4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous",
    "ive", "ize", "ion", "al", "er", "ic", "ou",
)  # fmt: skip


def _is_consonant(word: str, index: int) -> bool:
    char = word[index]
    if char in "aeiou":
        return False
    if char == "y":
        return index == 0 or not _is_consonant(word, index - 1)
    return True


def _measure(word: str) -> int:
    """Porter's m: how many times a vowel run is followed by a consonant run."""
    count, was_vowel = 0, False
    for index in range(len(word)):
        vowel = not _is_consonant(word, index)
        if was_vowel and not vowel:
            count += 1
        was_vowel = vowel
    return count


def _has_vowel(word: str) -> bool:
    return any(not _is_consonant(word, index) for index in range(len(word)))


def _ends_double(word: str) -> bool:
    return len(word) > 1 and word[-1] == word[-2] and _is_consonant(word, len(word) - 1)


def _ends_cvc(word: str) -> bool:
    size = len(word)
    return (
        size > 2
        and _is_consonant(word, size - 3)
        and not _is_consonant(word, size - 2)
        and _is_consonant(word, size - 1)
        and word[-1] not in "wxy"
    )


def _strip_plural_and_tense(word: str) -> str:
    """Steps 1a to 1c."""
    if word.endswith("s"):
        # FTS5 asks for a letter before every suffix: "ies" and "eed" alone are no words with one.
        if (len(word) > 4 and word.endswith("sses")) or (len(word) > 3 and word.endswith("ies")):
            word = word[:-2]
        elif not word.endswith("ss"):
            word = word[:-1]
    if len(word) > 3 and word.endswith("eed"):
        if _measure(word[:-3]) > 0:
            word = word[:-1]
    else:
        cut = 2 if word.endswith("ed") else 3 if word.endswith("ing") else 0
        if cut and _has_vowel(word[:-cut]):
            word = word[:-cut]
            if word.endswith(("at", "bl", "iz")):
                word += "e"
            elif _ends_double(word) and word[-1] not in "lsz":
                word = word[:-1]
            elif _measure(word) == 1 and _ends_cvc(word):
                word += "e"
    if word.endswith("y") and _has_vowel(word[:-1]):
        word = word[:-1] + "i"
    return word


def _replace_suffix(word: str, suffixes: dict[str, str]) -> str:
    """Steps 2 and 3: the longest suffix that fits is replaced where m > 0."""
    for size in range(min(7, len(word)), 2, -1):
        replacement = suffixes.get(word[-size:])
        if replacement is not None:
            base = word[:-size]
            return base + replacement if _measure(base) > 0 else word
    return word


def _strip_derivation(word: str) -> str:
    """Steps 4, 5a and 5b."""
    for suffix in _STEP_4:
        if word.endswith(suffix):
            base = word[: -len(suffix)]
            if _measure(base) > 1 and (suffix != "ion" or base[-1:] in ("s", "t")):
                word = base
            break
    if word.endswith("e"):
        measure = _measure(word[:-1])
        if measure > 1 or (measure == 1 and not _ends_cvc(word[:-1])):
            word = word[:-1]
    if word.endswith("ll") and _measure(word) > 1:
        word = word[:-1]
    return word


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The Porter stem of one folded word."""
    if len(word) < 3 or len(word) > _MAX_STEMMED:
        return word
    word = _strip_plural_and_tense(word)
    word = _replace_suffix(word, _STEP_2)
    word = _replace_suffix(word, _STEP_3)
    return _strip_derivation(word)

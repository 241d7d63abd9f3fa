"""The form of a person's name: its case, and which part is the family's. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from sales.leads.name_words import GIVEN_NAMES, PARTICLES, TITLES

_MARKS = "\u0300-\u036f\u064b-\u065f\u0900-\u0dff\u0e00-\u0e7f"
LETTER = rf"(?:[^\W\d_]|[{_MARKS}])"
TOKEN = rf"{LETTER}+(?:['’ʻʼ`\-‐]{LETTER}+)*['’]?\.?"
_CJK = re.compile(r"^[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+$")
_HANGUL = re.compile(r"^[\uac00-\ud7af]+$")
_KANA = re.compile(r"[\u3040-\u30ff]")
_DOUBLE_SURNAMES = (
    "欧阳",
    "歐陽",
    "司马",
    "司馬",
    "上官",
    "诸葛",
    "諸葛",
    "남궁",
    "황보",
    "제갈",
    "선우",
)
_FAMILY_FIRST = frozenset(
    "zhang wang li liu chen yang huang zhao wu zhou xu sun ma zhu hu guo he gao lin "
    "luo zheng liang xie "
    "tang deng feng cao peng zeng xiao tian dong pan yuan cai jiang yu du ye cheng "
    "wei su lu ding shen "
    "ren yao zhong cui tan fan jin shi wong chan cheung lau leung ng ho lam kwok chow "
    "kim park lee choi jung jeong kang cho yoon jang lim han shin seo kwon hwang ahn song hong oh "
    "nguyen tran le pham huynh phan vu vo dang bui do ngo duong ly".split()
)
_SYLLABLE = re.compile(
    r"^(?:[bpmfdtnlgkhjqxzcsrwyv]|zh|ch|sh|ng|ph|th|tr|kh|gh|"
    r"nh)?h?[aeiouyàáâãèéêìíòóôõùúăđĩũơưạ-ỹ]{1,4}(?:ng|n|m|p|t|c|k|l|r|ch|nh|h|b)?$",
    re.IGNORECASE,
)


class NameParts(NamedTuple):
    """A name as S0's `firstName` and `lastName`; `last` is empty for a single name."""

    first: str
    last: str


def normalize_name(words: str) -> str:
    """The name as it is to be spoken: titles off, one space, and capitals where it was written
    all in small or all in capital letters. A name in mixed letters is kept as its owner wrote it.
    """
    tokens = unicodedata.normalize("NFC", words).replace("`", "'").split()
    while len(tokens) > 1 and tokens[0].rstrip(".").lower() in TITLES:
        tokens = tokens[1:]
    plain = "".join(tokens)
    letters = [char for char in plain if char.isalpha()]
    one_case = plain == plain.lower() or (plain == plain.upper() and len(letters) > 2)
    shouted = plain == plain.upper()
    if not one_case or (shouted and all(len(token.strip(".")) == 1 for token in tokens)):
        return " ".join(tokens)
    return " ".join(_capitalise(token, index) for index, token in enumerate(tokens))


def _capitalise(token: str, index: int) -> str:
    lowered = token.lower()
    if index and lowered in PARTICLES:
        return lowered
    parts = re.split(r"(['’ʻʼ\-‐])", lowered)
    for place, part in enumerate(parts):
        if place == 0 and len(parts) > 1 and parts[1] in "-‐" and part in ("al", "el") and index:
            continue
        parts[place] = _capital(part)
    return "".join(parts)


def _capital(part: str) -> str:
    if part.startswith("mc") and len(part) > 3:
        return "Mc" + part[2].upper() + part[3:]
    return part[:1].upper() + part[1:]


def split_name(name: str) -> NameParts:
    """First and last name, as well as writing alone can tell.

    East Asian names in their own script have the family first; in Latin letters only where a
    frequent family name stands first and syllables follow. Particles belong to the last name.
    """
    tokens = name.split()
    if len(tokens) == 1:
        return _split_cjk(name) if _CJK.match(name) and len(name) > 1 else NameParts(name, "")
    if all(_CJK.match(token) for token in tokens) or _is_family_first(tokens):
        return NameParts(" ".join(tokens[1:]), tokens[0])
    for index, token in enumerate(tokens[1:], start=1):
        if token.lower().rstrip(".") in PARTICLES and index < len(tokens) - 1:
            return NameParts(" ".join(tokens[:index]), " ".join(tokens[index:]))
    return NameParts(" ".join(tokens[:-1]), tokens[-1])


def _split_cjk(name: str) -> NameParts:
    if _KANA.search(name):
        return NameParts(name, "")
    size = (
        2
        if name.startswith(_DOUBLE_SURNAMES) or (len(name) == 4 and not _HANGUL.match(name))
        else 1
    )
    return NameParts(name[size:], name[:size])


def _is_family_first(tokens: list[str]) -> bool:
    folded = [_fold(token) for token in tokens]
    if folded[0] not in _FAMILY_FIRST or len(tokens) > 4:
        return False
    given = folded[1:]
    if any(
        token in GIVEN_NAMES and token not in _FAMILY_FIRST and len(token) > 4 for token in given
    ):
        return False
    parts = [part for token in given for part in token.split("-")]
    if all(_SYLLABLE.match(part) for part in parts):
        return True
    return (
        len(given) == 1
        and len(given[0]) <= 8
        and folded[0] not in ("lee", "park", "kim", "oh", "ma")
    )


def _fold(token: str) -> str:
    decomposed = unicodedata.normalize("NFD", token.lower()).replace("đ", "d")
    return "".join(char for char in decomposed if not unicodedata.combining(char))

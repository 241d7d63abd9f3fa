"""Cuts a passage into sentences with their character spans. Pure, English rules.

Measured against pysbd 0.3.4 (MIT): see docs/decisions/0003-retrieval.md. Lines matter here: a
passage is text from a web page, where a list item, a table row or a heading is a line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class SentenceKind(StrEnum):
    """What a piece of text is; only some kinds can answer."""

    SENTENCE = "sentence"
    ITEM = "item"
    ROW = "row"
    FRAGMENT = "fragment"
    LEAD = "lead"
    HEADING = "heading"
    QUESTION = "question"
    CODE = "code"
    BOILERPLATE = "boilerplate"


SPEAKABLE = frozenset(
    {SentenceKind.SENTENCE, SentenceKind.ITEM, SentenceKind.ROW, SentenceKind.FRAGMENT}
)
"""Kinds that may be spoken as an answer; a LEAD ("You need:") only with the list it leads in."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """`passage[start:end]`, without surrounding blanks, list marks or heading marks."""

    start: int
    end: int
    kind: SentenceKind


# Abbreviations after which a full stop ends nothing, folded, without the stop. The second group
# may end a sentence, so the stop counts when a new one plainly begins (see _ends_here).
_NEVER_LAST = frozenset(
    """
    mr mrs ms dr prof st mt ft gen col lt sgt capt cmdr adm maj rev hon sen rep gov pres fr vs viz
    cf eg ie e.g i.e approx ca eds cit al dept est mme mlle tel ext resp incl excl
    """.split()
)
_SOMETIMES_LAST = frozenset(
    """
    inc ltd co corp llc plc jr sr etc u.s u.k u.n e.u d.c a.m p.m a.d b.c ph.d m.d b.a m.a bros
    ave blvd rd hwy mi km kg lb oz ft in hr hrs sq max min
    """.split()
)
_BEFORE_NUMBER = frozenset(
    """
    jan feb mar apr jun jul aug sep sept oct nov dec no nos fig figs eq vol vols p pp ch sec art ref
    ed op
    """.split()
)

_STOP = re.compile(r"[.!?…。！？]+[\"'”’»)\]]*(?=\s|$)|[。！？](?=\S)")
_WORD_BEFORE = re.compile(r"[^\s(\[\"“‘']+$")
_LIST_MARK = re.compile(r"(?:[-*+•‣◦▪–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)])\s+")
_HEADING_MARK = re.compile(r"#{1,6}\s+")
_QUOTE_MARK = re.compile(r">\s?")
_BOILERPLATE = re.compile(
    r"^(?:(?:read|learn|see|show|view) more|click here|skip to|back to top|share (?:this|on)|"
    r"follow us|subscribe|sign up|log ?in|previous|next|menu|table of contents|on this page|"
    r"edit this page|last updated|advertisement|loading)\b.{0,40}$|all rights reserved|©|"
    r"\bwe use cookies\b|\baccept (?:all )?cookies\b|"
    r"\bthis (?:field|site) is (?:required|protected by recaptcha)",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"^(?:(?:npm|npx|yarn|pnpm|pip|apt|git|docker) (?:install|run|add|clone|create|init|-)|"
    r"sudo |curl -|import .{1,60} from |(?:const|let|var) \w+ ?[=:]|export (?:default|const) |"
    r"def \w+\(|\$ |#!|//|/\*|@\w+\(|<[/!]?\w|[\w.-]+ *= *[\[{\"'(]|[\w.-]+: *[{\[|>]$|"
    r"[{}\[\]();]+,?$)|=>|\);|\{\{|\}\}|</\w+>|/>"
)
_PAIR = re.compile(r"[^\s:.!?][^:.!?\n]{0,40}:\s+\S")
_DATA = re.compile(r"^[^\s,][^,]*(?:,(?! )[^,]*){3,}$")
"""A line of comma-separated values, such as an exported table."""
_CONTINUED = re.compile(r"[a-z0-9(\"“‘'&]")
_HARD_WRAP = 60
"""A line at least this long whose text runs on in the next line was wrapped by an editor."""


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of `text` in order; spans do not overlap. The last 1,024 texts are kept."""
    return _split(text)


@lru_cache(maxsize=1024)
def _split(text: str) -> tuple[Sentence, ...]:
    sentences: list[Sentence] = []
    for start, end, fenced in _find_blocks(text):
        if fenced:
            sentences.append(Sentence(start, end, SentenceKind.CODE))
            continue
        sentences.extend(_split_block(text, start, end))
    return tuple(sentences)


def _find_blocks(text: str) -> list[tuple[int, int, bool]]:
    """Lines with text, wrapped ones joined, as (start, end, is code between fences)."""
    blocks: list[tuple[int, int, bool]] = []
    position = 0
    fenced = False
    blank_before = True
    for line in text.splitlines(keepends=True):
        stripped = line.strip()
        start = position + len(line) - len(line.lstrip())
        position += len(line)
        if stripped.startswith(("```", "~~~")):
            fenced = not fenced
            blank_before = True
            continue
        if not stripped:
            blank_before = True
            continue
        end = start + len(stripped)
        if not blank_before and not fenced and blocks and _runs_on(text, blocks[-1], stripped):
            blocks[-1] = (blocks[-1][0], end, False)
        else:
            blocks.append((start, end, fenced))
        blank_before = False
    return blocks


def _runs_on(text: str, block: tuple[int, int, bool], line: str) -> bool:
    last_line = text[block[0] : block[1]].rsplit("\n", 1)[-1]
    return (
        not block[2]
        and len(last_line) >= _HARD_WRAP
        and last_line[-1] not in ".!?:;…|"
        and "|" not in line
        and not _LIST_MARK.match(line)
        and (_CONTINUED.match(line) is not None or last_line[-1] == ",")
    )


def _split_block(text: str, start: int, end: int) -> list[Sentence]:
    mark = _QUOTE_MARK.match(text, start, end)
    if mark:
        start = mark.end()
    heading = _HEADING_MARK.match(text, start, end)
    if heading:
        return [Sentence(heading.end(), end, SentenceKind.HEADING)] if heading.end() < end else []
    item = _LIST_MARK.match(text, start, end)
    if item and item.end() < end:
        start = item.end()
    else:
        item = None
    line = text[start:end]
    if "|" in line and (line.count("|") > 1 or " | " in line):
        while start < end and text[start] in "| ":
            start += 1
        while end > start and text[end - 1] in "| ":
            end -= 1
        is_rule = not any(char.isalnum() for char in text[start:end])
        return [] if is_rule else [Sentence(start, end, SentenceKind.ROW)]
    if _DATA.match(line) or (_CODE.search(line) and not _STOP.search(line[-1:])):
        return [Sentence(start, end, SentenceKind.CODE)]
    sentences = []
    for first, last in _find_spans(text, start, end):
        kind = _choose_kind(text[first:last], is_item=item is not None)
        sentences.append(Sentence(first, last, kind))
    return sentences


def _find_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    spans = []
    first = start
    for stop in _STOP.finditer(text, start, end):
        if stop.end() < end and not _ends_here(text, first, stop, end):
            continue
        spans.append((first, stop.end()))
        first = stop.end()
        while first < end and text[first].isspace():
            first += 1
    if first < end:
        spans.append((first, end))
    return [(begin, finish) for begin, finish in spans if text[begin:finish].strip()]


def _ends_here(text: str, first: int, stop: re.Match[str], end: int) -> bool:
    """Whether the mark at `stop` ends a sentence, though text follows in its line."""
    following = text[stop.end() : min(end, stop.end() + 40)].lstrip()
    if not following:
        return True
    begins = following.lstrip("\"'“‘«([*_")[:1]
    if stop.group()[0] in "。！？":
        return True
    if begins.islower():
        # "Yahoo! is", "e.g. like": no sentence begins in lower case, save names like iPhone.
        return following[1:2].isupper()
    if stop.group()[0] != "." or stop.group().startswith("..."):
        return True
    return _stop_after_word(text[first : stop.start()], following, begins)


def _stop_after_word(before: str, following: str, begins: str) -> bool:
    """Whether a full stop behind the last word of `before` ends the sentence."""
    found = _WORD_BEFORE.search(before)
    written = found.group().rsplit("-", 1)[-1] if found else ""
    word = written.lower()
    if len(word) == 1 and written.isupper():
        # An initial: "J. Smith". "Plan B. Then" is the rarer reading.
        return _opens_sentence(following) and word != "j"
    if word in _BEFORE_NUMBER:
        # "No. 5", "Jan. 3": a number belongs to it.
        return not begins.isdigit() and word not in {"nos", "fig", "figs", "vol", "pp"}
    if word in _NEVER_LAST:
        return False
    if word in _SOMETIMES_LAST or re.fullmatch(r"(?:[a-z]\.)+[a-z]", word):
        return _opens_sentence(following)
    return True


_OPENING_WORD = re.compile(
    r"[\"'“‘(]?(?:the|a|an|it|its|this|that|these|those|he|she|they|we|you|i|in|on|at|for|if|when|"
    r"while|as|but|and|there|here|our|your|please|all|some|most|many|however|what|how|to|after|"
    r"before|no|yes|with|by|from|his|her|their|one|each|every|today|since|although|because)\b",
    re.IGNORECASE,
)


def _opens_sentence(following: str) -> bool:
    return _OPENING_WORD.match(following) is not None


def _choose_kind(sentence: str, *, is_item: bool) -> SentenceKind:
    if _BOILERPLATE.search(sentence):
        return SentenceKind.BOILERPLATE
    bare = sentence.rstrip("\"'”’»)] *_")
    if bare.endswith(("?", "？")):
        return SentenceKind.QUESTION
    if is_item or bare.endswith((".", "!", "…", "。", "！")):
        return SentenceKind.ITEM if is_item else SentenceKind.SENTENCE
    words = sentence.split()
    if bare.endswith(":") and len(words) >= 3:
        return SentenceKind.LEAD
    if _PAIR.match(sentence):
        # "Availability: In stock" is a row of a table with one column.
        return SentenceKind.ROW
    # A short line of words without a mark, a number or an address names what follows.
    plain = not any(char.isdigit() for char in sentence) and "@" not in sentence
    is_heading = len(words) <= 8 and (plain or bare.endswith(":"))
    return SentenceKind.HEADING if is_heading else SentenceKind.FRAGMENT

"""Whether passages support a sentence that a model worded freely. Pure.

The sentence is taken apart into clauses. Each clause must find its content words, and all its
numbers, names, units and addresses, together in one place of a cited passage; what the place says
of another thing does not count; "not", "only", "at least" and their like must agree. Strict on
purpose: what is withdrawn wrongly is answered in the page's own words instead.
docs/verification.md has the figures, and what this cannot see.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from agent import support_words as words
from agent.sentence_features import is_dangling
from agent.sentence_split import Sentence as CutSentence
from agent.sentence_split import SentenceKind, split_sentences
from agent.support_values import Amount, find_addresses, find_amounts, normalise
from sales.knowledge.schemas import StoredPassage
from sales.knowledge.words import STOP_WORDS, find_stems, fold

# Of a clause's content words, this share may be missing in its place; up to the other it is near,
# and still withdrawn: docs/verification.md tells what comparing meanings there would do.
SURE_MISSES = 0.12
DOUBTFUL_MISSES = 0.4
_WINDOW = 3
_MAX_QUOTE = 600
_CLAUSE = re.compile(
    r"[;:–—]+\s|,\s+|\s+(?:and|but|while|whereas|or|although|though|however)\s+", re.IGNORECASE
)
_TOKEN = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*")
_NAME = re.compile(r"[A-ZÀ-Þ][\w'’-]*|\w*\d\w*[A-Za-z]\w*|[A-Za-z]+\d\w*")


# Of the agent itself: "we do not have" is a statement of the company.
_NOT_FOUND = re.compile(words.NOT_FOUND.replace("i|we|there|", "i|"), re.IGNORECASE)


class Problem(StrEnum):
    """Why a source does not support a sentence."""

    VALUE = "value"
    WORDS = "words"
    NAME = "name"
    NEGATION = "negation"
    MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Span:
    """A place of a passage that supports a clause."""

    passage_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Support:
    """The places that support a sentence; or the problem. `doubtful`: text of the places, where
    only some words are missing and the meaning may be the same."""

    spans: tuple[Span, ...] = ()
    problem: Problem | None = None
    doubtful: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a piece of text states, as far as it can be compared."""

    stems: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    amounts: frozenset[Amount] = frozenset()
    addresses: frozenset[str] = frozenset()
    is_negated: bool = False
    classes: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    text: str = ""
    light: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Place:
    """One or a few sentences of a passage, with what stands above them."""

    passage_id: int
    start: int
    end: int
    facts: Facts
    context: frozenset[str]
    pieces: tuple[Facts, ...] = field(default=())


def find_support(
    sentence: str, passages: Sequence[StoredPassage], known_names: Set[str] = frozenset()
) -> Support:
    """Where `passages` say what `sentence` says. `known_names`: of the company and the agent, in
    small letters; they may be said of any passage."""
    places = [place for passage in passages for place in _read_places(passage)]
    if not places:
        return Support(problem=Problem.WORDS)
    spans: list[Span] = []
    doubts: list[str] = []
    subject: frozenset[str] = frozenset()
    for clause in split_clauses(sentence):
        facts = _without_names(read_facts(clause), known_names)
        if not (facts.stems or facts.amounts or facts.addresses):
            continue
        found = _support_clause(facts, subject, places)
        if found.problem not in (None, Problem.MEANING):
            return found
        subject = subject | facts.names
        spans += found.spans
        doubts += [found.doubtful] if found.doubtful else []
    unique = tuple(dict.fromkeys(spans))
    problem = Problem.MEANING if doubts else None
    return Support(unique, problem, " ".join(dict.fromkeys(doubts)))


def split_clauses(sentence: str) -> list[str]:
    """The clauses of a sentence; a part that states nothing by itself stays with its neighbour."""
    parts, last = [], 0
    for cut in _CLAUSE.finditer(sentence):
        parts.append(sentence[last : cut.start()])
        last = cut.end() if cut.group().strip(" ,;:–—") == "" else cut.start()
    parts.append(sentence[last:])
    clauses: list[str] = []
    for part in parts:
        if clauses and _NOT_FOUND.search(normalise(clauses[-1])):
            clauses.append(part)  # its "not" is none of what follows
        elif clauses and (_is_small(part) or _is_small(clauses[-1])):
            clauses[-1] = f"{clauses[-1]} {part}"
        else:
            clauses.append(part)
    return [clause for clause in clauses if clause.strip()]


def _is_small(part: str) -> bool:
    facts = read_facts(part)
    return len(facts.stems) < 2 and not (facts.amounts and facts.names)


@lru_cache(maxsize=4096)
def read_facts(text: str) -> Facts:
    """What `text` states. The last few thousand are remembered."""
    plain = normalise(text)
    folded = fold(plain)
    tokens = list(_TOKEN.finditer(plain))
    addresses = find_addresses(text)
    bare = plain
    for address in addresses:
        bare = bare.replace(address, " ")
    stems = {
        words.SYNONYMS.get(stem, stem)
        for word in re.findall(r"[^\W_]+", fold(bare))
        if word not in STOP_WORDS and not word.isdigit() and word not in words.NUMBER_WORDS
        for stem in find_stems(word)
    }
    names = {
        fold(match.group())
        for index, match in enumerate(tokens)
        if _NAME.fullmatch(match.group()) and index > 0 and not match.group().isdigit()
        if fold(match.group()) not in STOP_WORDS and not _opens(plain, match.start())
    }
    return Facts(
        stems=frozenset(stem for stem in stems if stem not in words.LIGHT),
        names=frozenset(names),
        amounts=find_amounts(text),
        addresses=frozenset(addresses),
        is_negated=_count_negations(folded) % 2 == 1,
        classes=frozenset(
            name for name, pattern in words.CLASSES if re.search(pattern, folded, re.IGNORECASE)
        ),
        words=frozenset(re.findall(r"[^\W_]+(?:['-][^\W_]+)*", folded)),
        text=folded,
        light=frozenset(stem for stem in stems if stem in words.LIGHT),
    )


def _count_negations(folded: str) -> int:
    """How often it is denied: "No, we do not" denies once, and "not without" not at all."""
    folded = re.sub(r"^\W*no[,;:–—]?\s+(?=(?:we|it|you|they|there|this|that|i)\b)", "", folded)
    return sum(word in words.NEGATIONS for word in re.findall(r"[^\W_]+", folded))


def _opens(text: str, start: int) -> bool:
    """Whether a sentence or a quotation begins at `start`."""
    before = text[:start].rstrip("\"'“‘(*_ ")
    return not before or before[-1] in ".!?:\n|"


def _without_names(facts: Facts, known: Set[str]) -> Facts:
    """The facts without the names that anybody may say, and without words of mere talk."""
    known_stems = {words.SYNONYMS.get(stem, stem) for name in known for stem in find_stems(name)}
    return Facts(
        stems=facts.stems - known_stems - words.TALK,
        names=frozenset(name for name in facts.names if name not in known),
        amounts=facts.amounts,
        addresses=facts.addresses,
        is_negated=facts.is_negated,
        classes=facts.classes,
        words=facts.words,
        text=facts.text,
    )


def _read_places(passage: StoredPassage) -> tuple[_Place, ...]:
    above = " ".join((passage.title, *passage.heading_path))
    return _cut_places(passage.passage_id, passage.text, above)


@lru_cache(maxsize=512)
def _cut_places(passage_id: int, text: str, above: str) -> tuple[_Place, ...]:
    """Every sentence of a passage, and every two or three in a row."""
    sentences = split_sentences(text)
    heads = read_facts(above)
    contexts = []
    lead: frozenset[str] = frozenset()
    for one in sentences:
        contexts.append(heads.stems | heads.names | lead)
        if one.kind in (SentenceKind.LEAD, SentenceKind.HEADING, SentenceKind.QUESTION):
            facts = read_facts(text[one.start : one.end])
            lead = facts.stems | facts.names
    places = []
    for size in range(1, _WINDOW + 1):
        for first in range(len(sentences) - size + 1):
            start, end = sentences[first].start, sentences[first + size - 1].end
            joined = sentences[first + 1 : first + size]
            if joined and (end - start > _MAX_QUOTE or not _belong(text, joined)):
                continue
            pieces = tuple(
                read_facts(piece)
                for one in sentences[first : first + size]
                for piece in split_clauses(text[one.start : one.end])
            )
            facts = read_facts(text[start:end])
            places.append(_Place(passage_id, start, end, facts, contexts[first], pieces))
    return tuple(places)


def _belong(text: str, following: Sequence[CutSentence]) -> bool:
    """Whether these sentences speak of what stands before them: "It also ...", or a list."""
    return all(
        one.kind in (SentenceKind.ITEM, SentenceKind.ROW, SentenceKind.FRAGMENT)
        or is_dangling(text[one.start : one.end])
        for one in following
    )


def _support_clause(clause: Facts, subject: frozenset[str], places: Sequence[_Place]) -> Support:
    """The smallest place that supports a clause; `subject`: names of the clauses before."""
    best: tuple[float, int, _Place] | None = None
    problem = Problem.WORDS
    for place in places:
        objection = _check_values(clause, place)
        if objection is not None:
            problem = objection if problem is Problem.WORDS else problem
            continue
        share = _count_missing(clause.stems, place) / max(1, len(clause.stems))
        rank = (share, place.end - place.start)
        if best is None or rank < best[:2]:
            best = (*rank, place)
    if best is None:
        return Support(problem=problem)
    share, _, place = best
    if share > DOUBTFUL_MISSES:
        return Support(problem=Problem.WORDS)
    if not _is_bound(clause, subject, places):
        return Support(problem=Problem.VALUE)
    if not _agrees(clause, place):
        return Support(problem=Problem.NEGATION)
    span = Span(place.passage_id, place.start, place.end)
    if share > SURE_MISSES:
        return Support((span,), Problem.MEANING, place.facts.text)
    return Support((span,))


def _check_values(clause: Facts, place: _Place) -> Problem | None:
    """Numbers, addresses and names must all stand there."""
    if not all(_holds_amount(amount, place.facts.amounts) for amount in clause.amounts):
        return Problem.VALUE
    if not clause.addresses <= place.facts.addresses:
        return Problem.VALUE
    return Problem.NAME if _is_misnamed(clause, place) else None


def _is_misnamed(clause: Facts, place: _Place) -> bool:
    """Whether a name of the clause does not stand there; or stands only above, while the place
    itself names another."""
    above = False
    for name in clause.names:
        stems = [words.SYNONYMS.get(stem, stem) for stem in find_stems(name)]
        if name in place.facts.words or all(_holds(one, place.facts.stems) for one in stems):
            continue
        if not all(one in place.context for one in stems):
            return True
        above = True
    return above and bool(place.facts.names - clause.names)


def _holds_amount(amount: Amount, held: Set[Amount]) -> bool:
    """The same number, with the same currency and unit where the clause names one; two services
    are not two days."""
    return any(
        other.number == amount.number
        and other.currency == amount.currency
        and (not (amount.unit or amount.counted) or not other.unit or amount.unit == other.unit)
        for other in held
    )


def _holds(stem: str, held: Set[str]) -> bool:
    """Whether the word, or a word built on it, is among `held`."""
    if stem in held:
        return True
    if len(stem) < 5:
        return False
    return any(
        len(other) >= 5 and (other.startswith(stem) or stem.startswith(other)) for other in held
    )


def _count_missing(stems: Set[str], place: _Place) -> int:
    held = place.facts.stems | place.context
    return sum(not _holds(stem, held) for stem in stems)


def _is_bound(clause: Facts, subject: frozenset[str], places: Sequence[_Place]) -> bool:
    """Whether each number is said of what the clause speaks of, and not of its neighbour: no other
    piece speaks more of that and has another number of the same kind."""
    about = clause.stems | clause.names | (subject if not clause.names else frozenset())
    pieces = [(piece, place.context) for place in places for piece in place.pieces if piece.amounts]
    for amount in clause.amounts:
        mine = others = -1.0
        for piece, context in pieces:
            overlap = sum(1.0 for stem in about if _holds(stem, piece.stems | piece.names))
            overlap += sum(0.5 for stem in about if _holds(stem, context))
            if any(other.number == amount.number for other in piece.amounts):
                mine = max(mine, overlap)
            elif any(other.kind == amount.kind for other in piece.amounts):
                others = max(others, overlap)
        if others > mine:
            return False
    return True


def _agrees(clause: Facts, place: _Place) -> bool:
    """Whether negations and the small words that change a meaning are the same."""
    scored = [
        (sum(_holds(stem, piece.stems | piece.names) for stem in clause.stems), piece)
        for piece in place.pieces
    ]
    best = max(score for score, _ in scored)
    near = [piece for score, piece in scored if score >= max(1, best)]
    if near and all(piece.is_negated != clause.is_negated for piece in near):
        return False
    if (clause.classes & words.STRICT) - place.facts.classes:
        return False
    # "Opened items only", "not for sale items": what limits the statement may not be left out.
    if near and all("only" in piece.classes for piece in near) and "only" not in clause.classes:
        return clause.is_negated
    return not _is_opposite(clause.text, place.facts.text)


def _is_opposite(said: str, source: str) -> bool:
    mine, theirs = set(re.findall(r"[^\W_]+", said)), set(re.findall(r"[^\W_]+", source))
    for prefix in ("un", "in", "im", "dis", "non"):
        denied = {prefix + word for word in mine - theirs} & theirs - mine
        if denied or {prefix + word for word in theirs - mine} & mine - theirs:
            return True
    for one, other in words.OPPOSITES:
        if _only_in(one, said, source) and _only_in(other, source, said):
            return True
        if _only_in(other, said, source) and _only_in(one, source, said):
            return True
    return False


def _only_in(pattern: str, text: str, other: str) -> bool:
    return bool(re.search(pattern, text)) and not re.search(pattern, other)

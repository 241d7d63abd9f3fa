"""A page becomes passages: pieces of one section each, of the size that is searched and quoted.

Pure and deterministic. A passage is a contiguous span of the page's text, so that a citation can be
checked. Headings stand in `heading_path` and not in the text: a quote is never a heading. Every
block's text is in exactly one passage; every heading is in some passage's path, or, where nothing
stands below it, in a passage's text.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from ingestion.documents import BLOCK_SEPARATOR, Block, ExtractedPage, PassageDraft
from ingestion.sentences import sentence_spans

# all-MiniLM reads 256 word pieces, English has about 1.3 a word, title and headings come on top.
MAX_WORDS = 160
_UNBROKEN_WORDS = 2 * MAX_WORDS  # longer "sentences" are no sentences and are cut between words
_LABEL_WORDS = 10
_WORD = re.compile(r"\S+")
# Scripts without spaces between words: a character is about as long as half a word.
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the text that is not cut: a sentence, an item, a row, or a whole block."""

    start: int
    end: int
    words: int
    begins_block: bool
    is_label: bool


def chunk(page: ExtractedPage) -> list[PassageDraft]:
    """Cut a page into passages, in reading order."""
    passages: list[PassageDraft] = []
    for path, blocks in _sections(page.blocks):
        pieces = [piece for block, start in blocks for piece in _pieces(page.text, block, start)]
        for group in _pack(pieces):
            start, end = group[0].start, group[-1].end
            text = page.text[start:end]
            passages.append(
                PassageDraft(len(passages), path, text, start, end, content_hash(path, text))
            )
    return passages


def content_hash(heading_path: tuple[str, ...], text: str) -> str:
    """Return the SHA-256 of a passage, the same for the same words however they are spaced."""
    normal = "\x1f".join(" ".join(part.split()) for part in (*heading_path, text))
    return hashlib.sha256(unicodedata.normalize("NFC", normal).encode()).hexdigest()


def _sections(
    blocks: tuple[Block, ...],
) -> Iterator[tuple[tuple[str, ...], list[tuple[Block, int]]]]:
    """Neighbouring blocks below the same headings, each with where it begins in the page's text."""
    path: tuple[str, ...] = ()
    section: list[tuple[Block, int]] = []
    position = 0
    named = {
        block.heading_path[: i + 1]
        for block in blocks
        if block.kind != "heading"
        for i in range(len(block.heading_path))
    }
    for index, block in enumerate(blocks):
        start = position
        position += len(block.text) + len(BLOCK_SEPARATOR)
        if block.kind == "heading" and not _is_lonely(blocks, index, named):
            continue
        if (section and block.heading_path != path) or (section and _interrupted(blocks, index)):
            yield path, section
            section = []
        path = block.heading_path
        section.append((block, start))
    if section:
        yield path, section


def _interrupted(blocks: tuple[Block, ...], index: int) -> bool:
    """Whether a heading stands directly before a block: equal paths, but another section."""
    before = blocks[index - 1]
    return (
        before.kind == "heading"
        and (*before.heading_path, before.text) == blocks[index].heading_path
    )


def _is_lonely(blocks: tuple[Block, ...], index: int, named: set[tuple[str, ...]]) -> bool:
    """Whether nothing at all stands below a heading: then it is content itself."""
    block = blocks[index]
    path = (*block.heading_path, block.text)
    if path in named:
        return False
    following = blocks[index + 1] if index + 1 < len(blocks) else None
    return following is None or following.heading_path[: len(path)] != path


def _pieces(text: str, block: Block, start: int) -> list[_Piece]:
    end = start + len(block.text)
    words = _count_words(block.text)
    if words <= MAX_WORDS:
        return [_Piece(start, end, words, True, _is_label(block, words))]
    if block.kind in {"list", "table", "code"}:
        spans = _line_spans(text, start, end)
    else:
        spans = sentence_spans(text, start, end)
    pieces: list[_Piece] = []
    for span in spans:
        for piece_start, piece_end in _unbroken(text, *span, whole=block.kind == "table"):
            count = _count_words(text[piece_start:piece_end])
            pieces.append(_Piece(piece_start, piece_end, count, not pieces, False))
    return pieces


def _is_label(block: Block, words: int) -> bool:
    """A short line that names what follows ("Team plan", "Opening hours:")."""
    if block.kind == "heading":
        return False
    return block.kind == "paragraph" and words <= _LABEL_WORDS and block.text[-1] not in ".!?…。"


def _count_words(text: str) -> int:
    words = len(text.split())
    return words if text.isascii() else words + len(_DENSE.findall(text)) // 2


def _line_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Lines, each with the lines that are set in below it if those are few."""
    spans: list[tuple[int, int]] = []
    position = start
    for line in text[start:end].split("\n"):
        if line.strip():
            spans.append((position, position + len(line)))
        position += len(line) + 1
    return spans


def _unbroken(text: str, start: int, end: int, *, whole: bool) -> Iterator[tuple[int, int]]:
    """A sentence, item or row as it is; what is far too long to be one is cut."""
    if _count_words(text[start:end]) <= _UNBROKEN_WORDS:
        yield start, end
        return
    sentences = sentence_spans(text, start, end) if not whole else [(start, end)]
    for sentence_start, sentence_end in sentences:
        if _count_words(text[sentence_start:sentence_end]) <= _UNBROKEN_WORDS:
            yield sentence_start, sentence_end
        else:
            yield from _word_runs(text, sentence_start, sentence_end)


def _word_runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin, last, count = start, start, 0
    for match in _WORD.finditer(text, start, end):
        words = _count_words(match[0])
        if count and count + words > MAX_WORDS:
            yield begin, last
            begin, count = match.start(), 0
        count += words
        last = match.end()
        while words > _UNBROKEN_WORDS and last - begin > 4 * MAX_WORDS:
            yield begin, begin + 2 * MAX_WORDS  # a script without spaces, or no language at all
            begin += 2 * MAX_WORDS
    if last > begin:
        yield begin, last


def _pack(pieces: list[_Piece]) -> Iterator[list[_Piece]]:
    """Group pieces into passages of about equal size, labels together with what they name."""
    total = sum(piece.words for piece in pieces)
    if total <= MAX_WORDS:
        if pieces:
            yield pieces
        return
    goal = total / -(-total // MAX_WORDS)
    group: list[_Piece] = []
    waiting: list[_Piece] = []  # the last full group: a small remainder still joins it
    for piece in pieces:
        size = sum(member.words for member in group)
        overshoot = size + piece.words - goal
        full = size + piece.words > MAX_WORDS or (overshoot > goal - size and size >= goal / 2)
        if group and full:
            if waiting:
                yield waiting
            carried = _trailing_labels(group)
            waiting, group = group[: len(group) - len(carried)], carried
        group.append(piece)
    if waiting and sum(member.words for member in (*waiting, *group)) <= MAX_WORDS:
        yield [*waiting, *group]
        return
    if waiting:
        yield waiting
    yield group


def _trailing_labels(group: list[_Piece]) -> list[_Piece]:
    """Labels at a group's end that belong to the next; never the whole group."""
    count = 0
    while count < len(group) - 1 and count < 3 and group[-1 - count].is_label:
        count += 1
    return group[len(group) - count :]

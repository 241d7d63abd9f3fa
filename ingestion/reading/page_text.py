"""Blocks as they are gathered, with the headings above them."""

from __future__ import annotations

import re

from ingestion.documents import BLOCK_SEPARATOR, Block, BlockKind

LINE_BREAK = "\x01"
"""Stands for <br> in text that is still being gathered: plain newlines there are mere spaces."""

# Invisible characters split words for a search and serve no reader: soft hyphen, zero-width space,
# word joiner, byte order mark, embedded directions (which also let a text show other than it is).
# Zero-width joiners stay: emoji and several scripts need them.
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x200B, 0x200E, 0x200F, 0x2060, 0xFEFF, *range(0x202A, 0x202F), *range(0x2061, 0x206A)]
)
_PRICE = re.compile(
    r"[$€£¥₹]\s?\d|\d\s?[$€£¥₹]|\b(?:USD|EUR|GBP|CHF|AUD|CAD|SEK|NOK|DKK|PLN|JPY)\s?\d"
    r"|\d\s?(?:USD|EUR|GBP|CHF|AUD|CAD|SEK|NOK|DKK|PLN|JPY|kr|zł)\b"
)
_PRICE_HEADING_CHARS = 32
_LONGEST_HEADING_CHARS = 180


def storable(text: str) -> str:
    """Drop what no database takes: NUL, and halves of surrogate pairs (JSON may hold them)."""
    if not text.isascii():
        text = text.encode("utf-8", "ignore").decode()
    return text.replace("\x00", "")


def clean_text(raw: str) -> str:
    """Collapse white space as a browser does; line breaks remain one newline each."""
    if not raw.isascii():
        raw = storable(raw).translate(_INVISIBLE)
    if LINE_BREAK not in raw:
        return " ".join(raw.split())
    lines = (" ".join(line.split()) for line in raw.split(LINE_BREAK))
    return "\n".join(line for line in lines if line)


def clean_code(raw: str) -> str:
    """Keep code as it is written, without blank lines around it and spaces after its lines."""
    lines = [
        line.rstrip() for line in raw.replace("\r\n", "\n").replace(LINE_BREAK, "\n").split("\n")
    ]
    while lines and not lines[0]:
        lines.pop(0)
    while lines and not lines[-1]:
        lines.pop()
    return "\n".join(lines)


def is_price(text: str) -> bool:
    """Whether a short text is a price rather than a name: "$49 / month"."""
    return len(text) <= _PRICE_HEADING_CHARS and _PRICE.search(text) is not None


class PageText:
    """Gathers blocks in reading order and keeps track of the headings above."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.first_h1 = ""
        self._headings: list[tuple[int, str]] = []
        self._outer: list[int] = []  # levels of the open sections that have a label of their own
        self._path: tuple[str, ...] = ()
        self._seen: set[tuple[tuple[str, ...], str]] = set()

    def add_heading(self, level: int, text: str) -> None:
        """Open a section. What is no heading but looks like one becomes a paragraph.

        Prices are set as headings for their size (the pricing example of Bootstrap does): as a
        heading "$49" would cut the plan's name off from the plan's list.
        """
        text = storable(text)
        if not text:
            return
        if len(text) > _LONGEST_HEADING_CHARS or is_price(text):
            self.add(text)
            return
        if level == 1 and not self.first_h1:
            self.first_h1 = text
        level += self._outer[-1] if self._outer else 0
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._path = tuple(heading for _, heading in self._headings)
        self.blocks.append(Block(self._path, text, "heading"))
        self._headings.append((level, text))
        self._path = (*self._path, text)

    def open_section(self, label: str) -> None:
        """Begin a part that a label names which is no heading (a tab, an accordion).

        All headings until `close_section` are below it: "Starter" in the tab "Monthly" is another
        plan than "Starter" in the tab "Annually".
        """
        label = storable(label)[:_LONGEST_HEADING_CHARS].strip()
        level = (self._headings[-1][0] if self._headings else 0) + 1
        self._path = tuple(heading for _, heading in self._headings)
        if label:
            self.blocks.append(Block(self._path, label, "heading"))
            self._headings.append((level, label))
            self._path = (*self._path, label)
        self._outer.append(level)

    def close_section(self) -> None:
        """End the part: what follows is no part of it."""
        level = self._outer.pop()
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._path = tuple(heading for _, heading in self._headings)

    def mark(self) -> tuple[tuple[int, str], ...]:
        """The headings that are open now, for `return_to`."""
        return tuple(self._headings)

    def return_to(self, mark: tuple[tuple[int, str], ...]) -> None:
        """End the sections that an element began within itself: a card's name ends with the card.

        The page's own heading stays, and so does one that nothing followed yet (themes wrap
        headings into boxes of their own).
        """
        if len(self._headings) == len(mark) and self._headings == list(mark):
            return
        if self.blocks and self.blocks[-1].kind == "heading":
            return
        kept = list(mark)
        if not kept and self._headings[0][0] == 1:
            kept = self._headings[:1]
        self._headings = kept
        self._path = tuple(heading for _, heading in kept)

    def add(self, text: str, kind: BlockKind = "paragraph") -> None:
        """Add a block; the same text a second time in one section is the phone's copy of it."""
        text = storable(text)
        if not text:
            return
        key = (self._path, text)
        if key in self._seen:
            return
        self._seen.add(key)
        if kind == "paragraph" and self._path and self._path[-1].endswith("?"):
            kind = "faq"
        self.blocks.append(Block(self._path, text, kind))


def join_blocks(blocks: tuple[Block, ...]) -> str:
    """The page's whole plain text."""
    return BLOCK_SEPARATOR.join(block.text for block in blocks)

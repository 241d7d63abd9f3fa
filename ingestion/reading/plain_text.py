"""Plain text: blank lines part paragraphs; a line underlined or alone in capitals is a heading."""

from __future__ import annotations

import re

from ingestion.reading.page_text import LINE_BREAK, PageText, clean_text

_BLANK = re.compile(r"\n[ \t]*\n\s*")
_UNDERLINE = re.compile(r"^([=\-~*#])\1{2,}$")
_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,3}[.)])\s+\S")
_LONGEST_HEADING_WORDS = 12


def read_plain_text(body: str) -> PageText:
    """Read text that has no mark-up."""
    page = PageText()
    for paragraph in _BLANK.split(body.replace("\r\n", "\n").replace("\r", "\n")):
        lines = [line for line in paragraph.split("\n") if line.strip()]
        if not lines:
            continue
        if len(lines) > 1 and _UNDERLINE.match(lines[1].strip()):
            page.add_heading(1 if lines[1].strip()[0] == "=" else 2, clean_text(lines[0]))
            lines = lines[2:]
        elif len(lines) == 1 and _is_heading(lines[0].strip()):
            page.add_heading(2, clean_text(lines[0]))
            continue
        _add(page, lines)
    return page


def _is_heading(line: str) -> bool:
    letters = [c for c in line if c.isalpha()]
    return (
        len(letters) > 3
        and line.upper() == line
        and line.lower() != line
        and len(line.split()) <= _LONGEST_HEADING_WORDS
    )


def _add(page: PageText, lines: list[str]) -> None:
    if len(lines) > 1 and sum(1 for line in lines if _BULLET.match(line)) * 2 >= len(lines):
        page.add(clean_text(LINE_BREAK.join(lines)), "list")
    elif lines and max(map(len, lines)) < 60:
        page.add(clean_text(LINE_BREAK.join(lines)))  # an address, a poem: its lines are its form
    else:
        page.add(clean_text(" ".join(lines)))

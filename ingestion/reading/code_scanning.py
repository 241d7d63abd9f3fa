"""Where strings, brackets and mark-up in a script end. Pure; nothing is executed."""

from __future__ import annotations

import re

OPENING, CLOSING = "([{", ")]}"
VOID_TAGS = frozenset(
    "area base br col embed hr img input link meta param source track wbr !doctype".split()
)
_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
TAG_NAME = re.compile(r"</?([A-Za-z][\w.:-]*|!doctype)?", re.IGNORECASE)
_BEFORE_ELEMENT = re.compile(r"(?:[(,?:&|\[{;}>=]|=>|\breturn|^)\s*\Z")
_MAX_NESTING = 40


def skip_space(source: str, at: int) -> int:
    """Return the first position from `at` on that is neither white space nor a comment."""
    match = _SPACE.match(source, at)
    return match.end() if match else at


def end_of_string(source: str, at: int, nesting: int = 0) -> int:
    """Return the position behind the string that begins at `at`.

    An apostrophe that no other closes in its line begins no string: it stands in a text.
    """
    quote = source[at]
    i = at + 1
    while i < len(source):
        char = source[i]
        if char == "\\":
            i += 2
        elif char == quote:
            return i + 1
        elif char == "\n" and quote != "`":
            return at + 1
        elif char == "$" and quote == "`" and source.startswith("${", i):
            i = end_of_brackets(source, i + 1, nesting + 1)
        else:
            i += 1
    return len(source) if quote == "`" else at + 1


def end_of_brackets(source: str, at: int, nesting: int = 0) -> int:
    """Return the position behind the bracket that closes the one at `at`, or the text's end.

    Mark-up inside an expression is passed over as a whole: its apostrophes open no strings.
    `nesting` counts expressions inside of mark-up inside of expressions; too deep, none is seen.
    """
    depth = 0
    i = at
    while i < len(source):
        char = source[i]
        if char in "\"'`":
            i = end_of_string(source, i, nesting) if nesting <= _MAX_NESTING else i + 1
            continue
        if char == "/" and source.startswith(("//", "/*"), i) and (i == 0 or source[i - 1] != ":"):
            i = max(skip_space(source, i), i + 1)
            continue
        if char == "<" and nesting <= _MAX_NESTING and begins_element(source, i):
            i = end_of_element(source, i, nesting + 1)
            continue
        if char in OPENING:
            depth += 1
        elif char in CLOSING:
            depth -= 1
            if depth == 0:
                return i + 1
        i += 1
    return len(source)


def begins_element(source: str, at: int) -> bool:
    """Whether the "<" in a script begins mark-up rather than a comparison or a type."""
    following = source[at + 1 : at + 2]
    if not (following.isalpha() or following == ">"):
        return False
    return _BEFORE_ELEMENT.search(source, max(0, at - 40), at) is not None


def end_of_element(source: str, at: int, nesting: int = 0) -> int:
    """Return the position behind the element that begins at `at`."""
    depth = 0
    i = at
    while i < len(source):
        char = source[i]
        if char == "{":
            i = end_of_brackets(source, i, nesting + 1)
        elif char == "<" and source.startswith("<!--", i):
            i = after(source, "-->", i)
        elif char == "<" and (
            source[i + 1 : i + 2].isalpha() or source[i + 1 : i + 2] in {"/", ">"}
        ):
            name, self_closing, end = _pass_tag(source, i, nesting + 1)
            if source.startswith("</", i):
                depth -= 1
            elif not self_closing and name.lower() not in VOID_TAGS:
                depth += 1
            i = max(end, i + 1)
            if depth <= 0:
                return i
        else:
            i += 1
    return len(source)


def _pass_tag(source: str, at: int, nesting: int) -> tuple[str, bool, int]:
    """A tag's name, whether it closes itself, and the position behind it."""
    match = TAG_NAME.match(source, at)
    i = match.end() if match else at + 1
    self_closing = False
    while i < len(source) and source[i] != ">":
        char = source[i]
        if char == "{":
            i = end_of_brackets(source, i, nesting + 1)
        elif char in "\"'":
            closing = source.find(char, i + 1)
            i = closing + 1 if closing >= 0 else len(source)
        elif char == "`":
            i = end_of_string(source, i, nesting)
        else:
            self_closing = char == "/"
            i += 1
    return (match[1] if match else "") or "", self_closing, min(i + 1, len(source))


def after(source: str, what: str, at: int) -> int:
    """Return the position behind the next `what`, or the text's end."""
    found = source.find(what, at)
    return found + len(what) if found >= 0 else len(source)

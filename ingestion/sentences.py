"""Where a text may be cut: between sentences. Pure."""

from __future__ import annotations

import re

# A full stop, closing quotes or brackets, white space; or a full stop of East Asian scripts.
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*\s+|[。！？]+[”’」』）]*\s*|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"'])(?:[A-Za-z]|e\.g|i\.e|etc|vs|cf|ca|approx|incl|excl|no|nr|fig|vol|pp?|st|mr|mrs|ms"
    r"|dr|prof|jr|sr|inc|ltd|co|corp|dept|est|min|max|tel|z\.b|d\.h|bzw|u\.a|usw|str|evtl|ggf)\.$",
    re.IGNORECASE,
)


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return (start, end) of each sentence of `text[start:end]`, without the spaces between.

    A cut in doubt is not made: after an abbreviation or an initial, and before a small letter.
    """
    stop = len(text) if end is None else end
    spans: list[tuple[int, int]] = []
    begin = start
    for match in _END.finditer(text, start, stop):
        following = text[match.end() : match.end() + 1]
        mark = match[0].rstrip()
        if mark and (following.islower() or _is_abbreviation(text, begin, match.start(), mark)):
            continue
        _append(spans, text, begin, match.end())
        begin = match.end()
    _append(spans, text, begin, stop)
    return spans


def _is_abbreviation(text: str, begin: int, at: int, mark: str) -> bool:
    return mark == "." and _ABBREVIATION.search(text[max(begin, at - 12) : at + 1]) is not None


def _append(spans: list[tuple[int, int]], text: str, begin: int, end: int) -> None:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if end > begin:
        spans.append((begin, end))

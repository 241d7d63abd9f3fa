"""Says what a quoted sentence is about, in the page's own words. Pure.

"$49 a month per location" answers nobody; under its heading it reads "Team: $49 a month per
location". Headings and titles stand on the page as the sentence does, so nothing is made up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sales.knowledge.words import STOP_WORDS, split_words, stem

_LONGEST = 70
# A setting, an element or a path: names that a documentation page explains below them.
_CODE_NAME = re.compile(r"^<?[\w./:-]*(?:[a-z][A-Z]|[._:/<>()-])[\w./:()-]*>?(?: \(\w+\))?$")


def choose_label(question: str, title: str, heading_path: Sequence[str], sentence: str) -> str:
    """The heading, or the title, that tells what `sentence` is about; empty when none need be
    said: the sentence has the question's words itself, or the heading is the question."""
    headings = [heading.strip() for heading in heading_path if heading.strip()]
    last = headings[-1] if headings else ""
    if last.endswith("?"):
        return ""
    said = _stems(sentence)
    if last and _CODE_NAME.match(last) and not _stems(last) <= said:
        return _trim(last)
    missing = _stems(question) - said
    best, gained = "", 0
    for candidate in [*reversed(headings), title]:
        gain = len(_stems(candidate) & missing)
        if gain > gained and not candidate.endswith("?") and len(candidate) <= _LONGEST:
            best, gained = candidate, gain
    if not best and last and len(last) <= _LONGEST and _is_line(sentence):
        # A list or a row says little without the heading that it stands under.
        best = last
    return _trim(best)


def _is_line(sentence: str) -> bool:
    return "\n" in sentence or not sentence.rstrip("\"'”’)").endswith((".", "!", "?", "…"))


def _stems(text: str) -> set[str]:
    return {stem(word) for word in split_words(text) if word not in STOP_WORDS}


def _trim(label: str) -> str:
    return label.rstrip(" :.!")

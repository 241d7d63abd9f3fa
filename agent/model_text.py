"""Cuts the text of a model into sentences while it arrives, and reads their source marks. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from agent.sentence_split import split_sentences

_MARK = re.compile(r"\s*[\[【]\^?(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)[^\]】\n]{0,12}[\]】]")
# Sure ends that need no look at what follows: a mark, and then the full stop.
_SURE_END = re.compile(r"[\]】][.!?…]+[\"'”’)]*")
_END = re.compile(r"[.!?…]+[\"'”’)*_]*(?:\s*[\[【][^\]】\n]{1,20}[\]】])*(?=\s|$)")
_LIST_MARK = re.compile(r"^(?:[-*•–]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^#{1,6}\s+")
_LINK = re.compile(r"\[([^\]\n]{1,200})\]\((https?://[^)\s]+)\)")
_EMPHASIS = re.compile(r"(\*\*|__|`)(?=\S)(.+?)(?<=\S)\1")
_OPEN_MARK = re.compile(r"[\[【][^\]】]{0,20}$")


@dataclass(frozen=True, slots=True)
class WordedSentence:
    """A sentence as it may be shown, and the numbers of the passages that it names."""

    text: str
    numbers: tuple[int, ...]


class SentenceStream:
    """Takes pieces of text, gives whole sentences as soon as they are certain to have ended."""

    def __init__(self) -> None:
        self._rest = ""
        self._at_line_start = False
        self.characters = 0

    def feed(self, piece: str) -> list[WordedSentence]:
        """The sentences that ended with `piece`."""
        self.characters += len(piece)
        self._rest += piece
        found: list[WordedSentence] = []
        while (end := self._find_end()) is not None:
            found += self._take(end)
        return found

    def finish(self) -> list[WordedSentence]:
        """The stream came to its end: what is left is a sentence, too."""
        found = self.feed("\n")
        return found + (self._take(len(self._rest)) if self._rest.strip() else [])

    @property
    def rest(self) -> str:
        """What did not end yet."""
        return self._rest.strip()

    def _find_end(self) -> int | None:
        rest = self._rest
        line = rest.find("\n")
        text = rest if line < 0 else rest[:line]
        for match in _END.finditer(text):
            following = rest[match.end() :].lstrip(" ")
            if _SURE_END.search(match.group()) or _SURE_END.match(text, match.start() - 1):
                if not following.startswith(("[", "【")):
                    return match.end()
                continue
            if not following and line < 0:
                return None  # a mark, or a small letter, may follow
            if following.startswith(("[", "【")) and _OPEN_MARK.match(following):
                return None
            if _is_end(text, match):
                return match.end()
        return line + 1 if line >= 0 else None

    def _take(self, end: int) -> list[WordedSentence]:
        raw, self._rest = self._rest[:end], self._rest[end:].lstrip(" ")
        sentence = read_sentence(raw)
        starts_line, self._at_line_start = self._at_line_start, raw.endswith("\n")
        if sentence is None:
            self._at_line_start = self._at_line_start or starts_line
            return []
        is_item = bool(_LIST_MARK.match(raw.strip()))
        if is_item and starts_line:
            sentence = WordedSentence(f"\n- {sentence.text}", sentence.numbers)
        return [sentence]


def _is_end(text: str, match: re.Match[str]) -> bool:
    """Whether a sentence ends at the sign, and not an abbreviation or a number. The look behind
    the next word is the splitter's own."""
    stop = match.end()
    nearby = text[: min(len(text), stop + 40)]
    bare = _MARK.sub(lambda found: " " * len(found.group()), nearby)
    if not bare[stop:].strip():
        return True
    return any(
        sentence.end <= stop and bare[sentence.end : stop].strip() == "" and sentence.end > 0
        for sentence in split_sentences(bare)
        if sentence.end > match.start()
    )


def read_sentence(raw: str) -> WordedSentence | None:
    """A sentence without marks, emphasis and list signs; None when nothing is left of it."""
    numbers = [
        int(number) for match in _MARK.finditer(raw) for number in re.findall(r"\d+", match[1])
    ]
    text = _LINK.sub(lambda link: link[1] if link[1] == link[2] else f"{link[1]} ({link[2]})", raw)
    text = _MARK.sub("", text)
    text = _HEADING.sub("", _LIST_MARK.sub("", text.strip()))
    text = _EMPHASIS.sub(r"\2", text)
    text = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(text.split()))
    if not re.search(r"\w", text):
        return None
    return WordedSentence(text, tuple(dict.fromkeys(numbers)))

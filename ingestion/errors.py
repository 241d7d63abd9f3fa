"""What can go wrong with a source as a whole."""

from __future__ import annotations

from core.errors import UserError


class SourceError(UserError):
    """A source cannot be read (to its end); `message` names the place and what to do.

    Pages already in the index stay as they are: a source that failed proves nothing about pages
    that it did not name.
    """

    code = "SOURCE_FAILED"
    status = 422

    def __init__(self, source: str, problem: str, fix: str, line: int | None = None) -> None:
        place = f"{source}, line {line}" if line is not None else source
        super().__init__(
            f"{place}: {problem} {fix}".strip(),
            {"source": source, "line": line, "problem": problem, "fix": fix},
        )

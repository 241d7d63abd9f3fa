"""Lists in pages: what the address says of filter and place, and the links to other places."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request

PAGE_SIZE = 25
_LAST_OFFSET = 1_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of a list. `filters` are what the address holds beside the place."""

    path: str
    filters: dict[str, str]
    offset: int
    total: int = 0
    size: int = PAGE_SIZE

    @property
    def first(self) -> int:
        """The number of the first entry shown, as people count."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """The number of the last entry shown."""
        return min(self.offset + self.size, self.total)

    @property
    def before(self) -> str | None:
        """The address of the part before this one."""
        return self.at(max(self.offset - self.size, 0)) if self.offset else None

    @property
    def after(self) -> str | None:
        """The address of the part after this one."""
        following = self.offset + self.size
        return self.at(following) if following < self.total else None

    @property
    def here(self) -> str:
        """This very address, for a part of the page that renews itself."""
        return self.at(self.offset)

    def at(self, offset: int, **changes: str) -> str:
        """The address of a place in the list, with other filters where `changes` says so."""
        named = {**self.filters, **changes}
        query = {name: value for name, value in named.items() if value}
        if offset:
            query["offset"] = str(offset)
        return f"{self.path}?{urlencode(query)}" if query else self.path


def read_choice(request: Request, name: str, choices: tuple[str, ...]) -> str:
    """One of `choices`; empty for anything else: an old link still shows a list."""
    value = request.query_params.get(name, "")
    return value if value in choices else ""


def read_offset(request: Request) -> int:
    """How many entries the address leaves out."""
    text = request.query_params.get("offset", "")
    return (
        min(int(text), _LAST_OFFSET) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    )

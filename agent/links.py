"""The addresses that visitors get for the pages of a website. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sales.organization.settings import LinkSettings


@dataclass(frozen=True, slots=True)
class Links:
    """Changes the addresses pages were read with into those they are opened at, and back."""

    settings: LinkSettings | None
    own_origin: str

    def open(self, url: str) -> str:
        """Where a visitor opens the page of `url`."""
        if self.settings is None or not url.startswith(self.settings.replace):
            return url
        return self._base() + url[len(self.settings.replace) :]

    def read(self, url: str) -> str:
        """The address that the page opened at `url` was read with."""
        if self.settings is None or not url.startswith(self._base()):
            return url
        return self.settings.replace + url[len(self._base()) :]

    def open_all(self, data: dict[str, Any]) -> dict[str, Any]:
        """`data` of an event or a message with every `url` in it changed."""
        if self.settings is None:
            return data
        changed: dict[str, Any] = self._walk(data)
        return changed

    def _walk(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: self.open(item) if key == "url" and isinstance(item, str) else self._walk(item)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._walk(item) for item in value]
        return value

    def _base(self) -> str:
        by = self.settings.by if self.settings else ""
        return self.own_origin + by if by.startswith("/") else by

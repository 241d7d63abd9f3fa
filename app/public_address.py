"""Where visitors reach this server, for links in mails: nobody's request tells it then."""

from __future__ import annotations

_FALLBACK = "http://localhost:8000"


class PublicAddress:
    """The configured address; without one, where this process listens."""

    def __init__(self, configured: str | None) -> None:
        self._configured, self._listening = configured, ""

    def announce(self, address: str) -> None:
        """The server listens there."""
        self._listening = address

    def get(self) -> str:
        """Without a slash at its end."""
        return (self._configured or self._listening or _FALLBACK).rstrip("/")

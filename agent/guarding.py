"""Step 1 of a turn: what may come in, and how much of it."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from datetime import timedelta

from agent.settings import LimitSettings
from core.errors import Invalid, RateLimited, TooLarge

_KEPT_CONTROLS = "\n\t"
_MAX_MESSAGE_ID = 64


def clean_message(text: str, limit: int) -> str:
    """The message as text that any database and any page can hold.

    Raises:
        Invalid: nothing is left.
        TooLarge: longer than `limit` characters.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    kept = "".join(char for char in text if char in _KEPT_CONTROLS or _is_harmless(char))
    kept = kept.strip()
    if not kept:
        raise Invalid("The message is empty. Write something first.", {"field": "text"})
    if len(kept) > limit:
        raise TooLarge(
            f"The message has {len(kept)} characters; {limit} are allowed. Shorten it.",
            {"field": "text", "characters": len(kept), "limit": limit},
        )
    return kept


def _is_harmless(char: str) -> bool:
    # Cc: control characters. Cs: halves of a pair, which UTF-8 cannot hold.
    return unicodedata.category(char) not in ("Cc", "Cs")


def check_message_id(message_id: str) -> str:
    """The client's own id of a turn.

    Raises:
        Invalid: empty, too long, or with other signs than letters, digits, `-`, `_` and `.`.
    """
    plain = message_id.replace("-", "").replace("_", "").replace(".", "")
    if not 1 <= len(message_id) <= _MAX_MESSAGE_ID or not (plain.isalnum() and plain.isascii()):
        raise Invalid(
            f"message_id must be 1 to {_MAX_MESSAGE_ID} letters, digits, - or _; a UUID is best.",
            {"field": "message_id"},
        )
    return message_id


class TrafficLimits:
    """Counts messages of visitors and sites, and conversations of addresses, in memory.

    Each worker counts for itself: with several, the limits are per worker.
    """

    def __init__(
        self, settings: LimitSettings, seconds: Callable[[], float] = time.perf_counter
    ) -> None:
        self._visitor = _MinuteWindow(settings.messages_per_minute_per_visitor, seconds)
        self._site = _MinuteWindow(settings.messages_per_minute_per_site, seconds)
        self._address = _MinuteWindow(settings.conversations_per_minute_per_address, seconds)

    def count_message(self, visitor_id: str, site_id: str) -> None:
        """One more message.

        Raises:
            RateLimited: too many in the last minute.
        """
        self._visitor.count(visitor_id, "You are writing very fast.")
        self._site.count(site_id, "Many people are writing just now.")

    def count_conversation(self, address: str) -> None:
        """One more conversation from a network address.

        Raises:
            RateLimited: too many in the last minute.
        """
        self._address.count(address, "Too many conversations were begun.")


class _MinuteWindow:
    """Lets `amount` pass in any minute, by key: the present minute's count, and the share of the
    last one's that is less than a minute ago. Two numbers for each key of two minutes, and no
    thread to tidy up: every message is counted."""

    def __init__(self, amount: int, seconds: Callable[[], float]) -> None:
        self._amount = amount
        self._seconds = seconds
        self._minute = 0
        self._counts: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def count(self, key: str, reason: str) -> None:
        """One more, or `RateLimited`."""
        minute, passed = divmod(self._seconds(), 60)
        if minute != self._minute:
            self._before = self._counts if minute == self._minute + 1 else {}
            self._counts, self._minute = {}, int(minute)
        here, before = self._counts.get(key, 0), self._before.get(key, 0)
        if here + before * (1 - passed / 60) + 1 > self._amount:
            # The window frees places bit by bit; its share of a minute is a fair wait.
            wait = max(1.0, 60.0 / self._amount, 60 - passed if here >= self._amount else 0)
            raise RateLimited(f"{reason} Try again in a moment.", timedelta(seconds=min(60, wait)))
        self._counts[key] = here + 1

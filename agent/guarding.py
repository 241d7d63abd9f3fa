"""Step 1 of a turn: what may come in, and how much of it."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

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

    def __init__(self, settings: LimitSettings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._visitor = RateLimitItemPerMinute(settings.messages_per_minute_per_visitor)
        self._site = RateLimitItemPerMinute(settings.messages_per_minute_per_site)
        self._address = RateLimitItemPerMinute(settings.conversations_per_minute_per_address)

    def count_message(self, visitor_id: str, site_id: str) -> None:
        """One more message.

        Raises:
            RateLimited: too many in the last minute.
        """
        self._count(self._visitor, "visitor", visitor_id, "You are writing very fast.")
        self._count(self._site, "site", site_id, "Many people are writing just now.")

    def count_conversation(self, address: str) -> None:
        """One more conversation from a network address.

        Raises:
            RateLimited: too many in the last minute.
        """
        self._count(self._address, "address", address, "Too many conversations were begun.")

    def _count(self, item: RateLimitItemPerMinute, kind: str, key: str, reason: str) -> None:
        if self._limiter.hit(item, kind, key):
            return
        stats = self._limiter.get_window_stats(item, kind, key)
        # A sliding window frees places bit by bit; its share of a minute is a fair wait.
        wait = min(60.0, max(1.0, 60.0 / item.amount, stats.reset_time % 60))
        raise RateLimited(f"{reason} Try again in a moment.", timedelta(seconds=wait))

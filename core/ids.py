"""Identifiers: UUIDs of version 7, so that newer rows sort after older ones (RFC 9562, 5.7)."""

from __future__ import annotations

import os
import threading
import time
import uuid

_RANDOM_BITS = 74


class _Generator:
    """Ids of one process, each greater than the one before (RFC 9562, 6.2, method 2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._milliseconds = 0
        self._random = 0

    def next(self) -> str:
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if milliseconds > self._milliseconds:
                self._milliseconds = milliseconds
                # The top bit stays free, so that counting up within a millisecond has room.
                self._random = int.from_bytes(os.urandom(10), "big") & (1 << _RANDOM_BITS - 1) - 1
            else:
                # A random step: neighbours cannot be guessed, and a forked process that
                # goes on from the same state makes other ids.
                self._random += 1 + int.from_bytes(os.urandom(4), "big")
            milliseconds, random = self._milliseconds, self._random
        value = (milliseconds & (1 << 48) - 1) << 80
        value |= 0x7 << 76 | (random >> 62) << 64
        value |= 0b10 << 62 | random & (1 << 62) - 1
        return str(uuid.UUID(int=value))


_generator = _Generator()


def new_id() -> str:
    """A new UUIDv7 as text, greater than every earlier one of this process."""
    return _generator.next()


def is_id(text: str) -> bool:
    """Whether `text` is a UUID in its usual form of 36 characters."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False

"""A circuit breaker: what keeps failing is left alone for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from core.clock import Clock


class CircuitState(StrEnum):
    """Whether calls are made."""

    CLOSED = "closed"
    OPEN = "open"
    TRYING = "trying"


class Circuit:
    """Open after `failures` in a row, for `pause`; then one call tries, and decides."""

    def __init__(self, clock: Clock, failures: int, pause: timedelta) -> None:
        self._clock = clock
        self._limit = failures
        self._pause = pause
        self._failures = 0
        self._open_until: datetime | None = None
        self._trying = False

    @property
    def state(self) -> CircuitState:
        """As of now."""
        if self._open_until is None:
            return CircuitState.CLOSED
        if self._trying or self._clock.now() >= self._open_until:
            return CircuitState.TRYING
        return CircuitState.OPEN

    @property
    def open_until(self) -> datetime | None:
        """When it may be tried again; None while all is well."""
        return self._open_until

    def admit(self) -> bool:
        """Whether a call may be made now. Whoever is let in has to report back."""
        if self._open_until is None:
            return True
        if self._trying or self._clock.now() < self._open_until:
            return False
        self._trying = True
        return True

    def succeed(self) -> None:
        """A call went well."""
        self._failures, self._open_until, self._trying = 0, None, False

    def fail(self, *, for_good: bool = False, retry_after: timedelta | None = None) -> None:
        """A call failed. `for_good`: more of the same will fail as well. `retry_after`: the
        vendor's own word."""
        self._failures += 1
        if for_good or retry_after or self._trying or self._failures >= self._limit:
            pause = max(self._pause, min(retry_after or timedelta(), timedelta(hours=1)))
            self._open_until = self._clock.now() + pause
        self._trying = False

    def abandon(self) -> None:
        """The call was given up for reasons that tell nothing of the other side."""
        self._trying = False

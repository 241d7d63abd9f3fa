"""How many packages a client may send to us in a minute, in this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.clock import Clock
from core.errors import RateLimited
from sales.handoffs.rules import WINDOW

_CLIENTS = 10_000


@dataclass(slots=True)
class ClientThrottle:
    """A sliding minute for each client: the last minute's count and this one's, weighted."""

    clock: Clock
    what: str = "packages"
    _windows: dict[str, tuple[datetime, int, int]] = field(default_factory=dict)

    def count(self, client: str, per_minute: int) -> None:
        """One more request of a client.

        Raises:
            RateLimited: it had its share; says when there is room again.
        """
        now = self.clock.now()
        began, before, used = self._windows.get(client, (now, 0, 0))
        passed = (now - began) / WINDOW
        if passed >= 1:
            before, used = (used if passed < 2 else 0), 0
            began, passed = (began + WINDOW, passed - 1) if passed < 2 else (now, 0.0)
        if used + before * (1 - passed) >= per_minute:
            self._windows[client] = (began, before, used)
            raise RateLimited(
                f"More than {per_minute} {self.what} in a minute. Send the rest later.",
                (WINDOW * (1 - passed)) if used >= per_minute else WINDOW / per_minute,
            )
        if len(self._windows) >= _CLIENTS:
            self._windows.clear()
        self._windows[client] = (began, before, used + 1)

"""When to try again. Pure: the moment and the dice are arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

_MOST_DOUBLINGS = 30


class NotBefore(Exception):
    """Raised by an effect that must not run yet: it is put back until `until`.

    It counts as no attempt. For limits of our own and for answers that ask for patience.
    """

    def __init__(self, until: datetime, reason: str = "") -> None:
        super().__init__(reason or f"not before {until.isoformat()}")
        self.until = until


@dataclass(frozen=True)
class RetryPolicy:
    """How often and how soon an effect is tried again.

    The waits are `delays`, one after the other, and from then on the last one doubled again
    and again up to `ceiling`. `max_attempts=None` never gives up. Each wait is lengthened by
    up to `jitter` of itself, so that what failed together does not come back together.
    """

    delays: tuple[timedelta, ...] = (timedelta(seconds=1),)
    ceiling: timedelta = timedelta(minutes=10)
    max_attempts: int | None = 12
    jitter: float = 0.2

    def is_exhausted(self, attempts: int) -> bool:
        """Whether `attempts` used up what this policy grants."""
        return self.max_attempts is not None and attempts >= self.max_attempts


def choose_delay(
    policy: RetryPolicy, attempts: int, retry_after: timedelta | None, dice: float
) -> timedelta:
    """The wait after `attempts` starts, never shorter than the vendor asked for.

    `dice` is between 0 and 1.
    """
    planned = policy.delays[min(max(attempts, 1), len(policy.delays)) - 1]
    doublings = min(max(attempts - len(policy.delays), 0), _MOST_DOUBLINGS)
    delay = min(planned * (1 << doublings), max(policy.ceiling, planned))
    if retry_after is not None:
        delay = max(delay, retry_after)
    return delay * (1 + policy.jitter * dice)

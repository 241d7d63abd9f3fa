"""How often somebody may try to sign in."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from core.errors import RateLimited

_MINUTES = 15
# An account's own window is small: guesses. An address may be a whole office's.
_PER_ACCOUNT = 10
_PER_ADDRESS = 100


class SignInThrottle:
    """Counts attempts by account and by address, in memory; each process counts for itself.

    Attempts are counted before the password is looked at, so that many at once do not slip
    through, and unknown accounts like known ones.
    """

    def __init__(self, *, per_account: int = _PER_ACCOUNT, per_address: int = _PER_ADDRESS) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._account = RateLimitItemPerMinute(per_account, _MINUTES)
        self._address = RateLimitItemPerMinute(per_address, _MINUTES)

    def count(self, account: str, address: str) -> None:
        """One more attempt.

        Raises:
            RateLimited: too many for this account or from this address.
        """
        by_address = self._limiter.hit(self._address, "address", network_of(address))
        by_account = by_address and self._limiter.hit(self._account, "account", account)
        if not (by_address and by_account):
            raise RateLimited(
                "Too many attempts to sign in. Try again in a quarter of an hour.",
                timedelta(minutes=_MINUTES),
            )

    def forget(self, account: str) -> None:
        """The attempt succeeded: what was mistyped before counts no more."""
        self._limiter.clear(self._account, "account", account)


def network_of(address: str) -> str:
    """The address, or the part of an IPv6 address that one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))

"""Passwords at rest: argon2id, computed beside the event loop and never many at a time."""

from __future__ import annotations

import asyncio
import secrets

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

# More than OWASP's minimum of 19 MiB and two passes, and little enough that several sign-ins
# at once do not push the server's memory up.
_MEMORY_KIB = 19 * 1024
_PASSES = 3
_AT_ONCE = 2


def new_password() -> str:
    """A password nobody guesses, in groups that can be read out."""
    text = secrets.token_hex(10)
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


class PasswordVault:
    """Hashes and checks passwords. `memory_kib` and `passes` are lower in tests only."""

    def __init__(self, *, memory_kib: int = _MEMORY_KIB, passes: int = _PASSES) -> None:
        hasher = Argon2Hasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._hash = PasswordHash((hasher,))
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """What is stored of a password."""
        async with self._places:
            return await asyncio.to_thread(self._hash.hash, _encodable(password))

    async def check(self, password: str, stored: str | None) -> tuple[bool, str | None]:
        """Whether the password is the stored one, and a new hash where the old one is weak.

        Without a stored one (an unknown account) a decoy is checked all the same: the time
        that an answer takes must not tell which accounts exist.
        """
        if self._decoy is None:
            self._decoy = await self.hash("no password is ever this one")
        known = stored is not None
        async with self._places:
            right, renewed = await asyncio.to_thread(
                self._hash.verify_and_update, _encodable(password), stored or self._decoy
            )
        return (right and known), (renewed if known else None)


def _encodable(password: str) -> str:
    # Halves of a surrogate pair, which no keyboard sends, cannot be encoded.
    return password.encode(errors="replace").decode()

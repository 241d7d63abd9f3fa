"""Tokens, keys and hashes: what may be shown to whom, and proved how."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt

from core.errors import ConfigurationError, Unauthorized

_ALGORITHM = "HS256"
_MINIMUM_SECRET = 32


class TokenSigner:
    """Signs and reads short-lived proofs (JWT, RFC 7519), each bound to one purpose."""

    def __init__(self, secret: bytes, previous: Sequence[bytes] = ()) -> None:
        """Signs with `secret`; what one of `previous` signed still holds, so that secrets rotate
        without downtime.

        Raises:
            ConfigurationError: one is too short.
        """
        self.renew(secret, previous)

    def renew(self, secret: bytes, previous: Sequence[bytes] = ()) -> None:
        """Sign with another secret from now on, while others go on signing and reading.

        Raises:
            ConfigurationError: one is too short. Nothing changes then.
        """
        for one in (secret, *previous):
            if len(one) < _MINIMUM_SECRET:
                raise ConfigurationError(
                    "the server's secret",
                    [f"it has {len(one)} bytes. Give at least {_MINIMUM_SECRET} random ones."],
                )
        self._secrets = (secret, *previous)

    def sign(self, purpose: str, subject: str, *, now: datetime, lifetime: timedelta) -> str:
        """A token that proves `subject` for `purpose` until `now + lifetime`."""
        claims = {
            "sub": subject,
            "aud": purpose,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
        }
        return jwt.encode(claims, self._secrets[0], algorithm=_ALGORITHM)

    def read(self, purpose: str, token: str, *, now: datetime) -> str:
        """The subject of a token that holds.

        Raises:
            Unauthorized: forged, expired, or made for another purpose.
        """
        try:
            claims = self._decode(purpose, token)
        except (jwt.InvalidTokenError, UnicodeError) as error:
            raise Unauthorized("The token is not valid. Start a new conversation.") from error
        if int(claims["exp"]) <= now.timestamp():
            raise Unauthorized("The token has expired. Start a new conversation.")
        return str(claims["sub"])

    def _decode(self, purpose: str, token: str) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                claims: dict[str, Any] = jwt.decode(
                    token,
                    secret,
                    algorithms=[_ALGORITHM],
                    audience=purpose,
                    # The clock is an argument here, so the library must not ask its own.
                    options={"verify_exp": False, "verify_iat": False, "require": ["exp", "sub"]},
                )
            except jwt.InvalidSignatureError:
                continue
            return claims
        raise jwt.InvalidSignatureError


def new_api_key() -> str:
    """A key for a machine or a member of staff: 32 random bytes, recognisable by its prefix."""
    return "sak_" + secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """What is stored of a key. Keys are random, so a plain SHA-256 cannot be guessed back."""
    return hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(
        left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass")
    )


def load_or_create_secret(path: Path) -> bytes:
    """The server's own secret, made at the first start and kept readable for its owner only."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    # Written whole under another name first, then linked: of two processes that start
    # together one wins, and both read what the winner wrote.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, secrets.token_bytes(48))
        os.fsync(handle)
    finally:
        os.close(handle)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_bytes()

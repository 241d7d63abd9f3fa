"""Values that are stored encrypted: AES-256-GCM, bound to their tenant and column.

A ciphertext names its key, so that keys rotate without downtime: the first key encrypts, all of
them decrypt. Tenant and column are associated data (NIST SP 800-38D): a ciphertext that was
moved to another row's tenant or column is refused.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import BugError, ConfigurationError

_VERSION = "v1"
_NONCE = 12
_KEY_ID = 8


class Cipher:
    """Encrypts with the newest key; reads what any of its keys wrote."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        """`secrets`: newest first, each at least 32 random bytes; keys are derived from them.

        Raises:
            ConfigurationError: none is given, or one is too short.
        """
        self._keys: dict[str, AESGCM] = {}
        self.renew(secrets)

    def renew(self, secrets: Sequence[bytes]) -> None:
        """Other keys from now on, while others go on encrypting and reading.

        Raises:
            ConfigurationError: none is given, or one is too short. Nothing changes then.
        """
        if not secrets or min(map(len, secrets)) < 32:
            raise ConfigurationError(
                "the encryption keys", ["each needs at least 32 random bytes. Give longer ones."]
            )
        keys = {_name(secret): AESGCM(_derive(secret)) for secret in secrets}
        # Older keys stay readable until the newest is named: a thread may be between the two.
        self._keys = {**self._keys, **keys}
        self._newest = _name(secrets[0])
        self._keys = keys

    @property
    def newest_key(self) -> str:
        """The id of the key that encrypts now."""
        return self._newest

    def encrypt(self, value: str, *, tenant_id: str, column: str) -> str:
        """`value` as text that may be stored."""
        nonce = os.urandom(_NONCE)
        bound = _bind(tenant_id, column)
        sealed = nonce + self._keys[self._newest].encrypt(nonce, value.encode(), bound)
        return f"{_VERSION}:{self._newest}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, stored: str, *, tenant_id: str, column: str) -> str:
        """The value behind `stored`.

        Raises:
            ConfigurationError: its key is not among ours (any more).
            BugError: it was changed, or belongs to another tenant or column.
        """
        version, key_id, text = stored.split(":", 2)
        key = self._keys.get(key_id)
        if version != _VERSION or key is None:
            raise ConfigurationError(
                "the encryption keys",
                [f"a stored value needs the key {key_id}. Add it back after the newest one."],
            )
        sealed = base64.b64decode(text)
        try:
            bound = _bind(tenant_id, column)
            return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound).decode()
        except InvalidTag:
            raise BugError(f"a stored value of {column} does not belong here") from None

    def needs_renewal(self, stored: str) -> bool:
        """Whether an older key than the newest wrote it."""
        return stored.split(":", 2)[1] != self._newest


def _bind(tenant_id: str, column: str) -> bytes:
    return f"{tenant_id}\0{column}".encode()


def _name(secret: bytes) -> str:
    return hashlib.sha256(b"key id\0" + secret).hexdigest()[:_KEY_ID]


def _derive(secret: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"values at rest").derive(secret)

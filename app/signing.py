"""The server's secret, and those before it."""

from __future__ import annotations

from app.places import Places
from app.settings import AppSettings
from app.vendors import list_keys
from core.encryption import Cipher
from core.security import TokenSigner, load_or_create_secret


def build_signer(settings: AppSettings, places: Places) -> TokenSigner:
    """Signs with the configured secret, or with one kept in the data folder; what earlier secrets
    signed still holds until it expires."""
    return TokenSigner(*_list_secrets(settings, places))


def renew_keys(settings: AppSettings, places: Places, signer: TokenSigner, cipher: Cipher) -> None:
    """Take over the secrets and keys that `app.yaml` names now, while the server runs.

    Raises:
        ConfigurationError: one is too short.
    """
    signer.renew(*_list_secrets(settings, places))
    cipher.renew(list_keys(settings, places))


def _list_secrets(settings: AppSettings, places: Places) -> tuple[bytes, list[bytes]]:
    server = settings.server
    previous = [one.get_secret_value().encode() for one in server.previous_secrets]
    if server.secret is None:
        return load_or_create_secret(places.data / "secret.key"), previous
    return server.secret.get_secret_value().encode(), previous

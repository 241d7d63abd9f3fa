"""The server's secret, and those before it."""

from __future__ import annotations

from app.places import Places
from app.settings import AppSettings
from core.security import TokenSigner, load_or_create_secret


def build_signer(settings: AppSettings, places: Places) -> TokenSigner:
    """Signs with the configured secret, or with one kept in the data folder; what earlier secrets
    signed still holds until it expires."""
    server = settings.server
    previous = [one.get_secret_value().encode() for one in server.previous_secrets]
    if server.secret is None:
        return TokenSigner(load_or_create_secret(places.data / "secret.key"), previous)
    return TokenSigner(server.secret.get_secret_value().encode(), previous)

"""Acme Mail as a vendor. Cheap to import: no library of the vendor's in here."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.acme.settings import AcmeSettings

MANIFEST = Manifest(
    key="acme",
    name="Acme Mail",
    summary="Delivers mail.",
    needs="An API key with the right to send, from Settings > Keys.",
    build={"email": "integrations.acme.email:build_email"},
    settings=AcmeSettings,
    credentials=(
        CredentialField("api_key", "API key", "From Settings > Keys."),
        CredentialField(
            "signing_key", "Webhook signing key", "Without it no bounces come back.", required=False
        ),
    ),
    check="integrations.acme.email:check_connection",
    webhook="integrations.acme.webhook:read_webhook",
    docs="integrations/acme/README.md",
)

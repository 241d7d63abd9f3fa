"""Calendly as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest, OAuthFlow
from integrations.calendly.settings import CalendlySettings

MANIFEST = Manifest(
    key="calendly",
    name="Calendly",
    summary="Reps' free times as Calendly offers them, and bookings made there.",
    needs="A paid plan (Standard or above), and a token of an owner or admin of the organisation.",
    build={"calendar": "integrations.calendly.calendar:build_calendar"},
    settings=CalendlySettings,
    credentials=(
        CredentialField(
            "token",
            "Personal access token",
            "Of an owner or admin. Leave it empty to sign in instead.",
            required=False,
        ),
        CredentialField(
            "webhook_signing_key",
            "Webhook signing key",
            "Any long random text: Calendly signs its webhooks with it. Without one, changes are "
            "asked for every minute.",
            required=False,
        ),
        CredentialField(
            "client_id", "OAuth client id", "For sign-in.", secret=False, required=False
        ),
        CredentialField("client_secret", "OAuth client secret", required=False),
        CredentialField("refresh_token", "Refresh token", required=False),
    ),
    oauth=OAuthFlow(
        authorize_url=lambda settings: f"{settings.auth_url}/oauth/authorize",
        token_url=lambda settings: f"{settings.auth_url}/oauth/token",
        revoke_url=lambda settings: f"{settings.auth_url}/oauth/revoke",
        scopes=(
            "users:read",
            "event_types:read",
            "availability:read",
            "scheduled_events:write",
            "webhooks:write",
        ),
    ),
    check="integrations.calendly.connection:check_connection",
    webhook="integrations.calendly.connection:read_webhook",
    disconnect="integrations.calendly.connection:disconnect",
    docs="integrations/calendly/README.md",
)

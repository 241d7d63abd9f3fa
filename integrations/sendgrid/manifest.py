"""SendGrid as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.sendgrid.settings import SendGridSettings

MANIFEST = Manifest(
    key="sendgrid",
    name="SendGrid",
    summary="Mails leave through SendGrid; bounces and complaints come back.",
    needs="An API key with the right Mail Send, and the event webhook's verification key.",
    build={"email": "integrations.sendgrid.email:build_email"},
    settings=SendGridSettings,
    credentials=(
        CredentialField("api_key", "API key", "With the right Mail Send; to test it: Scopes too."),
        CredentialField(
            "verification_key",
            "Event webhook's verification key",
            "The public key of Signed Event Webhook. Without it webhooks are refused.",
            secret=False,
            required=False,
        ),
    ),
    check="integrations.sendgrid.email:check_connection",
    webhook="integrations.sendgrid.webhook:receive",
    extra="sendgrid",
    docs="integrations/sendgrid/README.md",
)

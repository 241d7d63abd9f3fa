"""Mailgun as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.mailgun.settings import MailgunSettings

MANIFEST = Manifest(
    key="mailgun",
    name="Mailgun",
    summary="Mails leave through Mailgun; bounces and complaints come back.",
    needs="A sending domain, its API key, and the webhook signing key.",
    build={"email": "integrations.mailgun.email:build_email"},
    settings=MailgunSettings,
    credentials=(
        CredentialField("api_key", "API key", "A sending key of the domain, or the account's."),
        CredentialField(
            "signing_key",
            "Webhook signing key",
            "Proves that a bounce was told by Mailgun. Without it webhooks are refused.",
            required=False,
        ),
    ),
    check="integrations.mailgun.email:check_connection",
    webhook="integrations.mailgun.webhook:receive",
    docs="integrations/mailgun/README.md",
)

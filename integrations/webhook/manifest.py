"""Webhooks of your own as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.webhook.settings import WebhookSettings

MANIFEST = Manifest(
    key="webhook",
    name="Webhook",
    summary="Notices as signed HTTP calls to a program of yours (Standard Webhooks).",
    needs="A secret that both sides know; it begins with whsec_.",
    build={"notifier": "integrations.webhook.notifier:build_notifier"},
    settings=WebhookSettings,
    credentials=(
        CredentialField(
            "secret",
            "Signing secret",
            "whsec_ and 24 to 64 random bytes in Base64. Two, with a space between, while you "
            "change from one to the other.",
        ),
    ),
    check="integrations.webhook.notifier:check_connection",
    docs="integrations/webhook/README.md",
)

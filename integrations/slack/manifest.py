"""Slack as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.slack.settings import SlackSettings

MANIFEST = Manifest(
    key="slack",
    name="Slack",
    summary="Notices to channels and members, with a button to say: I have it.",
    needs="An app with the scope chat:write, its bot token, and its signing secret.",
    build={"notifier": "integrations.slack.notifier:build_notifier"},
    settings=SlackSettings,
    credentials=(
        CredentialField("bot_token", "Bot token", "Begins with xoxb-."),
        CredentialField(
            "signing_secret",
            "Signing secret",
            "Proves that a pressed button comes from Slack. Without it buttons are refused.",
            required=False,
        ),
    ),
    check="integrations.slack.notifier:check_connection",
    webhook="integrations.slack.webhook:receive",
    extra="slack",
    docs="integrations/slack/README.md",
)

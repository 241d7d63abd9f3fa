"""A mail server as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.smtp.settings import SmtpSettings

MANIFEST = Manifest(
    key="smtp",
    name="Mail server (SMTP)",
    summary="Mails leave through a mail server of yours.",
    needs="The server's name, and a user name and password where it asks for them.",
    build={"email": "integrations.smtp.email:build_email"},
    settings=SmtpSettings,
    credentials=(
        CredentialField("username", "User name", secret=False, required=False),
        CredentialField("password", "Password", required=False),
    ),
    check="integrations.smtp.email:check_connection",
    extra="smtp",
    docs="integrations/smtp/README.md",
)

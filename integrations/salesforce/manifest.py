"""Salesforce as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest, OAuthFlow
from integrations.salesforce.settings import SalesforceSettings


def _address(settings: SalesforceSettings, what: str) -> str:
    return f"{settings.login_address}/services/oauth2/{what}"


MANIFEST = Manifest(
    key="salesforce",
    name="Salesforce",
    summary="Leads, opportunities, conversations and meetings in Salesforce.",
    needs="A connected app, and a text field for our id on Lead and Opportunity.",
    build={"crm": "integrations.salesforce.crm:build_crm"},
    settings=SalesforceSettings,
    credentials=(
        CredentialField(
            "client_id",
            "Consumer key",
            "Of the connected app or external client app.",
            secret=False,
        ),
        CredentialField(
            "client_secret",
            "Consumer secret",
            "For sign-in in the browser and for the client credentials flow.",
            required=False,
        ),
        CredentialField(
            "username",
            "User name",
            "For the JWT bearer flow: the Salesforce user that we act as.",
            secret=False,
            required=False,
        ),
        CredentialField(
            "private_key",
            "Private key",
            "For the JWT bearer flow: the PEM text whose certificate the connected app holds.",
            required=False,
            lines=True,
        ),
    ),
    oauth=OAuthFlow(
        authorize_url=lambda settings: _address(settings, "authorize"),
        token_url=lambda settings: _address(settings, "token"),
        revoke_url=lambda settings: _address(settings, "revoke"),
        scopes=("api", "refresh_token"),
        keep=("instance_url",),
    ),
    check="integrations.salesforce.crm:check_connection",
    extra="salesforce",
    docs="integrations/salesforce/README.md",
)

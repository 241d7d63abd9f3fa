"""Zoho CRM as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest, OAuthFlow
from integrations.zoho.settings import ZohoSettings


def _address(settings: ZohoSettings, path: str) -> str:
    return f"{settings.accounts_address}/oauth/v2/{path}"


MANIFEST = Manifest(
    key="zoho",
    name="Zoho CRM",
    summary="Leads, contacts, deals, notes and meetings in Zoho CRM.",
    needs="A server-based client of Zoho's API console, or a self client's refresh token.",
    build={"crm": "integrations.zoho.crm:build_crm"},
    settings=ZohoSettings,
    credentials=(
        CredentialField("client_id", "Client ID", "Of the API console.", secret=False),
        CredentialField("client_secret", "Client secret", "Of the API console."),
        CredentialField(
            "refresh_token",
            "Refresh token",
            "Of a self client; not needed where you sign in in the portal.",
            required=False,
        ),
    ),
    oauth=OAuthFlow(
        authorize_url=lambda settings: _address(settings, "auth"),
        token_url=lambda settings: _address(settings, "token"),
        revoke_url=lambda settings: _address(settings, "token/revoke"),
        # Zoho separates its scopes with commas, where others have spaces.
        scopes=("ZohoCRM.modules.ALL,ZohoCRM.settings.fields.ALL,ZohoCRM.users.READ",),
        extra={"access_type": "offline", "prompt": "consent"},
        keep=("api_domain",),
    ),
    check="integrations.zoho.crm:check_connection",
    docs="integrations/zoho/README.md",
)

"""HubSpot as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest, OAuthFlow
from integrations.hubspot.settings import HubSpotSettings

MANIFEST = Manifest(
    key="hubspot",
    name="HubSpot",
    summary="Contacts, companies, deals, conversations and meetings in HubSpot.",
    needs="A private app's token, or an OAuth app. The vendor's README names the scopes.",
    build={"crm": "integrations.hubspot.crm:build_crm"},
    settings=HubSpotSettings,
    credentials=(
        CredentialField(
            "access_token",
            "Access token",
            "Of a private app. Leave it empty to sign in with an OAuth app.",
            required=False,
        ),
        CredentialField(
            "client_id", "Client id", "Of the OAuth app.", secret=False, required=False
        ),
        CredentialField(
            "client_secret",
            "Client secret",
            "Of the app. Also checks the signatures of webhooks.",
            required=False,
        ),
    ),
    oauth=OAuthFlow(
        authorize_url=lambda settings: f"{settings.app_url}/oauth/authorize",
        token_url=lambda settings: f"{settings.base_url}/oauth/v1/token",
        scopes=(
            "oauth",
            "crm.objects.contacts.read",
            "crm.objects.contacts.write",
            "crm.objects.companies.read",
            "crm.objects.companies.write",
            "crm.objects.deals.read",
            "crm.objects.deals.write",
            "crm.objects.owners.read",
            "crm.schemas.contacts.read",
            "crm.schemas.contacts.write",
            "crm.schemas.companies.read",
            "crm.schemas.companies.write",
            "crm.schemas.deals.read",
            "crm.schemas.deals.write",
        ),
    ),
    check="integrations.hubspot.crm:check_connection",
    webhook="integrations.hubspot.webhooks:read_webhook",
    extra="hubspot",
    docs="integrations/hubspot/README.md",
)

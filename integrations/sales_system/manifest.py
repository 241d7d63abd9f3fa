"""A sales system as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest
from integrations.sales_system.settings import SalesSystemSettings

MANIFEST = Manifest(
    key="sales_system",
    name="Sales system",
    summary="Qualified leads are handed over to another system's POST /api/v1/sales/leads.",
    needs="The system's address in app.yaml, and a client id and secret or an API key from it.",
    build={"sales_system": "integrations.sales_system.client:build_sales_systems"},
    settings=SalesSystemSettings,
    credentials=(
        CredentialField(
            "client_id", "Client id", "For access tokens.", secret=False, required=False
        ),
        CredentialField("client_secret", "Client secret", required=False),
        CredentialField(
            "api_key", "API key", "Only where the system takes no tokens.", required=False
        ),
    ),
    check="integrations.sales_system.client:check_connection",
    docs="docs/handoffs.md",
)

"""Outlook as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest, OAuthFlow
from integrations.outlook.settings import OutlookSettings

# Of somebody who signs in; the app's own access is granted in the directory (".default").
DELEGATED_SCOPES = ("offline_access", "Calendars.ReadWrite.Shared")


def _address(settings: OutlookSettings, what: str) -> str:
    return f"{settings.login_url}/{settings.directory}/oauth2/v2.0/{what}"


MANIFEST = Manifest(
    key="outlook",
    name="Outlook",
    summary="Reps' calendars in Outlook (Microsoft 365): free times, meetings, and what reps "
    "change in them.",
    needs="An app registration with Calendars.ReadWrite, or an account that may write into all "
    "reps' calendars.",
    build={"calendar": "integrations.outlook.calendar:build_calendar"},
    settings=OutlookSettings,
    credentials=(
        CredentialField(
            "client_id", "Application (client) id", "Of the app registration.", secret=False
        ),
        CredentialField("client_secret", "Client secret", "Its value, not its id."),
        CredentialField(
            "refresh_token",
            "Refresh token",
            "Only where it was got elsewhere: signing in here stores one. Without one the app "
            "acts for itself.",
            required=False,
        ),
    ),
    oauth=OAuthFlow(
        authorize_url=lambda settings: _address(settings, "authorize"),
        token_url=lambda settings: _address(settings, "token"),
        scopes=DELEGATED_SCOPES,
        extra={"prompt": "select_account"},
    ),
    check="integrations.outlook.calendar:check_connection",
    docs="integrations/outlook/README.md",
)

"""Google Calendar as a vendor."""

from __future__ import annotations

from core.protocols.vendor import CredentialField, Manifest, OAuthFlow
from integrations.google.settings import GoogleSettings

SCOPES = (
    "https://www.googleapis.com/auth/calendar.events",
    "https://www.googleapis.com/auth/calendar.freebusy",
)

MANIFEST = Manifest(
    key="google",
    name="Google Calendar",
    summary="Reps' calendars at Google: free times, meetings, and what reps change in them.",
    needs="A service account with domain-wide delegation, or an account that sees all reps' "
    "calendars.",
    build={"calendar": "integrations.google.calendar:build_calendar"},
    settings=GoogleSettings,
    credentials=(
        CredentialField(
            "service_account",
            "Service account key",
            "The whole JSON file of the key. Leave it empty to sign in with an account instead.",
            required=False,
            lines=True,
        ),
        CredentialField(
            "client_id",
            "OAuth client id",
            "Of the OAuth client, for sign-in with an account.",
            secret=False,
            required=False,
        ),
        CredentialField("client_secret", "OAuth client secret", required=False),
        CredentialField(
            "refresh_token",
            "Refresh token",
            "Only where it was got elsewhere: signing in here stores one.",
            required=False,
        ),
    ),
    oauth=OAuthFlow(
        authorize_url=lambda settings: f"{settings.accounts_url}/o/oauth2/v2/auth",
        token_url=lambda settings: str(settings.token_url),
        revoke_url=lambda settings: str(settings.revoke_url),
        scopes=SCOPES,
        # Without both there is no refresh token when somebody signs in a second time.
        extra={"access_type": "offline", "prompt": "consent"},
    ),
    check="integrations.google.calendar:check_connection",
    extra="google",
    docs="integrations/google/README.md",
)

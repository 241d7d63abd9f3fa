"""The section `integrations.google` of `app.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.settings import Section, ServerAddress


class GoogleSettings(Section):
    """How reps' Google calendars are used."""

    base_url: ServerAddress = "https://www.googleapis.com"
    """The address of the API, without `/calendar/v3`."""

    accounts_url: ServerAddress = "https://accounts.google.com"
    """Where an admin signs in to connect."""

    token_url: ServerAddress = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    """Where tokens are asked for, whatever a service account's key file says."""

    revoke_url: ServerAddress = "https://oauth2.googleapis.com/revoke"
    """Where tokens are taken back."""

    delegation: bool = True
    """Whether a service account acts as each rep (domain-wide delegation). false: reps share
    their calendars with the service account's own address."""

    send_updates: Literal["none", "externalOnly", "all"] = "none"
    """Whether Google mails the visitor as well. none: we do, with an invitation, and the visitor
    is no guest of Google's event; otherwise they are, and get two invitations unless our mails
    are switched off."""

    conference: bool = False
    """Whether a Google Meet room is made for each meeting; its address is in the chat and in
    the mail."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 15
    """How long one request may take."""

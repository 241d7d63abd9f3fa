"""The section `integrations.sendgrid` of `app.yaml`."""

from __future__ import annotations

from pydantic import Field

from core.settings import Section, ServerAddress


class SendGridSettings(Section):
    """How mails leave through SendGrid."""

    base_url: ServerAddress = "https://api.sendgrid.com"
    """The API's address: https://api.eu.sendgrid.com for an account in the EU."""
    timeout_seconds: float = Field(default=20, gt=0, le=120)
    """How long a call may take."""
    open_tracking: bool = False
    """Whether SendGrid puts an invisible picture into mails to see that they are opened."""
    tolerance_seconds: int = Field(default=300, ge=30, le=86_400)
    """How old a webhook's signature may be."""

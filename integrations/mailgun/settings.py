"""The section `integrations.mailgun` of `app.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.settings import OptionalAddress, Section

_HOSTS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}


class MailgunSettings(Section):
    """Which domain at Mailgun mails leave from."""

    domain: str = ""
    """The sending domain, e.g. mg.acme.example."""
    region: Literal["us", "eu"] = "us"
    """Where the domain was made: us or eu."""
    base_url: OptionalAddress = ""
    """Another address of the API, for tests. Unset: the region's."""
    tolerance_seconds: int = Field(default=300, ge=30, le=86_400)
    """How old a webhook's signature may be."""

    @property
    def address(self) -> str:
        """Where the API is."""
        return self.base_url or _HOSTS[self.region]

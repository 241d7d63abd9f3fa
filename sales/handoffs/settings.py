"""The section `handoff` of `app.yaml`: where qualified leads go, how, and by when."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from core.settings import Secret, Section
from sales.handoffs.package_verticals import Vertical

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class RemoteSettings(Section):
    """A sales system that is reached over HTTP (S0 4.1)."""

    endpoint: str
    """The whole address that packages are posted to, e.g.
    https://sales.acme.example/api/v1/sales/leads. https, but for this very machine."""
    backup_endpoint: str | None = None
    """The same at another place, used while `endpoint` fails. Both must share what they store:
    a package whose answer was lost at one may be sent again to the other."""
    token_url: str | None = None
    """Where access tokens are got with client credentials (RFC 6749, 4.4)."""
    client_id: Secret | None = None
    """With `token_url`: ${NAME}."""
    client_secret: Secret | None = None
    """With `token_url`: ${NAME}."""
    api_key: Secret | None = None
    """Sent as X-API-Key, where the sales system takes keys instead of tokens: ${NAME}."""
    timeout_seconds: int = Field(default=30, ge=1, le=300)
    """How long a package may wait for its acknowledgement (S0 3.2: 30)."""
    minimum_tls: Literal["1.2", "1.3"] = "1.3"
    """The oldest version of TLS that is spoken (S0 7: 1.3)."""

    @field_validator("endpoint", "backup_endpoint", "token_url")
    @classmethod
    def _check_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("write a whole address like https://sales.acme.example/api/v1/...")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("personal data travels here. Write https://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _check_credentials(self) -> RemoteSettings:
        given = (self.token_url, self.client_id, self.client_secret)
        if any(given) and not all(given):
            raise ValueError("token_url, client_id and client_secret belong together. Give all")
        if not any(given) and self.api_key is None:
            raise ValueError("give token_url, client_id and client_secret, or api_key")
        return self


class SlaMinutes(Section):
    """Within how many minutes of the handoff a lead of each priority is to be contacted."""

    critical: int = Field(default=60, ge=1)
    high: int = Field(default=240, ge=1)
    standard: int = Field(default=1440, ge=1)
    low: int = Field(default=4320, ge=1)


class EscalationPolicies(Section):
    """The name of the policy that a lead of each priority carries (S0 3.1). Our own sales
    system escalates at the deadline; another one may read more out of the name."""

    critical: str = "auto-escalate-if-no-contact-in-1-hour"
    high: str = "auto-escalate-if-no-contact-in-4-hours"
    standard: str = "auto-escalate-if-no-contact-in-24-hours"
    low: str = "auto-escalate-if-no-contact-in-72-hours"


class RecipientSettings(Section):
    """Who is told (S0 8)."""

    integration: tuple[str, ...] = ()
    """E-mail addresses for technical failures."""
    marketing: tuple[str, ...] = ()
    """E-mail addresses for rejected leads and a queue that grows."""
    sales: tuple[str, ...] = ()
    """E-mail addresses for leads that nobody contacted in time. Empty: `email.sales_team`."""


class ReceiverSettings(Section):
    """Our own sales system: what it does with packages that arrive."""

    enabled: bool = True
    """Off: POST /api/v1/sales/leads is refused."""
    per_minute: int = Field(default=1000, ge=1)
    """Packages that one client may send in a minute (S0 4.1: 1,000); more get 429."""
    duplicates: Literal["reject", "merge"] = "reject"
    """A person who was handed over under another lead id. reject: acknowledged as rejected,
    reason duplicate. merge: accepted onto the lead that is there."""
    queue: str = Field(default="sales", min_length=1, max_length=100)
    """What stands in `assignedTo` where there is no rep to give a lead to."""


class HandoffSettings(Section):
    """Handing qualified leads over to a sales system (S0)."""

    enabled: bool = True
    """Off: qualified leads stay where they are."""
    system: Literal["local", "http"] = "local"
    """local: our own sales system, in this installation. http: the one of `remote`."""
    remote: RemoteSettings | None = None
    """The sales system of `system: http`."""
    vertical: Vertical = "b2b_saas"
    """What is added to the core package: conveyancing (S0's property and serviceRequest),
    b2b_saas, rentals or none. Its fields are collected as custom fields of the profile."""
    verticals: dict[str, Vertical] = Field(default={})
    """Another one for some sites, by site key."""
    per_minute: int = Field(default=1000, ge=1)
    """Packages that may leave in a minute, over all processes (S0 4.1: 1,000)."""
    breaker_after: int = Field(default=5, ge=1)
    """After so many failures in a row an endpoint is left alone for a while and then probed."""
    wait_for_contact_minutes: int = Field(default=10, ge=0)
    """How long a qualified lead whom nobody can reach yet is held, because the talk may still
    bring an address. Leads with an address or number go at once."""
    sla_minutes: SlaMinutes = SlaMinutes()
    escalation: EscalationPolicies = EscalationPolicies()
    privacy_policy_version: str | None = None
    """What packages name where the consent itself names no version."""
    recipients: RecipientSettings = RecipientSettings()
    receiver: ReceiverSettings = ReceiverSettings()

    @model_validator(mode="after")
    def _check_remote(self) -> HandoffSettings:
        if self.system == "http" and self.remote is None:
            raise ValueError("system: http needs remote. Say there where the sales system is")
        return self

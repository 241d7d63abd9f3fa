"""The section `handoff` of `app.yaml`: where qualified leads go, how, and by when."""

from __future__ import annotations

from datetime import time
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from core.settings import Section
from sales.handoffs.package_verticals import Vertical


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


class BusinessHours(Section):
    """When leads are expected to flow."""

    timezone: str = "UTC"
    """An IANA name, such as Europe/London."""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
    )
    opens: time = time(9)
    closes: time = time(17)

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no such time zone") from error
        return name


class AlarmSettings(Section):
    """When somebody is told that handing over does not go as it should (S0 8). Each alarm is
    told once, and that it is over once."""

    failures_in_a_row: int = Field(default=5, ge=1)
    """Calls of an endpoint that failed in a row."""
    slow_seconds: float = Field(default=10, gt=0)
    """An answer that takes longer is slow."""
    slow_minutes: int = Field(default=5, ge=1)
    """For how long every answer has to be slow."""
    queue_depth: int = Field(default=50, ge=0)
    """More unsent leads than this are an alarm."""
    silent_minutes: int = Field(default=120, ge=0)
    """So long without a lead sent, in business hours. 0: never an alarm."""
    business_hours: BusinessHours = BusinessHours()


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
    system: str = "local"
    """Where leads go. local: our own sales system, in this installation. Else a vendor; of
    sales_system, `integrations.sales_system` says where it is."""
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
    alarms: AlarmSettings = AlarmSettings()
    receiver: ReceiverSettings = ReceiverSettings()

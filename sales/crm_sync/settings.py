"""What stands under `sales_agent.crm_integration.<crm>` of `app.yaml`, the same for every CRM."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from core.settings import Section

Outcome = Literal["qualified", "meeting", "converted", "lost"]


class CrmSyncSettings(Section):
    """Whether and how leads go to a CRM."""

    enabled: bool = False
    """Whether leads go there."""
    only_qualified: bool = True
    """Whether only leads that qualified go there by themselves. The others can be sent from their
    page in the portal."""
    field_mapping: dict[str, dict[str, str]] = Field(default_factory=dict)
    """What the CRM's fields are filled with: `{person: {<field>: <path>}}`, `deal` beside it. Paths
    as in docs/crm.md: profile.industry, score.tier, attribution.first.landing_page,
    attribution.last.utm.campaign, consent.marketing, custom.<id>, summary.text. Unset: the
    vendor's own."""
    deal_stages: dict[Outcome, str] = Field(default_factory=dict)
    """The stage of a lead's deal by what became of it: qualified, meeting (one is booked),
    converted, lost. Unset: the vendor's own. An outcome that is not named moves nothing; with
    `deals: false` there are none."""
    deals: bool = True
    """Whether a lead gets a deal."""
    transcripts: bool = True
    """Whether the whole text of a conversation goes there, beside its summary."""
    status_mapping: dict[
        str, Literal["new", "contacted", "qualified", "unqualified", "converted", "lost"]
    ] = Field(default_factory=dict)
    """What a status set in the CRM means for the lead here, e.g. `{Working: contacted}`. A status
    that is not named is noted in the lead's history."""
    poll_minutes: int = Field(default=5, ge=1, le=1440)
    """How often the CRM is asked for changes."""
    budget_share: float = Field(default=0.8, gt=0, le=1)
    """The part of the calls the CRM allows that we use, so that others who use the account still
    can."""

    @property
    def poll_interval(self) -> timedelta:
        """How often the CRM is asked for changes."""
        return timedelta(minutes=self.poll_minutes)

"""The section `integrations.hubspot` of `app.yaml`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from core.settings import Section, ServerAddress

FieldMapping = dict[str, dict[str, str]]
# Properties that every HubSpot account has; our own ones are created by `prepare`.
DEFAULT_MAPPING: FieldMapping = {
    "person": {
        "firstname": "profile.first_name",
        "phone": "profile.phone",
        "jobtitle": "profile.job_title",
        "sales_agent_score": "score.total",
        "sales_agent_tier": "score.tier",
        "sales_agent_status": "lead.status",
        "sales_agent_first_page": "attribution.first.landing_page",
        "sales_agent_last_page": "attribution.last.landing_page",
        "sales_agent_utm_source": "attribution.last.utm.source",
        "sales_agent_utm_campaign": "attribution.last.utm.campaign",
        "sales_agent_summary": "summary.text",
    }
}
# Stages of the pipeline that every account begins with.
DEFAULT_STAGES = {
    "qualified": "qualifiedtobuy",
    "meeting": "appointmentscheduled",
    "converted": "closedwon",
    "lost": "closedlost",
}


class HubSpotSettings(Section):
    """Where the account is, and what is called how in it."""

    portal_id: str | int | None = None
    """The account's id (Hub ID): links to records are made with it. S1 has it as
    `sales_agent.crm_integration.hubspot.portal_id`."""

    base_url: ServerAddress = "https://api.hubapi.com"
    """The address of the API, for a proxy or a mock server."""

    app_url: ServerAddress = "https://app.hubspot.com"
    """Where people sign in: the authorization page and links to records."""

    pipeline: str = "default"
    """The id of the deal pipeline that deals go into."""

    companies: bool = True
    """Whether a contact's company is kept as a company record too, and the two associated."""

    field_mapping: FieldMapping = DEFAULT_MAPPING
    """Filled from `sales_agent.crm_integration.hubspot.field_mapping`."""

    deal_stages: dict[str, str] = DEFAULT_STAGES
    """Filled from `sales_agent.crm_integration.hubspot.deal_stages`."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20
    """How long one request may take."""

    @property
    def timeout(self) -> timedelta:
        """How long one request may take."""
        return timedelta(seconds=self.timeout_seconds)

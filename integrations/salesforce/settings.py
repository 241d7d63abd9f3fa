"""The section `integrations.salesforce` of `app.yaml`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from core.settings import OptionalAddress, Section

_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,79}$"
FieldMapping = dict[str, dict[str, str]]
# Fields that every account has. `Description` is the sales team's own.
DEFAULT_MAPPING: FieldMapping = {
    "person": {
        "FirstName": "profile.first_name",
        "Phone": "profile.phone",
        "Title": "profile.job_title",
        "NumberOfEmployees": "profile.employee_count",
        "AnnualRevenue": "profile.annual_revenue",
    }
}
# Stages that every account begins with.
DEFAULT_STAGES = {
    "qualified": "Qualification",
    "meeting": "Needs Analysis",
    "converted": "Closed Won",
    "lost": "Closed Lost",
}


class SalesforceSettings(Section):
    """Where the account is, and what is called how in it."""

    sandbox_mode: bool = True
    """Whether the account is a sandbox: sign-in at test.salesforce.com instead of
    login.salesforce.com. S1 has it as `sales_agent.crm_integration.salesforce.sandbox_mode`."""

    login_url: OptionalAddress = ""
    """The address to sign in at, e.g. `https://acme.my.salesforce.com`. The client credentials
    flow needs the account's own one (My Domain). Empty: as `sandbox_mode` says."""

    base_url: OptionalAddress = ""
    """The address of the API, for a proxy or a mock server. Empty: what Salesforce names at
    sign-in. Where it is set and `login_url` is not, sign-in goes there as well."""

    api_version: Annotated[str, Field(pattern=r"^\d{2}\.0$")] = "62.0"
    """The version of the REST API."""

    external_id_field: Annotated[str, Field(pattern=_NAME)] = "Sales_Agent_Id__c"
    """The custom text field, *External ID* and *Unique*, that holds our id on Lead and
    Opportunity. The vendor's README says how to create it."""

    field_mapping: FieldMapping = DEFAULT_MAPPING
    """Filled from `sales_agent.crm_integration.salesforce.field_mapping`."""

    deal_stages: dict[str, str] = DEFAULT_STAGES
    """Filled from `sales_agent.crm_integration.salesforce.deal_stages`."""

    ca_file: str = ""
    """A file of certificates to trust instead of the usual ones, e.g. for a proxy."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20
    """How long one request may take."""

    api_share: Annotated[float, Field(gt=0, le=1)] = 0.9
    """The part of the account's daily API requests after which we wait, so that others who use
    the account still can."""

    deal_days: Annotated[int, Field(ge=1, le=730)] = 30
    """The close date of a new opportunity without one, in days from now: Salesforce wants one."""

    @property
    def login_address(self) -> str:
        """Where tokens are asked for."""
        return self.login_url or self.base_url or self.audience

    @property
    def audience(self) -> str:
        """For whom a JWT is made out: Salesforce's own sign-in, whatever the account's domain."""
        return f"https://{'test' if self.sandbox_mode else 'login'}.salesforce.com"

    @property
    def timeout(self) -> timedelta:
        """How long one request may take."""
        return timedelta(seconds=self.timeout_seconds)

"""The section `integrations.zoho` of `app.yaml`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from core.settings import OptionalAddress, Section, check_address

# Each data centre's API, and where its tokens are asked for. An account lives in one of them.
# https://www.zoho.com/crm/developer/docs/api/v8/multi-dc.html
DATA_CENTRES = {
    "www.zohoapis.com": "accounts.zoho.com",
    "www.zohoapis.eu": "accounts.zoho.eu",
    "www.zohoapis.in": "accounts.zoho.in",
    "www.zohoapis.com.au": "accounts.zoho.com.au",
    "www.zohoapis.jp": "accounts.zoho.jp",
    "www.zohoapis.ca": "accounts.zohocloud.ca",
    "www.zohoapis.sa": "accounts.zoho.sa",
    "www.zohoapis.com.cn": "accounts.zoho.com.cn",
    "sandbox.zohoapis.com": "accounts.zoho.com",
    "sandbox.zohoapis.eu": "accounts.zoho.eu",
    "sandbox.zohoapis.in": "accounts.zoho.in",
}
_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,49}$"
FieldMapping = dict[str, dict[str, str]]
# Fields that every account has. `Description` is the sales team's own.
DEFAULT_MAPPING: FieldMapping = {
    "person": {
        "First_Name": "profile.first_name",
        "Phone": "profile.phone",
        "Designation": "profile.job_title",
        "No_of_Employees": "profile.employee_count",
        "Annual_Revenue": "profile.annual_revenue",
    }
}
# Stages that every account begins with.
DEFAULT_STAGES = {
    "qualified": "Qualification",
    "meeting": "Needs Analysis",
    "converted": "Closed Won",
    "lost": "Closed Lost",
}


class ZohoSettings(Section):
    """Where the account is, and what is called how in it."""

    api_domain: str = "www.zohoapis.com"
    """The data centre of the account: `www.zohoapis.com`, `.eu`, `.in`, `.com.au`, `.jp`, `.ca`,
    `.sa` or `.com.cn`; or a whole address, for a proxy. S1 has it as
    `sales_agent.crm_integration.zoho.api_domain`."""

    accounts_url: OptionalAddress = ""
    """Where tokens are asked for. Empty: the data centre's own place."""

    base_url: OptionalAddress = ""
    """The address of the API, for a proxy or a mock server. Empty: as `api_domain` says. Where it
    is set and `accounts_url` is not, tokens are asked for there as well."""

    external_id_field: Annotated[str, Field(pattern=_NAME)] = "Sales_Agent_Id"
    """The API name of the unique text field that holds our id on leads, contacts, deals and
    events. It is created where it is missing and we may."""

    field_mapping: FieldMapping = DEFAULT_MAPPING
    """Filled from `sales_agent.crm_integration.zoho.field_mapping`."""

    deal_stages: dict[str, str] = DEFAULT_STAGES
    """Filled from `sales_agent.crm_integration.zoho.deal_stages`."""

    daily_credits: Annotated[int, Field(ge=100)] = 50_000
    """How many API credits the account has in 24 hours (Setup > Developer Hub > APIs)."""

    timeout_seconds: Annotated[float, Field(gt=0, le=120)] = 20
    """How long one request may take."""

    deal_days: Annotated[int, Field(ge=1, le=730)] = 30
    """The closing date of a new deal without one, in days from now: Zoho wants one."""

    @field_validator("api_domain")
    @classmethod
    def _check_domain(cls, value: str) -> str:
        host = value.removeprefix("https://").rstrip("/")
        if host in DATA_CENTRES:
            return host
        if value.startswith(("https://", "http://")):
            return check_address(value)
        raise ValueError(f"no data centre of Zoho; they are {', '.join(DATA_CENTRES)}")

    @property
    def accounts_address(self) -> str:
        """Where tokens are asked for."""
        accounts = DATA_CENTRES.get(self.api_domain)
        own = f"https://{accounts}" if accounts else self.api_domain
        return self.accounts_url or self.base_url or own

    @property
    def timeout(self) -> timedelta:
        """How long one request may take."""
        return timedelta(seconds=self.timeout_seconds)

    def choose_address(self, named: str) -> str:
        """The API's address: the one that came with the token, if it is a data centre's. A token
        goes nowhere else."""
        if self.base_url or self.api_domain not in DATA_CENTRES:
            return self.base_url or self.api_domain
        parts = urlsplit(named)
        known = parts.scheme == "https" and parts.netloc in DATA_CENTRES
        return f"https://{parts.netloc if known else self.api_domain}"

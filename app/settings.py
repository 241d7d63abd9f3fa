"""The whole of `app.yaml` as one frozen model, composed of each package's own section."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from agent.model_settings import ModelSettings
from agent.settings import AgentSettings, LimitSettings
from app.price_check import check_budget
from app.vendor_settings import (
    AppointmentSection,
    CrmSettings,
    EmailSection,
    HandoffSection,
    IntegrationSettings,
    check_crm_mappings,
    check_notices,
    check_tenants,
)
from core.settings import Secret, Section, load_settings
from ingestion.settings import SourceSettings
from sales.conversations.settings import ConversationSettings, PageTrackingSettings
from sales.feedback.settings import FeedbackSettings
from sales.followups.settings import ConversationSummarySettings
from sales.handoffs.rules import extend_capture
from sales.knowledge.settings import VectorDatabaseSettings
from sales.leads.settings import (
    ProfileCaptureSettings,
    QualificationSettings,
    check_rule_fields,
)
from sales.notices.settings import NoticeSettings
from sales.organization.settings import SiteSettings, TenantSettings
from sales.usage.settings import BudgetSettings


class SalesAgentSettings(Section):
    """The schema of S1, name for name."""

    page_tracking: PageTrackingSettings = PageTrackingSettings()
    profile_capture: ProfileCaptureSettings = ProfileCaptureSettings()
    vector_database: VectorDatabaseSettings = VectorDatabaseSettings()
    conversation_summaries: ConversationSummarySettings = ConversationSummarySettings()
    appointment_scheduling: AppointmentSection = AppointmentSection()
    crm_integration: CrmSettings = CrmSettings()


def _check_network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise ValueError("this is no address or network. Write e.g. 198.51.100.0/24") from None


Network = Annotated[str, AfterValidator(_check_network)]
"""An IP address or network (CIDR), of IPv4 or IPv6."""


class DatabaseSettings(Section):
    """Where rows are kept."""

    url: Secret | None = None
    """A PostgreSQL URL from the environment: ${DATABASE_URL}. Unset: SQLite in the data folder."""
    pool_size: int = Field(default=8, ge=1, le=100)
    """Connections kept open."""


class KnowledgeSettings(Section):
    """What the agent may know."""

    sources: tuple[Annotated[SourceSettings, Field(discriminator="type")], ...] = ()
    """Websites, exports and folders that `sales-agent ingest` reads."""


class ServerSettings(Section):
    """How the server meets the world."""

    secret: Secret | None = None
    """Signs visitors' tokens: ${SALES_AGENT_SECRET}, the same for every process. Unset: made at
    the first start and kept in the data folder."""
    previous_secrets: tuple[Secret, ...] = ()
    """Secrets that `secret` replaced: what they signed still holds. To change: put the old one
    here, the new one above; a running server takes both over. Take it out once its tokens have
    expired (links in mails to unsubscribe hold ten years)."""
    encryption_keys: tuple[Secret, ...] = ()
    """Encrypt credentials at rest: [${SALES_AGENT_KEY}], the newest first, the same for every
    process, each at least 32 random characters. To change: put a new one first (a running server
    takes it over), run `sales-agent rotate-keys`, then take the old one out. Unset: derived from
    the secret in the data folder, which must then be kept with the database."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^/\s]+$")
    """The address visitors reach this server at, e.g. https://chat.acme.example. Needed behind a
    proxy, so that `self` in allowed_origins means it."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    machine_addresses: tuple[Network, ...] = ()
    """From where programs may call /oauth/token, and /api/v1 with an API key or an access token:
    addresses and networks, e.g. [203.0.113.7, 198.51.100.0/24]. Empty: from everywhere."""
    webhook_addresses: tuple[Network, ...] = ()
    """From where /webhooks may be called. Empty: from everywhere; signatures are checked anyway."""
    webhooks_per_minute: int = Field(default=6000, ge=1)
    """How often one address may call one webhook in a minute; more are told to come later (429)."""
    local_staff: bool = True
    """Whether programs on this very machine may read /metrics, /api/v1/knowledge/search and
    /api/v1/analytics without an API key: direct calls to 127.0.0.1 only. Never when `public_url`
    is set: behind a proxy every call comes from a machine of yours. Set `public_url` or false
    here before you put a proxy in front."""
    log_format: Literal["text", "json"] = "text"
    """json: one object a line."""


class AppSettings(Section):
    """`app.yaml`."""

    sales_agent: SalesAgentSettings = SalesAgentSettings()
    model: Literal["local"] | ModelSettings = "local"
    """Who words the answers. local: the embedded responder, no model and no key. A section with
    `chat` names a language model: docs/models.md."""
    agent: AgentSettings = AgentSettings()
    tenants: tuple[TenantSettings, ...] = (TenantSettings(),)
    sites: tuple[SiteSettings, ...] = Field(min_length=1)
    """The websites that carry the widget."""
    knowledge: KnowledgeSettings = KnowledgeSettings()
    conversations: ConversationSettings = ConversationSettings()
    qualification: QualificationSettings = QualificationSettings()
    budget: BudgetSettings = BudgetSettings()
    notices: tuple[NoticeSettings, ...] = ()
    """Who of the staff is told of what, and where: by mail, in Slack, or a program of yours."""
    email: EmailSection = EmailSection()
    handoff: HandoffSection = HandoffSection()
    feedback: FeedbackSettings = FeedbackSettings()
    integrations: IntegrationSettings = IntegrationSettings()
    limits: LimitSettings = LimitSettings()
    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = ServerSettings()

    @field_validator("sites")
    @classmethod
    def _check_keys(cls, sites: tuple[SiteSettings, ...]) -> tuple[SiteSettings, ...]:
        keys = [site.key for site in sites]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"two sites have the key {twice[0]}. Give each its own")
        return sites

    @model_validator(mode="after")
    def _check_rules(self) -> AppSettings:
        capture = extend_capture(self.sales_agent.profile_capture, self.handoff)
        check_rule_fields(self.qualification, capture)
        check_crm_mappings(self.sales_agent.crm_integration, capture)
        check_notices(self.notices)
        check_budget(self.model, self.budget)
        return self

    @model_validator(mode="after")
    def _check_references(self) -> AppSettings:
        tenants = {tenant.key for tenant in self.tenants}
        check_tenants(self.integrations, tenants)
        for site in self.sites:
            if site.tenant not in tenants:
                raise ValueError(
                    f"sites: {site.key} names the tenant {site.tenant}, which tenants lacks"
                )
        for rep in self.sales_agent.appointment_scheduling.reps:
            if rep.tenant not in tenants:
                raise ValueError(
                    f"sales_agent.appointment_scheduling.reps: {rep.key} names the tenant "
                    f"{rep.tenant}, which tenants lacks"
                )
        keys = {site.key for site in self.sites}
        for source in self.knowledge.sources:
            if source.site and source.site not in keys:
                raise ValueError(
                    f"knowledge.sources: {source.name or source.type} names the site "
                    f"{source.site}, which sites lacks"
                )
        names = [(source.site, source.name or source.type) for source in self.knowledge.sources]
        for pair in names:
            if names.count(pair) > 1:
                raise ValueError(
                    f"knowledge.sources: two are called {pair[1]}. Give each a name of its own"
                )
        return self


def load_app_settings(path: Path) -> AppSettings:
    """Read `app.yaml`.

    Raises:
        ConfigurationError: every problem in it, each with its path and what to write instead.
    """
    return load_settings(AppSettings, path)

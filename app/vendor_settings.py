"""The parts of `app.yaml` that are made from the vendors' manifests.

`integrations.<vendor>` is the vendor's own settings type, with a key for each credential that the
type does not have itself. The keys of S1's schema that choose a vendor allow what the manifests
offer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr, create_model, model_validator

from app.vendor_catalogue import Manifests, find_manifests
from core.protocols.vendor import Capability, Manifest
from core.settings import Secret, Section
from sales.appointments.settings import AppointmentSettings
from sales.crm_sync.mapping import check_paths
from sales.crm_sync.settings import CrmSyncSettings
from sales.followups.settings import EmailSettings
from sales.handoffs.settings import HandoffSettings
from sales.leads.settings import ProfileCaptureSettings
from sales.notices.settings import MAIL, NoticeSettings

MANIFESTS = find_manifests()
LOCAL = "local"
# S1 names five CRMs; those without a folder are refused in so many words.
_CRMS = ("zoho", "salesforce", "hubspot", "pipedrive", "dynamics")
# What S1 has beside `enabled`: handed to the vendor's settings field of the same name.
_S1_KEYS: Mapping[str, dict[str, Any]] = {
    "zoho": {"api_domain": (str, "www.zohoapis.com")},
    "salesforce": {"sandbox_mode": (bool, True)},
    "hubspot": {"portal_id": (str | int | None, None)},
}
_TENANTS = "tenants"


class CrmSwitch(CrmSyncSettings):
    """Whether and how leads go to this CRM."""


def list_providers(manifests: Manifests, capability: Capability) -> tuple[str, ...]:
    """What may be written where a vendor for `capability` is chosen, `local` first."""
    return (LOCAL, *(key for key, one in manifests.items() if capability in one.build))


def build_integrations(manifests: Manifests) -> type[Section]:
    """The type of the section `integrations`."""
    fields: dict[str, Any] = {}
    for key, manifest in manifests.items():
        section = _build_vendor_section(manifest)
        fields[key] = (section, Field(default_factory=section, description=manifest.summary))
    doc = "The accounts at vendors. Credentials may also be given in the portal, which go first."
    return create_model("IntegrationSettings", __base__=Section, __doc__=doc, **fields)


def _build_vendor_section(manifest: Manifest) -> type[Section]:
    base = manifest.settings
    fields: dict[str, Any] = {
        _TENANTS: (
            tuple[str, ...],
            Field(
                default=(),
                description="The keys of the tenants whose account this is. Empty: all; with "
                "several tenants they must be named where a secret stands here.",
            ),
        )
    }
    for one in manifest.credentials:
        if one.name not in base.model_fields:
            kind = Secret if one.secret else str
            says = f"{one.label}. {one.help}".strip()
            fields[one.name] = (kind | None, Field(default=None, description=says))
    name = f"{manifest.key.title().replace('_', '')}Integration"
    doc = f"{manifest.name}: {manifest.summary} {manifest.needs}"
    return create_model(name, __base__=base, __doc__=doc, **fields)


def build_crm_settings(manifests: Manifests) -> type[Section]:
    """The type of `sales_agent.crm_integration`: S1's CRMs, and those of the manifests."""
    able = tuple(key for key, one in manifests.items() if "crm" in one.build)
    fields: dict[str, Any] = {}
    for key in (*_CRMS, *(one for one in able if one not in _CRMS)):
        title = manifests[key].name if key in manifests else key.title()
        switch = create_model(
            f"{key.title()}Switch",
            __base__=CrmSwitch,
            __doc__=f"{title}: whether leads go there.",
            **_S1_KEYS.get(key, {}),
        )
        fields[key] = (switch, Field(default_factory=switch))

    def check_built(self: Section) -> Section:
        on = [key for key in _CRMS if getattr(self, key).enabled and key not in able]
        if on:
            built = ", ".join(able) or "none"
            raise ValueError(
                f"{on[0]} is not supported; supported are: {built}. Write enabled: false"
            )
        return self

    validators: dict[str, Any] = {"check_built": model_validator(mode="after")(check_built)}
    doc = "The CRMs that leads go to (S1)."
    return create_model(
        "CrmSettings", __base__=Section, __doc__=doc, __validators__=validators, **fields
    )


def check_notices(notices: tuple[NoticeSettings, ...]) -> None:
    """Refuse a vendor that cannot notify.

    Raises:
        ValueError: with the ones that can.
    """
    able = [MAIL, *(key for key in list_providers(MANIFESTS, "notifier") if key != LOCAL)]
    for one in notices:
        if one.via not in able:
            raise ValueError(f"notices: {one.via} cannot notify. Write one of: {', '.join(able)}")


def build_choice(
    base: type[Section], key: str, manifests: Manifests, capability: Capability
) -> type[Any]:
    """`base` with the field `key` narrowed to the vendors that there are."""
    providers = list_providers(manifests, capability)
    choice = (Literal[providers], Field(default=LOCAL))
    fields: dict[str, Any] = {key: choice}
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **fields)


if TYPE_CHECKING:

    class IntegrationSettings(Section):
        """The section `integrations`, made below."""

    class CrmSettings(Section):
        """The section `sales_agent.crm_integration`, made below."""

    class AppointmentSection(AppointmentSettings):
        """The section `sales_agent.appointment_scheduling` with this installation's vendors."""

    class EmailSection(EmailSettings):
        """The section `email` with this installation's vendors."""

    class HandoffSection(HandoffSettings):
        """The section `handoff` with this installation's vendors."""

else:
    IntegrationSettings = build_integrations(MANIFESTS)
    CrmSettings = build_crm_settings(MANIFESTS)
    AppointmentSection = build_choice(
        AppointmentSettings, "calendar_provider", MANIFESTS, "calendar"
    )
    EmailSection = build_choice(EmailSettings, "provider", MANIFESTS, "email")
    HandoffSection = build_choice(HandoffSettings, "system", MANIFESTS, "sales_system")


def check_crm_mappings(crm: Section, capture: ProfileCaptureSettings) -> None:
    """Whether the paths of every field mapping under `sales_agent.crm_integration` exist.

    Raises:
        ValueError: names the place and the nearest path that does.
    """
    custom = [one.id for one in capture.custom_fields]
    for key in type(crm).model_fields:
        place = f"sales_agent.crm_integration.{key}.field_mapping"
        problems = check_paths(getattr(crm, key).field_mapping, custom, place)
        if problems:
            raise ValueError(problems[0])


def list_enabled_crms(crm: Section) -> tuple[str, ...]:
    """The keys of the CRMs that are switched on."""
    names = type(crm).model_fields
    return tuple(name for name in names if getattr(crm, name).enabled)


def read_vendor_settings(manifest: Manifest, section: Section, crm: Section) -> Section:
    """A vendor's settings: its section of `integrations`, and S1's keys of the same name where
    the section does not say otherwise."""
    switch = getattr(crm, manifest.key, None)
    if switch is None:
        return section
    taken = {
        name: getattr(switch, name)
        for name in switch.model_fields_set & manifest.settings.model_fields.keys()
        if name not in section.model_fields_set
    }
    if not taken:
        return section
    given = {name: getattr(section, name) for name in section.model_fields_set}
    return type(section).model_validate({**given, **taken})


def read_credentials(manifest: Manifest, section: Section) -> dict[str, str]:
    """The credentials that stand in a vendor's section, secrets opened."""
    names = {one.name for one in manifest.credentials}
    if manifest.oauth is not None:
        names |= {"client_id", "client_secret", "access_token", "refresh_token"}
    found = {}
    for name in sorted(names & type(section).model_fields.keys()):
        value = getattr(section, name)
        value = value.get_secret_value() if isinstance(value, SecretStr) else value
        if value not in (None, ""):
            found[name] = str(value)
    return found


def serves_tenant(section: Section, tenant_key: str) -> bool:
    """Whether the credentials of a vendor's section are this tenant's."""
    tenants = getattr(section, _TENANTS, ())
    return not tenants or tenant_key in tenants


def check_tenants(integrations: Section, tenants: set[str]) -> None:
    """One tenant's account must not become everybody's by an oversight.

    Raises:
        ValueError: an unknown tenant is named; or there are several, a secret stands in a
            vendor's section, and the section names none.
    """
    for key, manifest in MANIFESTS.items():
        section = getattr(integrations, key)
        named = set(getattr(section, _TENANTS, ()))
        unknown = sorted(named - tenants)
        if unknown:
            raise ValueError(
                f"integrations.{key}.tenants: {unknown[0]} is no tenant; tenants lacks it"
            )
        if len(tenants) > 1 and not named and read_credentials(manifest, section):
            raise ValueError(
                f"integrations.{key}.tenants: there are several tenants. Name those whose account "
                "this is, or connect in the portal, each tenant for itself"
            )

"""The vendors as `app.yaml` says now: opened where they are switched on, made anew with the file.

Effects live as long as the process; what they are given asks here at each call which vendor does
the work now (`Current`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from app.vendor_catalogue import (
    Manifests,
    list_missing_libraries,
    load_function,
    open_capability,
)
from app.vendor_settings import (
    LOCAL,
    MANIFESTS,
    list_enabled_crms,
    read_credentials,
    read_vendor_settings,
    serves_tenant,
)
from core.clock import Clock
from core.db import Database
from core.db.vendor_memory import DatabaseMemory
from core.encryption import Cipher
from core.errors import BugError, NotFound
from core.protocols.calendar import Calendar
from core.protocols.crm import Crm
from core.protocols.email import EmailSender
from core.protocols.vendor import Capability, Manifest, VendorContext
from core.security import load_or_create_secret
from integrations.local.calendar import LocalCalendar
from integrations.local.email import LocalEmailSender
from sales.connections.credential_store import StoredCredentials
from sales.connections.schemas import Vendor, Vendors
from sales.notices.settings import MAIL
from sales.organization.service import OrganizationService

if TYPE_CHECKING:
    from app.places import Places
    from app.settings import AppSettings

WEBHOOK_PATH = "/webhooks/vendors"


def choose_vendors(settings: AppSettings) -> Mapping[Capability, tuple[str, ...]]:
    """Which vendors app.yaml uses, for what; `local` among them."""
    return {
        "calendar": (settings.sales_agent.appointment_scheduling.calendar_provider,),
        "email": (settings.email.provider,),
        "crm": list_enabled_crms(settings.sales_agent.crm_integration),
        "sales_system": (settings.handoff.system,) if settings.handoff.enabled else (),
        "notifier": tuple(dict.fromkeys(one.via for one in settings.notices if one.via != MAIL)),
        "knowledge_index": (settings.sales_agent.vector_database.provider,),
    }


def list_keys(settings: AppSettings, places: Places) -> list[bytes]:
    """The keys of app.yaml, the newest first; after them what was used before there were any."""
    kept = places.data / "secret.key"
    keys = [key.get_secret_value().encode() for key in settings.server.encryption_keys]
    if not keys or kept.exists():
        keys.append(load_or_create_secret(kept))
    return keys


def build_vendors(
    settings: AppSettings,
    places: Places,
    database: Database,
    clock: Clock,
    organization: OrganizationService,
) -> VendorShelf:
    """The vendors of this installation, as `app.yaml` says at the start.

    Raises:
        ConfigurationError: one that is switched on cannot be opened.
    """
    shelf = VendorShelf(database, clock, Cipher(list_keys(settings, places)), organization)
    shelf.set_local("calendar", LocalCalendar(database))
    shelf.set_local("email", LocalEmailSender(places.mail))
    shelf.apply_settings(settings)
    return shelf


class Current:
    """Whatever `get` returns at the moment of a call, in its place: what stands behind changes
    with `app.yaml` while others hold this."""

    def __init__(self, get: Callable[[], Any]) -> None:
        self._get = get

    def __getattr__(self, name: str) -> Any:
        return getattr(self._get(), name)


class VendorShelf:
    """All vendors there are a folder for, and those that are in use, opened."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        cipher: Cipher,
        organization: OrganizationService,
        manifests: Manifests = MANIFESTS,
    ) -> None:
        self._database, self._clock, self.cipher = database, clock, cipher
        self._organization = organization
        self._manifests = manifests
        self._vendors: Vendors = {}
        self._opened: dict[tuple[str, Capability], Any] = {}
        self._retired: list[Any] = []
        self._local: dict[Capability, Any] = {}
        self._chosen: Mapping[Capability, tuple[str, ...]] = {}

    def set_local(self, capability: Capability, implementation: Any) -> None:
        """What `local` means for a capability."""
        self._local[capability] = implementation

    def apply_settings(self, settings: AppSettings) -> None:
        """Take over `app.yaml`, all or nothing.

        Raises:
            ConfigurationError: a vendor that is switched on cannot be opened.
        """
        chosen = choose_vendors(settings)
        vendors = {
            key: self._build(manifest, settings, chosen)
            for key, manifest in self._manifests.items()
        }
        opened: dict[tuple[str, Capability], Any] = {
            (key, capability): open_capability(
                vendors[key].manifest, capability, vendors[key].context
            )
            for capability, keys in chosen.items()
            for key in keys
            # An index of passages is opened for its embedder: app/knowledge_indexes.py.
            if key != LOCAL and capability != "knowledge_index"
        }
        # Calls may be under way; what they use is closed at the end.
        self._retired += self._opened.values()
        self._vendors, self._opened = MappingProxyType(vendors), opened
        self._chosen = chosen

    def get_vendors(self) -> Vendors:
        """Every vendor, as `app.yaml` says now."""
        return self._vendors

    def open(self, key: str, capability: Capability) -> Any:
        """A vendor's implementation of a capability, opened once for each state of `app.yaml`.

        Raises:
            ConfigurationError: it cannot do that, or its library is missing.
            BugError: there is no such vendor.
        """
        if key == LOCAL and capability in self._local:
            return self._local[capability]
        if key not in self._vendors:
            raise BugError(f"there is no vendor {key} to be a {capability}")
        found = self._opened.get((key, capability))
        if found is None:
            vendor = self._vendors[key]
            found = open_capability(vendor.manifest, capability, vendor.context)
            self._opened[key, capability] = found
        return found

    async def close(self) -> None:
        """Let the connections go that vendors hold open."""
        opened, self._retired, self._opened = [*self._retired, *self._opened.values()], [], {}
        for found in opened:
            for one in found.values() if isinstance(found, Mapping) else (found,):
                if hasattr(one, "close"):
                    await one.close()

    @property
    def calendar(self) -> Calendar:
        """Whichever keeps the reps' calendars now."""
        return cast("Calendar", Current(partial(self._open_chosen, "calendar")))

    @property
    def email(self) -> EmailSender:
        """Whoever delivers mail now."""
        return cast("EmailSender", Current(partial(self._open_chosen, "email")))

    def list_crms(self) -> Mapping[str, Crm]:
        """The CRMs that leads go to now, by key."""
        return {key: self.open(key, "crm") for key in self._chosen.get("crm", ())}

    def _open_chosen(self, capability: Capability) -> Any:
        return self.open(self._chosen[capability][0], capability)

    def _build(
        self,
        manifest: Manifest,
        settings: AppSettings,
        chosen: Mapping[Capability, tuple[str, ...]],
    ) -> Vendor:
        key = manifest.key
        section = getattr(settings.integrations, key)
        configured = partial(self._read_configured, section, read_credentials(manifest, section))
        public_url = settings.server.public_url
        context = VendorContext(
            settings=read_vendor_settings(manifest, section, settings.sales_agent.crm_integration),
            credentials=StoredCredentials(
                self._database, self._clock, self.cipher, key, configured
            ),
            clock=self._clock,
            webhook_url=partial(self._build_webhook_url, public_url, key),
            memory=DatabaseMemory(self._database, key, self._clock),
        )
        return Vendor(
            manifest=manifest,
            context=context,
            missing=tuple(list_missing_libraries(manifest)),
            uses=tuple(capability for capability, keys in chosen.items() if key in keys),
            configured=configured,
            load=partial(load_function, manifest),
        )

    def _read_configured(
        self, section: Any, credentials: Mapping[str, str], tenant_id: str
    ) -> Mapping[str, str]:
        try:
            tenant_key = self._organization.get_tenant_key(tenant_id)
        except NotFound:
            # It has left app.yaml: nothing in there is its own any more.
            return {}
        return credentials if serves_tenant(section, tenant_key) else {}

    def _build_webhook_url(self, public_url: str | None, key: str, tenant_id: str) -> str:
        if not public_url:
            return ""
        tenant_key = self._organization.get_tenant_key(tenant_id)
        return f"{public_url}{WEBHOOK_PATH}/{key}/{tenant_key}"

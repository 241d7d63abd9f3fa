"""What others see of connections: never a secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.protocols.vendor import Capability, Manifest, VendorContext

# How a connection came about: typed in, signed in at the vendor, or renewed from what stands in
# app.yaml.
Method = Literal["key", "oauth", "config"]


@dataclass(frozen=True, slots=True)
class ConnectionSummary:
    """A tenant's account at a vendor. `account` is what the vendor calls it."""

    vendor: str
    method: Method
    account: str
    connected_at: datetime
    last_sync: datetime | None
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str


@dataclass(frozen=True, slots=True)
class ChangeSummary:
    """What was done to a connection, and by whom. `kind`: connected, disconnected or tested."""

    vendor: str
    kind: str
    changed_by: str
    note: str
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What came of trying a vendor: the account it is, or what is wrong, in plain words."""

    works: bool
    words: str


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event that a vendor told us. `happened_at` is the vendor's word, if it gave one."""

    id: str
    vendor: str
    key: str
    capability: Capability
    kind: str
    subject: str
    payload: Mapping[str, Any]
    happened_at: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Vendor:
    """A vendor as this installation has it.

    `missing`: libraries that are not installed. `uses`: what app.yaml uses it for.
    `configured(tenant_id)`: credentials that stand in app.yaml. `load` imports a function that
    the manifest names; it raises `ConfigurationError` where a library is missing.
    """

    manifest: Manifest
    context: VendorContext
    missing: tuple[str, ...]
    uses: tuple[Capability, ...]
    configured: Callable[[str], Mapping[str, str]]
    load: Callable[[str], Any]


Vendors = Mapping[str, Vendor]

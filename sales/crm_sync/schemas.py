"""Values that cross the border of `crm_sync`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.errors import ProviderError
from sales.crm_sync.settings import CrmSyncSettings

State = Literal["waiting", "in_step", "failed", "deleted"]
LeadState = Literal["never", "waiting", "in_step", "failed", "deleted"]
Kind = Literal["person", "deal", "conversation", "transcript", "meeting", "note"]


@dataclass(frozen=True, slots=True)
class CrmAccount:
    """A CRM that leads go to. `crm` is the vendor's (`core.protocols.crm.Crm`); `mapping` and
    `stages` are those of `app.yaml`, else the vendor's own; `is_connected` tells whether a tenant
    has credentials there; `note_result` takes what came of a push, for the page Integrations."""

    key: str
    name: str
    crm: Any
    settings: CrmSyncSettings
    mapping: Mapping[str, Mapping[str, str]]
    stages: Mapping[str, str]
    is_connected: Callable[[str], Awaitable[bool]]
    note_result: Callable[[str, ProviderError | None], Awaitable[None]] | None = None


@dataclass(frozen=True, slots=True)
class SyncItem:
    """One thing that goes to a CRM, and where it stands. `error` holds the vendor's own words;
    `left_out`: fields that were not filled, each with `field` and `why`."""

    crm: str
    kind: Kind
    item_id: str
    lead_id: str
    state: State
    crm_id: str | None
    url: str
    error: str
    left_out: tuple[dict[str, str], ...]
    wanted_at: datetime
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    owner: str


@dataclass(frozen=True, slots=True)
class LeadSync:
    """A lead in one CRM: its state, and all that went there."""

    crm: str
    crm_name: str
    state: LeadState
    items: tuple[SyncItem, ...] = ()

    @property
    def person(self) -> SyncItem | None:
        """The lead's own record."""
        return next((one for one in self.items if one.kind == "person"), None)

    @property
    def errors(self) -> tuple[str, ...]:
        """Why things failed or wait, each reason once."""
        return tuple(dict.fromkeys(one.error for one in self.items if one.error))


@dataclass(frozen=True, slots=True)
class CrmHealth:
    """How a CRM does (S1: CRM Sync Health). `attempts` and `failures` count records and activities
    since the first one; `success_rate` is between 0 and 1, None before the first attempt.
    `errors`: the commonest reasons of what failed now, with how often."""

    crm: str
    crm_name: str
    connected: bool
    leads: Mapping[str, int]
    attempts: int
    failures: int
    errors: tuple[tuple[str, int], ...]
    last_success_at: datetime | None
    polled_at: datetime | None
    blocked_until: datetime | None

    @property
    def success_rate(self) -> float | None:
        """Of all attempts."""
        return 1 - self.failures / self.attempts if self.attempts else None


@dataclass(frozen=True, slots=True)
class ErasureAnswer:
    """What a CRM said to the wish to erase a person. `erased`: it is gone there, or never was, as
    far as asking for it again shows."""

    crm: str
    erased: bool
    words: str

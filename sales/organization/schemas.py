"""Who calls, and what services tell about staff, teams, sessions, keys and clients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["admin", "manager", "rep"]
Kind = Literal["staff", "client", "key"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, proved: a member of staff, a machine's client, or an API key.

    `id` is the id of the staff, client or key row; only staff own leads and appointments.
    """

    tenant_id: str
    kind: Kind
    id: str
    name: str
    role: Role
    team_id: str | None = None

    @property
    def staff_id(self) -> str | None:
        """The member of staff; None for machines."""
        return self.id if self.kind == "staff" else None


@dataclass(frozen=True, slots=True)
class Scope:
    """Which rows of the tenant a principal sees; `rules.sees` asks the same of one row.

    everything: no further condition. Else: rows owned by `staff_id`, and rows of the team
    `team_id` (None: rows of no team), the latter only without owner where `unassigned_only`.
    """

    everything: bool
    staff_id: str | None = None
    team_id: str | None = None
    unassigned_only: bool = False


@dataclass(frozen=True, slots=True)
class StaffSummary:
    """A member of staff as others see them."""

    id: str
    tenant_id: str
    email: str
    name: str
    role: Role
    team_id: str | None
    phone: str
    timezone: str
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TeamSummary:
    """A team."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class NewStaff:
    """What is asked of somebody who joins."""

    email: str
    name: str
    role: Role
    team_id: str | None = None
    phone: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session just opened. `token` goes into the cookie and is kept nowhere else."""

    token: str
    principal: Principal


@dataclass(frozen=True, slots=True)
class LiveSession:
    """A session that holds. `id` is the hash of its token."""

    id: str
    principal: Principal
    email: str
    timezone: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DeviceSummary:
    """A session as its owner sees it."""

    id: str
    device: str
    created_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class CredentialSummary:
    """An API key or a client, without its secret."""

    id: str
    kind: Kind
    name: str
    role: Role
    team_id: str | None
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewClient:
    """A client just made: the only time its secret can be seen."""

    client_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a client gets for its credentials."""

    token: str
    expires_in_seconds: int
    role: Role

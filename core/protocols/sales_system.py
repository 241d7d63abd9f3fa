"""A sales system: takes qualified leads over, answers for each, and tells what became of them.

The contract is S0 (FRD-004): 3.1 the package, 3.2 the acknowledgement, 4.1 the endpoint. The
values here hold no vendor's names. A package travels as the bytes that were stored, so that what
was sent is what was promised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

AckStatus = Literal["accepted", "rejected", "deferred"]
ACK_STATUSES: tuple[AckStatus, ...] = ("accepted", "rejected", "deferred")
REJECTION_REASONS = ("duplicate", "out-of-area", "invalid-data", "other")
"""S0 3.2: rejectionReason."""

PATH = "/api/v1/sales/leads"
"""Where packages go (S0 4.1)."""
HASH_HEADER = "x-payload-hash"
"""`sha256:` and the hex digest of the package's canonical JSON (RFC 8785), both ways."""
TRANSACTION_HEADER = "x-transaction-id"
"""One id for everything that is sent and answered about one handoff."""
KEY_HEADER = "idempotency-key"
SCHEMA_HEADER = "x-schema-version"


@dataclass(frozen=True, slots=True)
class LeadPackage:
    """A package on its way.

    `body` is canonical JSON in UTF-8 and `body_hash` its hash as `HASH_HEADER` writes it. The
    same `idempotency_key` is the same package, however often it is sent and to whichever
    endpoint; `transaction_id` stays also when a corrected package is sent under a new key.
    """

    lead_id: str
    transaction_id: str
    idempotency_key: str
    body: bytes
    body_hash: str
    schema_version: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The sales system's word on a package (S0 3.2).

    `body_hash` is the hash that the other side computed of what arrived; empty where it tells
    none. `problems` say which fields were refused, each with `field`, `code` and `problem`.
    """

    lead_id: str
    status: AckStatus
    acknowledged_at: datetime
    sales_lead_id: str | None = None
    assigned_to: str | None = None
    estimated_contact_at: datetime | None = None
    rejection_reason: str | None = None
    body_hash: str = ""
    problems: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LeadStanding:
    """Where a lead stands in the sales system now.

    `acknowledgement` is its word on the package and `acknowledged_at` when it said so;
    `status` its own word on the lead (e.g. accepted, contacted, qualified) and `changed_at` when
    it became so. `outcome` holds what else it tells, in S0 3.4's field names.
    """

    lead_id: str
    sales_lead_id: str
    acknowledgement: AckStatus
    acknowledged_at: datetime
    status: str
    changed_at: datetime
    assigned_to: str | None = None
    estimated_contact_at: datetime | None = None
    rejection_reason: str | None = None
    body_hash: str = ""
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Standings:
    """Leads whose standing changed, oldest change first, and from where to go on asking. A
    lead may come twice; `has_more`: ask again at once."""

    leads: tuple[LeadStanding, ...]
    cursor: str
    has_more: bool = False


class SalesSystem(Protocol):
    """What we ask of a sales system. Every method may raise:

    TransientError: no answer in time, or not now; `retry_after` where it named a time.
    AuthenticationFailed: the credentials are refused, also after a refresh.
    Rejected: it says no in a way that is no acknowledgement.
    """

    async def push(self, tenant_id: str, package: LeadPackage) -> Acknowledgement:
        """Hand a package over. The same key again gives the same acknowledgement, and never a
        second lead.

        Raises:
            Unavailable: also where the answer's hash tells that something else arrived.
        """
        ...

    async def find_standing(self, tenant_id: str, lead_id: str) -> LeadStanding | None:
        """Where one lead stands; None when the sales system does not know it."""
        ...

    async def list_standings(self, tenant_id: str, cursor: str, limit: int = 200) -> Standings:
        """Leads that changed since `cursor`; "" begins with the very first. The order is stable:
        who asks until `has_more` is false has seen every change."""
        ...

    async def erase(self, tenant_id: str, lead_id: str) -> bool:
        """Remove the person's data and keep a pseudonymous entry (X-22). False: it knew no such
        lead. Twice is no error."""
        ...


SalesSystems = Mapping[str, SalesSystem]
"""What a vendor's folder builds for the capability `sales_system`: the endpoints by name, the
preferred one first. All of them share what they store."""


class OutcomeListener(Protocol):
    """Whoever handed leads over to us, and hears what became of them (S0 4.1, webhooks)."""

    async def tell(self, message_id: str, body: str) -> None:
        """Send one message; the same id again is the same message.

        Raises:
            TransientError: no answer, or not now.
            Rejected: it says no.
        """
        ...

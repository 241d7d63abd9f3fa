"""A customer database at a vendor: people, deals, and what was said with them.

The values are ours and hold no vendor's names, but for `fields`: the vendor's own field names
with values that were mapped and checked against `list_fields` before they come here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

ObjectKind = Literal["person", "company", "deal"]
FieldValue = str | int | float | bool | datetime | tuple[str, ...] | None
FieldType = Literal[
    "text", "long_text", "number", "boolean", "date", "datetime", "picklist", "multi_picklist"
]


@dataclass(frozen=True, slots=True)
class CrmField:
    """A field as the CRM has it. `options`: a picklist's values; `max_length` in characters."""

    name: str
    label: str
    type: FieldType
    required: bool = False
    read_only: bool = False
    max_length: int | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CrmRef:
    """A record in the CRM. `url` opens it for a person; `created` tells a new one."""

    id: str
    kind: str
    url: str = ""
    created: bool = False


@dataclass(frozen=True, slots=True)
class CrmOwner:
    """Who works a record in the CRM."""

    id: str
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class CrmPerson:
    """A lead as we want the CRM to show it: a Lead in Salesforce and Zoho, a contact in HubSpot.

    `external_id` is ours and never changes: together with `email` it finds the record again, so
    that a repeat after a crash creates nothing. `known` is the record as it was when we last
    heard of it. `company` also becomes a company of its own where the CRM keeps them apart.
    """

    external_id: str
    email: str | None
    last_name: str
    company: str
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    known: CrmRef | None = None


@dataclass(frozen=True, slots=True)
class CrmDeal:
    """A chance of revenue that belongs to a person. `stage` is the CRM's own name of it.

    `amount_minor` is in the currency's smallest unit."""

    external_id: str
    person: CrmRef
    name: str
    stage: str
    amount_minor: int | None = None
    currency: str = ""
    close_date: datetime | None = None
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    known: CrmRef | None = None


@dataclass(frozen=True, slots=True)
class CrmActivity:
    """What is shown in a person's history. `external_id` as with people: a repeat is the same
    entry. A `transcript` may be long: where a note is limited it becomes an attachment, whole."""

    external_id: str
    kind: Literal["conversation", "meeting", "transcript", "note"]
    person: CrmRef
    subject: str
    body: str
    starts_at: datetime
    ends_at: datetime | None = None
    known: CrmRef | None = None


@dataclass(frozen=True, slots=True)
class CrmRecord:
    """A person's record as the CRM has it now. `merged_into`: the id of the record that took it
    over; `converted_to`: what it became (e.g. contact, deal)."""

    ref: CrmRef
    external_id: str | None = None
    email: str | None = None
    owner: CrmOwner | None = None
    status: str = ""
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    deleted: bool = False
    merged_into: str | None = None
    converted_to: tuple[CrmRef, ...] = ()
    modified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CrmChanges:
    """People that changed in the CRM, and from where to go on asking."""

    records: tuple[CrmRecord, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class CrmLimits:
    """How many calls the CRM allows in each span of time; `left_today` where it tells."""

    calls: int
    per: timedelta
    left_today: int | None = None


@runtime_checkable
class NamesLimits(Protocol):
    """A `Crm` may be one of these too: it tells its limits, so that we stay inside them."""

    def get_limits(self, tenant_id: str) -> CrmLimits:
        """The limits as its last answer named them; before that, those it is documented to have."""
        ...


class Crm(Protocol):
    """What we ask of a CRM. Every method may raise:

    TransientError: worth trying again, after `retry_after` where the vendor named a time.
    AuthenticationFailed: the credentials are refused, also after a refresh.
    Rejected: the vendor says no, in its own words (`excerpt`): a validation, a missing right.
    Unsupported: this CRM has no such thing.
    """

    async def list_fields(self, tenant_id: str, kind: ObjectKind) -> Sequence[CrmField]:
        """The fields that `kind` has in this account, custom ones included."""
        ...

    async def prepare(self, tenant_id: str) -> None:
        """Create what we need there once: e.g. the property that holds our id. Repeatable."""
        ...

    async def upsert_person(self, tenant_id: str, person: CrmPerson) -> CrmRef:
        """Create or change. Two calls at the same time for one person end in one record."""
        ...

    async def upsert_people(
        self, tenant_id: str, people: Sequence[CrmPerson]
    ) -> Sequence[CrmRef | Exception]:
        """Many at once with the vendor's own batch call; one answer each, in order."""
        ...

    async def upsert_deal(self, tenant_id: str, deal: CrmDeal) -> CrmRef:
        """Create it, or move it to its stage."""
        ...

    async def log_activity(self, tenant_id: str, activity: CrmActivity) -> CrmRef:
        """Put it into the person's history."""
        ...

    async def find_person(
        self, tenant_id: str, *, external_id: str = "", email: str = "", record_id: str = ""
    ) -> CrmRecord | None:
        """The record, with its owner; None when there is none (any more)."""
        ...

    async def list_changes(self, tenant_id: str, cursor: str) -> CrmChanges:
        """People changed, deleted, merged or converted since `cursor`; "" begins now."""
        ...

    async def erase_person(self, tenant_id: str, ref: CrmRef) -> str:
        """Delete the person and what hangs on it. One that is gone is no error. Returns, in
        words, what the vendor keeps although asked; empty: it is gone for good."""
        ...

"""Between Salesforce's records and ours: field descriptions, values, and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.moments import parse_moment
from core.protocols.crm import (
    CrmField,
    CrmOwner,
    CrmRecord,
    CrmRef,
    FieldType,
    FieldValue,
    ObjectKind,
)
from integrations.salesforce.soql import FILE_MARK

OBJECTS: Mapping[ObjectKind, str] = {
    "person": "Lead",
    "company": "Account",
    "deal": "Opportunity",
}
# What a field type of describe is to us; those that are missing hold parts of others or files.
_TYPES: Mapping[str, FieldType] = {
    "string": "text",
    "phone": "text",
    "email": "text",
    "url": "text",
    "id": "text",
    "reference": "text",
    "combobox": "text",
    "encryptedstring": "text",
    "textarea": "long_text",
    "int": "number",
    "long": "number",
    "double": "number",
    "currency": "number",
    "percent": "number",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "picklist": "picklist",
    "multipicklist": "multi_picklist",
}
# A query travels in the address of a GET; Salesforce takes 16,384 characters.
_LONGEST_SELECT = 9_000
CONVERSION = (
    "IsConverted",
    "ConvertedContactId",
    "ConvertedAccountId",
    "ConvertedOpportunityId",
)
CONTACT_PREFIX = "003"
_OWNER = ("OwnerId", "Owner.Name", "Owner.Email")

Described = Mapping[str, Mapping[str, Any]]
Row = Mapping[str, Any]


def build_field(described: Mapping[str, Any]) -> CrmField | None:
    """A field of a describe answer; None for those that hold no value of their own."""
    kind = _TYPES.get(str(described["type"]))
    if kind is None:
        return None
    writable = bool(described.get("createable") or described.get("updateable"))
    length = int(described.get("length") or 0)
    options = [one["value"] for one in described.get("picklistValues") or () if one.get("active")]
    return CrmField(
        name=str(described["name"]),
        label=str(described.get("label") or described["name"]),
        type=kind,
        required=writable and not described.get("nillable") and not described["defaultedOnCreate"],
        read_only=not writable,
        max_length=length if length and kind in ("text", "long_text") else None,
        options=tuple(options),
    )


def build_values(described: Described, fields: Mapping[str, FieldValue]) -> dict[str, Any]:
    """Our values as Salesforce's JSON has them."""
    return {name: _build_value(described.get(name, {}), value) for name, value in fields.items()}


def _build_value(field: Mapping[str, Any], value: FieldValue) -> Any:
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        return moment.date().isoformat() if field.get("type") == "date" else build_time(moment)
    if isinstance(value, tuple):
        return ";".join(value)
    return value


def build_time(moment: datetime) -> str:
    """As JSON and SOQL write a time: to the millisecond, in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_values(described: Described, row: Row) -> dict[str, FieldValue]:
    """A record's own fields, as values of ours."""
    found: dict[str, FieldValue] = {}
    for name, value in row.items():
        field = described.get(name)
        if field is None or isinstance(value, Mapping):
            continue
        kind = _TYPES.get(str(field["type"]))
        if value is None:
            found[name] = None
        elif kind in ("date", "datetime"):
            found[name] = parse_moment(str(value))
        elif kind == "multi_picklist":
            found[name] = tuple(str(value).split(";"))
        elif kind == "number" and isinstance(value, float) and value.is_integer():
            # 42 comes back as 42.0, and is no change.
            found[name] = int(value)
        elif kind is not None:
            found[name] = value
    return found


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads rows of Lead and Contact. `address`: the account's, for links."""

    address: str
    external_id_field: str
    described: Described

    def build_ref(self, row: Row, kind: str = "", *, created: bool = False) -> CrmRef:
        """Which record a row is."""
        return build_ref(self.address, str(row["Id"]), kind or read_kind(row), created=created)

    def read(self, row: Row) -> CrmRecord:
        """A row as the protocol has it."""
        became = (
            ("Contact", row.get("ConvertedContactId")),
            ("Opportunity", row.get("ConvertedOpportunityId")),
            ("Account", row.get("ConvertedAccountId")),
        )
        modified = row.get("SystemModstamp")
        return CrmRecord(
            ref=self.build_ref(row),
            external_id=row.get(self.external_id_field),
            email=row.get("Email"),
            owner=_read_owner(row),
            status=str(row.get("Status") or ""),
            fields=read_values(self.described, row),
            deleted=bool(row.get("IsDeleted")),
            merged_into=row.get("MasterRecordId"),
            converted_to=tuple(build_ref(self.address, one, kind) for kind, one in became if one)
            if row.get("IsConverted")
            else (),
            modified_at=parse_moment(str(modified)) if modified else None,
        )


def build_ref(address: str, record_id: str, kind: str, *, created: bool = False) -> CrmRef:
    """A record with its link for people."""
    return CrmRef(record_id, kind, f"{address}/{record_id}", created=created)


def is_contact(ref: CrmRef) -> bool:
    """Whether a record is a contact: Salesforce's ids begin with their object's own prefix."""
    return ref.id.startswith(CONTACT_PREFIX)


def read_kind(row: Row) -> str:
    """The object of a row of a query."""
    return str(row.get("attributes", {}).get("type", "Lead"))


def _read_owner(row: Row) -> CrmOwner | None:
    owner = row.get("Owner") or {}
    if not row.get("OwnerId"):
        return None
    email, name = owner.get("Email") or "", owner.get("Name") or ""
    return CrmOwner(str(row["OwnerId"]), str(email), str(name))


def choose_fields(described: Described, needed: Sequence[str]) -> list[str]:
    """What to ask for: the fields we need, the owner, and as many others as an address takes.

    Salesforce has no `*` for more than 200 rows.
    """
    names = dict.fromkeys([*needed, "SystemModstamp", *_OWNER])
    length = sum(len(name) + 1 for name in names)
    for name, field in described.items():
        if field["type"] not in _TYPES or field["type"] == "encryptedstring" or name in names:
            continue
        if length + len(name) > _LONGEST_SELECT:
            break
        names[name] = None
        length += len(name) + 1
    return list(names)


LONGEST_TITLE = 255


def build_title(subject: str, external_id: str) -> str:
    """A file's title, by which it is found again."""
    mark = f"{FILE_MARK}{external_id}"
    return f"{subject[: LONGEST_TITLE - len(mark)]}{mark}"


def read_title(row: Row) -> str:
    """The title of a file in an answer to that query."""
    return str((row.get("ContentDocument") or {}).get("Title") or "")

"""HubSpot's properties and their values, from and to ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from core.moments import parse_moment
from core.protocols.crm import CrmField, FieldType, FieldValue

OUR_ID = "sales_agent_id"
# A text property holds at most so many characters (HubSpot, "Property field types").
LONGEST_TEXT = 65_536
_TYPES: dict[str, FieldType] = {
    "string": "text",
    "phone_number": "text",
    "number": "number",
    "bool": "boolean",
    "date": "date",
    "datetime": "datetime",
}


def describe_property(item: Mapping[str, Any]) -> CrmField:
    """A property as the API lists it."""
    kind = read_type(str(item["type"]), str(item["field_type"]))
    about = item.get("modification_metadata") or {}
    options = item.get("options") or ()
    return CrmField(
        name=str(item["name"]),
        label=str(item.get("label") or item["name"]),
        type=kind,
        read_only=bool(about.get("read_only_value") or item.get("calculated")),
        max_length=LONGEST_TEXT if kind in ("text", "long_text") else None,
        options=tuple(str(one["value"]) for one in options) if "picklist" in kind else (),
    )


def read_type(kind: str, shown_as: str) -> FieldType:
    """Our type of a property; `shown_as` is HubSpot's `fieldType`."""
    if kind == "enumeration":
        if shown_as == "booleancheckbox":
            return "boolean"
        return "multi_picklist" if shown_as == "checkbox" else "picklist"
    if kind == "string" and shown_as in ("textarea", "html"):
        return "long_text"
    return _TYPES.get(kind, "text")


def write_value(value: FieldValue, kind: FieldType) -> str:
    """A value as the API wants it: always text; "" empties a property."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        moment = value.astimezone(UTC)
        if kind == "date":
            return moment.date().isoformat()
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, tuple):
        return ";".join(value)
    return str(value)


def read_value(text: str | None, kind: FieldType) -> FieldValue:
    """The reverse; a value that is not of its type stays the text that it is."""
    if text is None or text == "":
        return None
    try:
        return _read(text, kind)
    except (ValueError, OverflowError):
        return text


def _read(text: str, kind: FieldType) -> FieldValue:
    if kind == "number":
        number = float(text)
        return int(number) if number.is_integer() else number
    if kind in ("date", "datetime"):
        return read_moment(text)
    if kind == "boolean":
        return text == "true"
    if kind == "multi_picklist":
        return tuple(part for part in text.split(";") if part)
    return text


def read_moment(text: str) -> datetime:
    """A moment: ISO 8601, or milliseconds since 1970, as older properties have it.

    Raises:
        ValueError: it is neither.
    """
    if text.lstrip("-").isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    return parse_moment(text)


def read_ids(answer: Mapping[str, Any], name: str) -> dict[str, str]:
    """Record ids by the value of a property; records without one are left out."""
    return {
        str(one["properties"][name]): str(one["id"])
        for one in answer.get("results") or ()
        if one["properties"].get(name)
    }


def write_fields(fields: Mapping[str, FieldValue], known: Mapping[str, CrmField]) -> dict[str, str]:
    """Many values. An unknown property is sent as it is: HubSpot refuses it in its words."""
    return {
        name: write_value(value, known[name].type if name in known else "text")
        for name, value in fields.items()
    }


def read_fields(
    properties: Mapping[str, Any], names: Iterable[str], known: Mapping[str, CrmField]
) -> dict[str, FieldValue]:
    """The values of `names` among a record's properties."""
    return {
        name: read_value(properties.get(name), known[name].type if name in known else "text")
        for name in names
    }

"""What the HubSpot stand-in keeps, and by which rules."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

STAGES = {
    "appointmentscheduled": "Appointment Scheduled",
    "qualifiedtobuy": "Qualified To Buy",
    "closedwon": "Closed Won",
    "closedlost": "Closed Lost",
}
_TEXT = ("string", "text")
_AREA = ("string", "textarea")
_PROPERTIES: dict[str, dict[str, tuple[str, str]]] = {
    "contacts": {
        "email": _TEXT,
        "firstname": _TEXT,
        "lastname": _TEXT,
        "company": _TEXT,
        "phone": ("string", "phonenumber"),
        "jobtitle": _TEXT,
        "hubspot_owner_id": ("enumeration", "select"),
        "hs_lead_status": ("enumeration", "radio"),
        "hs_object_id": ("number", "number"),
        "hs_merged_object_ids": ("enumeration", "checkbox"),
        "lastmodifieddate": ("datetime", "date"),
        "createdate": ("datetime", "date"),
    },
    "companies": {"name": _TEXT, "domain": _TEXT, "createdate": ("datetime", "date")},
    "deals": {
        "dealname": _TEXT,
        "dealstage": ("enumeration", "radio"),
        "pipeline": ("enumeration", "select"),
        "amount": ("number", "number"),
        "deal_currency_code": ("enumeration", "select"),
        "closedate": ("datetime", "date"),
    },
    "notes": {"hs_note_body": ("string", "html"), "hs_timestamp": ("datetime", "date")},
    "meetings": {
        "hs_meeting_title": _TEXT,
        "hs_meeting_body": ("string", "html"),
        "hs_meeting_start_time": ("datetime", "date"),
        "hs_meeting_end_time": ("datetime", "date"),
        "hs_timestamp": ("datetime", "date"),
    },
}
_READ_ONLY = {"hs_object_id", "hs_merged_object_ids", "lastmodifieddate", "createdate"}
_OPTIONS = {
    "hs_lead_status": ("NEW", "OPEN", "CONNECTED", "UNQUALIFIED"),
    "dealstage": tuple(STAGES),
    "pipeline": ("default",),
    "deal_currency_code": ("USD", "EUR", "GBP"),
}


class Refusal(Exception):
    """A no, as HubSpot words it."""

    def __init__(self, status: int, message: str, category: str = "VALIDATION_ERROR") -> None:
        super().__init__(message)
        self.status, self.message, self.category = status, message, category


def describe(message: str, category: str = "VALIDATION_ERROR") -> dict[str, Any]:
    """The body of an error."""
    correlation = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
    return {
        "status": "error",
        "message": message,
        "correlationId": correlation,
        "category": category,
    }


class Store:
    """Records, properties, associations and owners of one account."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, dict[str, Any]]] = {kind: {} for kind in _PROPERTIES}
        self.links: set[tuple[str, str, str, str]] = set()
        self.owners: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, set[str]] = {kind: {"contactinformation"} for kind in _PROPERTIES}
        self.properties: dict[str, dict[str, dict[str, Any]]] = {
            kind: {name: _define(name, *shape) for name, shape in shapes.items()}
            for kind, shapes in _PROPERTIES.items()
        }
        self._last = 0
        self._ids = 100

    def now(self) -> int:
        """Milliseconds since 1970, never the same twice."""
        self._last = max(self._last + 1, time.time_ns() // 1_000_000)
        return self._last

    def find(self, kind: str, key: str, id_property: str | None) -> str | None:
        """The id of a record that is not archived."""
        if id_property in (None, "hs_object_id"):
            item = self.objects[kind].get(key)
            return key if item is not None and not item["archived"] else None
        definition = self.properties[kind].get(str(id_property))
        is_unique = definition is not None and definition.get("hasUniqueValue")
        if not is_unique and id_property != "email":
            raise Refusal(400, f"{id_property} is not a unique property")
        for one, item in self.objects[kind].items():
            value = str(item["properties"].get(id_property) or "")
            if not item["archived"] and value.lower() == key.lower():
                return one
        return None

    def check(self, kind: str, properties: dict[str, Any], own: str | None) -> None:
        """Whether the values may be written.

        Raises:
            Refusal: one may not.
        """
        for name, value in properties.items():
            definition = self.properties[kind].get(name)
            if definition is None:
                raise Refusal(400, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST")
            if name in _READ_ONLY:
                raise Refusal(400, f"{name} is a read only property", "READ_ONLY_VALUE")
            if not isinstance(value, str):
                raise Refusal(400, f"{name}: a value must be text")
            if value:
                self._check_value(kind, name, value, definition, own)

    def _check_value(
        self, kind: str, name: str, value: str, definition: dict[str, Any], own: str | None
    ) -> None:
        if len(value.encode("utf-16-le")) // 2 > 65_536:
            raise Refusal(400, f"{name}: {len(value)} characters are more than 65536")
        if definition["type"] == "enumeration" and name != "hubspot_owner_id":
            options = {one["value"] for one in definition["options"]}
            parts = value.split(";") if definition["fieldType"] == "checkbox" else [value]
            for part in parts:
                if part not in options:
                    known = ", ".join(sorted(options))
                    raise Refusal(
                        400,
                        f"{part} was not one of the allowed options: [{known}]",
                        "INVALID_OPTION",
                    )
        if definition["type"] == "number":
            try:
                float(value)
            except ValueError:
                raise Refusal(400, f"{value} was not a valid number", "INVALID_NUMBER") from None
        if definition["type"] in ("date", "datetime") and not re.match(
            r"^\d{4}-\d\d-\d\d|^\d+$", value
        ):
            raise Refusal(400, f"{value} was not a valid date", "INVALID_DATE")
        if name == "email" and "@" not in value:
            raise Refusal(400, f"Email address {value} is invalid", "INVALID_EMAIL")
        if name == "email" or definition.get("hasUniqueValue"):
            other = self.find(kind, value, name)
            if other is not None and other != own:
                raise Refusal(409, f"Contact already exists. Existing ID: {other}", "CONFLICT")

    def create(self, kind: str, properties: dict[str, Any]) -> str:
        """A new record."""
        self._ids += 1
        one = str(self._ids)
        self.objects[kind][one] = {"properties": {}, "archived": False, "createdAt": self.now()}
        self.change(kind, one, properties)
        return one

    def change(self, kind: str, one: str, properties: dict[str, Any]) -> None:
        """Values of a record."""
        item = self.objects[kind][one]
        item["properties"] |= properties
        item["updatedAt"] = self.now()
        item["properties"]["lastmodifieddate"] = to_text(item["updatedAt"])

    def show(self, kind: str, one: str, names: list[str] | None = None) -> dict[str, Any]:
        """A record as the API gives it."""
        item = self.objects[kind][one]
        held = {name: value for name, value in item["properties"].items() if value != ""}
        chosen = held if names is None else {name: held[name] for name in names if name in held}
        shown: dict[str, Any] = {
            "id": one,
            "properties": chosen,
            "createdAt": to_text(item["createdAt"]),
            "updatedAt": to_text(item["updatedAt"]),
            "archived": item["archived"],
        }
        if item["archived"]:
            shown["archivedAt"] = to_text(item["archivedAt"])
        return shown

    def list_ids(self, kind: str, *, archived: bool = False) -> list[str]:
        """The records, oldest first."""
        return [one for one, item in self.objects[kind].items() if item["archived"] is archived]

    def archive(self, kind: str, one: str) -> None:
        """Into the recycling bin."""
        item = self.objects[kind].get(one)
        if item is not None and not item["archived"]:
            item["archived"], item["archivedAt"] = True, self.now()

    def purge(self, kind: str, one: str) -> None:
        """For good."""
        del self.objects[kind][one]
        self.links = {link for link in self.links if one not in (link[1], link[3])}

    def merge(self, loser: str, winner: str) -> None:
        """The loser goes into the winner, which keeps its own values."""
        gone = self.objects["contacts"].pop(loser)["properties"]
        item = self.objects["contacts"][winner]["properties"]
        merged = [*filter(None, str(item.get("hs_merged_object_ids", "")).split(";")), loser]
        filled = {name: value for name, value in gone.items() if not item.get(name)}
        self.change("contacts", winner, {**filled, "hs_merged_object_ids": ";".join(merged)})

    def associate(self, kind: str, one: str, other_kind: str, other: str) -> None:
        """Join two records.

        Raises:
            Refusal: one of them is not there.
        """
        for each_kind, each in ((kind, one), (other_kind, other)):
            if self.find(each_kind, each, None) is None:
                raise Refusal(400, f"{each_kind} {each} does not exist", "OBJECT_NOT_FOUND")
        self.links |= {(kind, one, other_kind, other), (other_kind, other, kind, one)}

    def list_associated(self, kind: str, one: str, other: str) -> list[str]:
        """What is joined with a record."""
        if self.find(kind, one, None) is None:
            raise Refusal(404, "resource not found", "OBJECT_NOT_FOUND")
        found = {link[3] for link in self.links if link[:3] == (kind, one, other)}
        return sorted((each for each in found if self.find(other, each, None)), key=int)

    def search(self, kind: str, groups: list[dict[str, Any]], sorts: list[str]) -> list[str]:
        """Ids of records that fit one of the groups."""
        found = [
            one
            for one in self.list_ids(kind)
            if any(all(self._fits(kind, one, f) for f in group["filters"]) for group in groups)
        ]
        for name in sorts:
            key = name.removeprefix("-")
            found.sort(
                key=lambda one, key=key: str(self.objects[kind][one]["properties"].get(key) or ""),  # type: ignore[misc]
                reverse=name.startswith("-"),
            )
        return found

    def _fits(self, kind: str, one: str, condition: dict[str, Any]) -> bool:
        name, operator = condition["propertyName"], condition["operator"]
        value = str(self.objects[kind][one]["properties"].get(name) or "")
        if operator == "IN":
            # Texts are compared in small letters, and the values must be in them.
            return value.lower() in condition["values"]
        if operator == "GTE":
            return to_milliseconds(value) >= int(condition["value"])
        raise Refusal(400, f"the stand-in knows no operator {operator}")


def to_text(milliseconds: int) -> str:
    """A moment as the API writes it."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def to_milliseconds(text: str) -> int:
    """The reverse."""
    return round(datetime.fromisoformat(text).timestamp() * 1000) if text else 0


def _define(name: str, kind: str, shown_as: str) -> dict[str, Any]:
    options = [
        {"label": one.title(), "value": one, "hidden": False, "displayOrder": n}
        for n, one in enumerate(_OPTIONS.get(name, ()))
    ]
    return {
        "name": name,
        "label": name.replace("_", " ").title(),
        "type": kind,
        "fieldType": shown_as,
        "groupName": "contactinformation",
        "description": "",
        "options": options,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": True,
            "readOnlyValue": name in _READ_ONLY,
        },
    }

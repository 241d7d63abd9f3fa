"""Who is the same person, who gets a lead, by when it is to be answered. Pure."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from email_validator import EmailNotValidError, validate_email

from core.errors import Invalid
from sales.leads.fields import CONTACT_METHODS, CONTACT_TIMES, Field, Value
from sales.leads.phone_numbers import read_phone
from sales.leads.schemas import STATUSES, Owner
from sales.leads.settings import CustomFieldSettings

PRIORITY_RANKS = {"critical": 0, "high": 1, "standard": 2, "low": 3}
# How soon a lead of each priority is to be contacted.
SLA = {
    "critical": timedelta(hours=1),
    "high": timedelta(hours=4),
    "standard": timedelta(hours=24),
    "low": timedelta(hours=72),
}
TEXT_LIMIT = 300
JSON_LIMIT = 8_000
AGENT = "agent"


def read_email_key(value: object) -> str | None:
    """The address as the same one is found by, or None where it is none."""
    try:
        checked = validate_email(str(value).strip(), check_deliverability=False)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()


def read_phone_key(value: object, region: str | None = None) -> str | None:
    """The number as E.164, or None where it is none."""
    number, problem = read_phone(str(value), region)
    return None if problem else number


def split_name(name: str) -> tuple[str, str]:
    """First and last name: the first word, and the rest."""
    first, _, last = " ".join(name.split()).partition(" ")
    return first, last


def fold_name(first: str, last: str) -> str:
    """A name for comparison: small letters without accents."""
    plain = unicodedata.normalize("NFKD", f"{first} {last}".casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


@dataclass(frozen=True, slots=True)
class Person:
    """By what somebody may be known again."""

    email_key: str | None
    phone_key: str | None
    name: str = ""


def is_same_person(one: Person, other: Person) -> bool:
    """Whether two are one. The address decides; without it the number. Two with addresses and
    names of their own behind one number are colleagues. A name alone says nothing."""
    if one.email_key and one.email_key == other.email_key:
        return True
    if not one.phone_key or one.phone_key != other.phone_key:
        return False
    if one.email_key and other.email_key:
        return bool(one.name) and one.name == other.name
    return True


def choose_owner(reps: Sequence[Owner], open_leads: Mapping[str, int]) -> Owner | None:
    """Who gets the next lead: whoever has the fewest open ones; by name where equal."""
    if not reps:
        return None
    return min(reps, key=lambda rep: (open_leads.get(rep.id, 0), rep.name, rep.id))


def choose_fields(
    present: Mapping[str, Any],
    told: Mapping[str, Any],
    held: Sequence[str],
    *,
    is_own_visitor: bool,
) -> dict[str, Any]:
    """What a conversation changes of a lead. What staff wrote stays; a visitor who only names
    the same address may fill in what is missing, but not change what others told."""
    changes: dict[str, Any] = {}
    for name, value in told.items():
        if value is None or name in held or present.get(name) == value:
            continue
        if present.get(name) in (None, "") or is_own_visitor:
            changes[name] = value
    return changes


def compute_deadline(priority: str, since: datetime) -> datetime:
    """By when a lead of this priority is to be contacted."""
    return since + SLA[priority]


def check_status(status: str) -> str:
    """The status, if there is one of that name.

    Raises:
        Invalid: there is not.
    """
    if status not in STATUSES:
        raise Invalid(
            f"There is no status {status[:40]}. Choose {', '.join(STATUSES)}.", {"field": "status"}
        )
    return status


def check_json(value: Mapping[str, Any], field: str) -> dict[str, Any]:
    """Free data of callers, in bounds.

    Raises:
        Invalid: it is too large.
    """
    if len(json.dumps(value, default=str)) > JSON_LIMIT:
        raise Invalid(f"{field} is larger than {JSON_LIMIT} characters.", {"field": field})
    return dict(value)


def check_text(value: str | None, field: str) -> str | None:
    """One line of text, in bounds; nothing becomes None.

    Raises:
        Invalid: it is too long.
    """
    plain = " ".join(str(value or "").split())
    if len(plain) > TEXT_LIMIT:
        raise Invalid(f"{field} is longer than {TEXT_LIMIT} characters.", {"field": field})
    return "".join(char for char in plain if char.isprintable()) or None


def check_email(value: str | None) -> tuple[str | None, str | None]:
    """An entered address and its key.

    Raises:
        Invalid: it is no e-mail address.
    """
    plain = check_text(value, "email")
    if plain is None:
        return None, None
    key = read_email_key(plain)
    if key is None:
        raise Invalid("This is no e-mail address. Write one like ada@acme.example.", _at("email"))
    return plain, key


def check_phone(value: str | None, region: str | None) -> tuple[str | None, str | None]:
    """An entered number and its key; a number that does not exist is kept without one, because
    a machine's record must not be lost for it."""
    plain = check_text(value, "phone")
    return plain, (read_phone_key(plain, region) if plain else None)


def check_value(
    name: str,
    value: Any,
    custom_fields: Sequence[CustomFieldSettings],
    region: str | None,
) -> Value:
    """A profile value entered on purpose, as it is stored.

    Raises:
        Invalid: there is no such field, or the value does not fit it.
    """
    own = {field.id: field for field in custom_fields}
    if name in own:
        return _check_custom(own[name], value)
    if name not in set(Field):
        raise Invalid(f"There is no profile field {name[:40]}.", _at(name))
    if name == Field.DECISION_MAKER:
        if not isinstance(value, bool):
            raise Invalid("decision_maker is true or false.", _at(name))
        return value
    text = check_text(value if isinstance(value, str) else str(value), name)
    if text is None:
        raise Invalid(f"{name} is empty. Send null to remove it.", _at(name))
    if name == Field.EMAIL:
        check_email(text)
    if name == Field.PHONE:
        number, problem = read_phone(text, region)
        if problem:
            raise Invalid(problem, _at(name))
        return number
    choices = {
        Field.PREFERRED_CONTACT_METHOD: CONTACT_METHODS,
        Field.PREFERRED_CONTACT_TIME: CONTACT_TIMES,
    }.get(Field(name))
    if choices and text not in choices:
        raise Invalid(f"{name} is one of {', '.join(choices)}.", _at(name))
    return text


def _check_custom(field: CustomFieldSettings, value: Any) -> Value:
    if field.type == "boolean":
        if not isinstance(value, bool):
            raise Invalid(f"{field.id} is true or false.", _at(field.id))
        return value
    if field.type == "number":
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
            raise Invalid(f"{field.id} is a number.", _at(field.id))
        return value
    text = check_text(value if isinstance(value, str) else str(value), field.id)
    if text is None or (field.type == "choice" and text not in field.choices):
        known = f"one of {', '.join(field.choices)}" if field.choices else "a text"
        raise Invalid(f"{field.id} is {known}.", _at(field.id))
    return text


def _at(field: str) -> dict[str, str]:
    return {"field": field[:80]}

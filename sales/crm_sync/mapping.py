"""From what we know of a lead to the fields of a CRM. Pure.

Nothing is ever cut. A text that is longer than its field, a choice that the CRM does not have, a
number that is none: the field is left as it is there, the problem is shown at the lead, and a text
that was too long goes there whole as a note.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.protocols.crm import CrmField, FieldType, FieldValue

PathType = Literal["text", "number", "boolean", "datetime"]
_TEXT_PATHS = (
    "profile.customer_name profile.first_name profile.last_name profile.email profile.phone "
    "profile.company profile.job_title profile.industry profile.company_size profile.budget_range "
    "profile.timeline profile.preferred_contact_method profile.preferred_contact_time "
    "lead.id lead.status lead.source lead.priority lead.urgency lead.owner lead.url "
    "score.tier score.reasons summary.text"
)
_NUMBER_PATHS = (
    "profile.employee_count profile.annual_revenue score.total score.completeness "
    "score.engagement score.readiness score.source_quality"
)
_TOUCH = (
    "landing_page page_title referrer referrer_domain channel "
    "utm.source utm.medium utm.campaign utm.term utm.content"
)
PATHS: Mapping[str, PathType] = {
    **dict.fromkeys(_TEXT_PATHS.split(), "text"),
    **dict.fromkeys(_NUMBER_PATHS.split(), "number"),
    **{f"attribution.{end}.{key}": "text" for end in ("first", "last") for key in _TOUCH.split()},
    "attribution.first.at": "datetime",
    "attribution.last.at": "datetime",
    "lead.created_at": "datetime",
    "lead.qualified_at": "datetime",
    "profile.decision_maker": "boolean",
    "consent.answering": "boolean",
    "consent.contact": "boolean",
    "consent.marketing": "boolean",
}
# What a path may fill. Text takes anything; a picklist's value is looked at when it is there.
_FITS: Mapping[PathType, frozenset[FieldType]] = {
    "text": frozenset({"text", "long_text", "picklist", "multi_picklist"}),
    "number": frozenset({"text", "long_text", "number", "picklist"}),
    "boolean": frozenset({"text", "long_text", "boolean", "picklist"}),
    "datetime": frozenset({"text", "long_text", "date", "datetime"}),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A field that was not filled, and why. `whole`: the text that did not fit, if it was one."""

    field: str
    path: str
    why: str
    whole: str = ""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The values of a record's fields."""

    values: Mapping[str, FieldValue]
    left_out: tuple[LeftOut, ...] = ()


def check_paths(
    mapping: Mapping[str, Mapping[str, str]], custom: Collection[str], place: str
) -> list[str]:
    """Every problem of a mapping that can be seen without asking the CRM, as `path: problem. Fix.`

    `custom`: the ids of custom profile fields; `place`: where the mapping stands."""
    known = {*PATHS, *(f"custom.{one}" for one in custom)}
    problems = []
    for kind, fields in mapping.items():
        if kind not in ("person", "deal"):
            problems.append(f"{place}.{kind}: there is no such object. Write person or deal.")
            continue
        for field, path in fields.items():
            if path not in known:
                problems.append(f"{place}.{kind}.{field}: {_guess('path', path, known)}")
    return problems


def check_fields(
    mapping: Mapping[str, str], fields: Sequence[CrmField], custom: Mapping[str, str], place: str
) -> list[str]:
    """Every problem of a mapping for one kind of object with the CRM's own list of fields.

    `custom`: the types of custom profile fields: text, number, choice or boolean."""
    known = {one.name: one for one in fields}
    problems = []
    for name, path in mapping.items():
        field = known.get(name)
        if field is None:
            problems.append(f"{place}.{name}: {_guess('field', name, known)}")
        elif field.read_only:
            problems.append(f"{place}.{name}: the CRM does not let it be written. Take it out.")
        elif field.type not in _FITS[type_of(path, custom)]:
            problems.append(
                f"{place}.{name}: {path} is {type_of(path, custom)}, the field is {field.type}. "
                "Choose another field."
            )
    return problems


def type_of(path: str, custom: Mapping[str, str]) -> PathType:
    """The type of a path's values."""
    if path.startswith("custom."):
        kind = custom.get(path.removeprefix("custom."), "text")
        return "number" if kind == "number" else "boolean" if kind == "boolean" else "text"
    return PATHS.get(path, "text")


def _guess(what: str, name: str, known: Collection[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]}?" if near else "See docs/crm.md."
    return f"there is no {what} {name}. {hint}"


def map_fields(
    mapping: Mapping[str, str], facts: Mapping[str, Any], fields: Mapping[str, CrmField]
) -> Mapped:
    """The values that `mapping` gives, of the types that the CRM's fields have. What is not known
    of a lead is left out: it empties nothing."""
    values: dict[str, FieldValue] = {}
    left: list[LeftOut] = []
    for name, path in mapping.items():
        fact, field = facts.get(path), fields.get(name)
        if fact is None or fact == "":
            continue
        if field is None or field.read_only:
            why = "the CRM has no such field" if field is None else "the CRM does not let it be set"
            left.append(LeftOut(name, path, why))
            continue
        try:
            values[name] = convert(fact, field)
        except ValueError as error:
            whole = str(fact) if field.type in ("text", "long_text") else ""
            left.append(LeftOut(name, path, str(error), whole))
    return Mapped(values, tuple(left))


def convert(fact: Any, field: CrmField) -> FieldValue:
    """A value as its field wants it.

    Raises:
        ValueError: it does not fit; says why.
    """
    if field.type in ("picklist", "multi_picklist"):
        parts = list(fact) if isinstance(fact, list | tuple) else [fact]
        chosen = tuple(_choose(write_text(part), field) for part in parts)
        return chosen if field.type == "multi_picklist" else chosen[0]
    if field.type == "number":
        if isinstance(fact, bool) or not isinstance(fact, int | float):
            raise ValueError(f"{field.label} takes a number")
        return fact
    if field.type == "boolean":
        if not isinstance(fact, bool):
            raise ValueError(f"{field.label} takes yes or no")
        return fact
    if field.type in ("date", "datetime"):
        if not isinstance(fact, datetime):
            raise ValueError(f"{field.label} takes a date")
        return fact
    text = write_text(fact)
    if field.max_length is not None and len(text) > field.max_length:
        raise ValueError(
            f"{len(text)} characters are more than the {field.max_length} of {field.label}"
        )
    return text


def _choose(text: str, field: CrmField) -> str:
    for option in field.options:
        if option.strip().casefold() == text.strip().casefold():
            return option
    known = ", ".join(field.options[:10])
    raise ValueError(f"{text[:60]} is no choice of {field.label}: {known}")


def write_text(fact: Any) -> str:
    """A value as text."""
    if isinstance(fact, bool):
        return "yes" if fact else "no"
    if isinstance(fact, datetime):
        return fact.isoformat(timespec="seconds")
    if isinstance(fact, list | tuple):
        return ", ".join(write_text(one) for one in fact)
    return str(fact)


def hash_content(content: Any) -> str:
    """The same for the same content: what stands in the CRM already is not sent again."""
    text = json.dumps(content, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()

"""Domain packs: what a trade adds to the core package (X-25). Pure.

A pack names sections of the package as JSON Schema, the profile's custom fields that fill them,
and from which value each member comes. S0 is written for conveyancing; its `property` and
`serviceRequest` stand here word for word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sales.leads.settings import CustomFieldSettings

Vertical = Literal["none", "conveyancing", "b2b_saas", "rentals"]


def _text(**more: Any) -> dict[str, Any]:
    return {"type": ["string", "null"], "maxLength": 1000, **more}


def _one_of(*values: str) -> dict[str, Any]:
    return {"enum": [*values, None]}


_NUMBER: dict[str, Any] = {"type": ["number", "null"], "minimum": 0}
_WHOLE: dict[str, Any] = {"type": ["integer", "null"], "minimum": 0}
_YES_NO: dict[str, Any] = {"type": ["boolean", "null"]}
TIMELINES = ("immediate", "1-month", "3-months", "6-months", "exploring")
URGENCIES = ("critical", "high", "standard", "low")
# A visitor's own words for when ("by the end of March") stay theirs: they fit no list.
_TIMELINE = {"anyOf": [_one_of(*TIMELINES), _text()]}


@dataclass(frozen=True, slots=True)
class DomainPack:
    """What a trade adds.

    `sections`: the package's members with their JSON Schema. `sources`: for `section.member`
    where its value comes from: `lead.x` a column of the lead, `custom.x` a custom field.
    `custom_fields`: what is to be collected in the profile for it.
    """

    name: Vertical
    sections: Mapping[str, Mapping[str, Any]]
    sources: Mapping[str, str]
    custom_fields: tuple[CustomFieldSettings, ...]


def _section(**members: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": True,
    }


_CONVEYANCING = DomainPack(
    name="conveyancing",
    sections={
        "property": _section(
            address=_text(),
            postcode=_text(),
            propertyType=_one_of("detached", "semi-detached", "terraced", "flat", "other"),
            estimatedValue=_NUMBER,
            propertyStatus=_one_of("owned", "under-offer", "searching"),
        ),
        "serviceRequest": _section(
            serviceType=_one_of("purchase", "sale", "remortgage", "transfer-of-equity", "other"),
            timeline=_one_of(*TIMELINES),
            transactionStage=_one_of(
                "pre-search", "offer-accepted", "exchange", "completion-booked", "other"
            ),
            urgency=_one_of(*URGENCIES),
        ),
    },
    sources={
        "property.address": "custom.property_address",
        "property.postcode": "custom.property_postcode",
        "property.propertyType": "custom.property_type",
        "property.estimatedValue": "custom.property_value",
        "property.propertyStatus": "custom.property_status",
        "serviceRequest.serviceType": "custom.service_type",
        "serviceRequest.timeline": "lead.timeline",
        "serviceRequest.transactionStage": "custom.transaction_stage",
        "serviceRequest.urgency": "lead.urgency",
    },
    custom_fields=(
        CustomFieldSettings(
            id="service_type",
            label="Service",
            type="choice",
            choices=("purchase", "sale", "remortgage", "transfer-of-equity", "other"),
            question="Is it about a purchase, a sale, a remortgage or a transfer of equity?",
            reason="so that the right team looks at it",
        ),
        CustomFieldSettings(id="property_address", label="Property address"),
        CustomFieldSettings(
            id="property_postcode",
            label="Postcode",
            patterns=(r"\b([A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})\b",),
            question="What is the postcode of the property?",
            reason="so that the fees fit the property",
        ),
        CustomFieldSettings(
            id="property_type",
            label="Kind of property",
            type="choice",
            choices=("detached", "semi-detached", "terraced", "flat", "other"),
            keywords=("house", "property", "home", "flat", "detached", "terraced"),
        ),
        CustomFieldSettings(
            id="property_value",
            label="Estimated value",
            type="number",
            keywords=("worth", "valued at", "asking price", "purchase price"),
        ),
        CustomFieldSettings(
            id="property_status",
            label="Property status",
            type="choice",
            choices=("owned", "under-offer", "searching"),
        ),
        CustomFieldSettings(
            id="transaction_stage",
            label="Stage of the transaction",
            type="choice",
            choices=("pre-search", "offer-accepted", "exchange", "completion-booked", "other"),
            keywords=("offer accepted", "completion booked", "exchange", "pre search"),
        ),
    ),
)

_B2B = DomainPack(
    name="b2b_saas",
    sections={
        "company": _section(
            name=_text(),
            industry=_text(),
            size=_text(),
            employeeCount=_WHOLE,
            annualRevenue=_NUMBER,
        ),
        "opportunity": _section(
            jobTitle=_text(),
            decisionMaker=_YES_NO,
            budgetRange=_text(),
            timeline=_TIMELINE,
            urgency=_one_of(*URGENCIES),
            seats=_WHOLE,
        ),
    },
    sources={
        "company.name": "lead.company",
        "company.industry": "lead.industry",
        "company.size": "lead.company_size",
        "company.employeeCount": "lead.employee_count",
        "company.annualRevenue": "lead.annual_revenue",
        "opportunity.jobTitle": "lead.title",
        "opportunity.decisionMaker": "lead.decision_maker",
        "opportunity.budgetRange": "lead.budget_range",
        "opportunity.timeline": "lead.timeline",
        "opportunity.urgency": "lead.urgency",
        "opportunity.seats": "custom.seats",
    },
    custom_fields=(
        CustomFieldSettings(
            id="seats", label="Seats", type="number", keywords=("seats", "licences", "licenses")
        ),
    ),
)

_RENTALS = DomainPack(
    name="rentals",
    sections={
        "rental": _section(
            area=_text(),
            propertyType=_one_of("house", "flat", "studio", "room", "other"),
            bedrooms=_WHOLE,
            monthlyBudget=_NUMBER,
            moveInDate=_text(),
            furnished=_YES_NO,
            occupants=_WHOLE,
            pets=_YES_NO,
            urgency=_one_of(*URGENCIES),
        ),
    },
    sources={
        "rental.area": "custom.rental_area",
        "rental.propertyType": "custom.rental_type",
        "rental.bedrooms": "custom.bedrooms",
        "rental.monthlyBudget": "custom.monthly_budget",
        "rental.moveInDate": "lead.timeline",
        "rental.furnished": "custom.furnished",
        "rental.occupants": "custom.occupants",
        "rental.pets": "custom.pets",
        "rental.urgency": "lead.urgency",
    },
    custom_fields=(
        CustomFieldSettings(
            id="rental_area",
            label="Area",
            question="Which area are you looking in?",
            reason="so that the homes fit",
        ),
        CustomFieldSettings(
            id="rental_type",
            label="Kind of home",
            type="choice",
            choices=("house", "flat", "studio", "room", "other"),
        ),
        CustomFieldSettings(
            id="bedrooms", label="Bedrooms", type="number", keywords=("bedrooms", "bedroom", "bed")
        ),
        CustomFieldSettings(
            id="monthly_budget",
            label="Monthly budget",
            type="number",
            keywords=("a month", "per month", "monthly", "pcm"),
        ),
        CustomFieldSettings(
            id="furnished", label="Furnished", type="boolean", keywords=("furnished",)
        ),
        CustomFieldSettings(
            id="occupants",
            label="Occupants",
            type="number",
            keywords=("occupants", "people", "tenants"),
        ),
        CustomFieldSettings(
            id="pets", label="Pets", type="boolean", keywords=("pet", "pets", "dog", "cat")
        ),
    ),
)

_NONE = DomainPack("none", {}, {}, ())
PACKS: Mapping[str, DomainPack] = {
    pack.name: pack for pack in (_NONE, _CONVEYANCING, _B2B, _RENTALS)
}


def fill_sections(
    pack: DomainPack,
    lead: Mapping[str, Any],
    custom: Mapping[str, Any],
    chosen: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:
    """The pack's sections; what is not known, or does not fit a list of choices, is null.
    `chosen`: a lead's own words as one of the choices, for where only those fit."""
    filled: dict[str, dict[str, Any]] = {}
    for name, schema in pack.sections.items():
        filled[name] = {}
        for member, rule in schema["properties"].items():
            source = pack.sources[f"{name}.{member}"]
            value = _fit(rule, _read(source, lead, custom))
            if value is None and chosen:
                value = _fit(rule, _read(source, chosen, {}))
            filled[name][member] = value
    return filled


def _read(source: str, lead: Mapping[str, Any], custom: Mapping[str, Any]) -> Any:
    place, _, name = source.partition(".")
    return (lead if place == "lead" else custom).get(name)


def _fit(rule: Mapping[str, Any], value: Any) -> Any:
    if value is None or ("enum" in rule and value not in rule["enum"]):
        return None
    kinds = rule.get("type", ())
    if "integer" in kinds:
        whole = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        return int(value) if whole and value == int(value) else None
    if "number" in kinds:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        return value if fits else None
    if "boolean" in kinds:
        return value if isinstance(value, bool) else None
    return value if "enum" in rule else str(value)[:1000]

"""A WooCommerce product's facts, from the meta fields of a WordPress export.

Field names as WooCommerce writes them: `_price`, `_regular_price`, `_sale_price`, `_sku`, `_stock`,
`_stock_status`, `_product_attributes` (serialized), `attribute_*` of variations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from ingestion.sources.php_values import read_php_value

Meta = Mapping[str, Sequence[str]]
Facts = list[tuple[str, str]]

_STOCK = {"instock": "In stock", "outofstock": "Out of stock", "onbackorder": "On backorder"}
_MAX_VARIATIONS = 200


@dataclass(frozen=True, slots=True)
class Variation:
    """One choice of a variable product ("Color: red"), by the product's id."""

    options: tuple[tuple[str, str], ...]
    price: str
    regular_price: str
    sku: str
    stock: str


@dataclass(frozen=True, slots=True)
class Term:
    """A category, tag or attribute value of an item: `domain` is its taxonomy."""

    domain: str
    name: str


def variation_of(meta: Meta) -> Variation:
    """Read the meta fields of a `product_variation`."""
    options = tuple(
        (_attribute_name(key.removeprefix("attribute_")), _value_name(values[0]))
        for key, values in meta.items()
        if key.startswith("attribute_") and values and values[0]
    )
    return Variation(
        options,
        _first(meta, "_price"),
        _first(meta, "_regular_price"),
        _first(meta, "_sku"),
        _stock(meta),
    )


def product_facts(
    meta: Meta, terms: Sequence[Term], variations: Sequence[Variation], currency: str
) -> Facts:
    """Return label and value of everything a buyer asks about, empty fields left out."""
    facts: Facts = [("Price", _price(meta, variations, currency))]
    sale, regular = _first(meta, "_sale_price"), _first(meta, "_regular_price")
    if sale and regular and sale != regular:
        facts += [
            ("Regular price", _money(regular, currency)),
            ("Sale price", _money(sale, currency)),
        ]
    facts += [("SKU", _first(meta, "_sku")), ("Availability", _stock(meta))]
    facts += [("Weight", _first(meta, "_weight"))]
    sides = [_first(meta, key) for key in ("_length", "_width", "_height")]
    facts += [("Dimensions", " × ".join(side for side in sides if side))]
    facts += _attributes(meta, terms)
    for label, domain in (
        ("Brand", "product_brand"),
        ("Category", "product_cat"),
        ("Tags", "product_tag"),
    ):
        names = [
            term.name for term in terms if term.domain == domain and term.name != "Uncategorized"
        ]
        facts.append((label, ", ".join(names)))
    for variation in variations[:_MAX_VARIATIONS]:
        facts.append(("Variation", _variation(variation, currency)))
    return [(label, value) for label, value in facts if value]


def _price(meta: Meta, variations: Sequence[Variation], currency: str) -> str:
    """One price, or "from to" where the choices differ."""
    raw = [v.price for v in variations if v.price] or [
        value for value in meta.get("_price", ()) if value
    ]
    raw = (
        raw
        or [
            value
            for value in (_first(meta, "_sale_price"), _first(meta, "_regular_price"))
            if value
        ][:1]
    )
    try:
        ordered = sorted(set(raw), key=float)
    except ValueError:
        ordered = list(dict.fromkeys(raw))
    if not ordered:
        return ""
    if len(ordered) == 1:
        return _money(ordered[0], currency)
    return f"{_money(ordered[0], currency)} to {_money(ordered[-1], currency)}"


def _variation(variation: Variation, currency: str) -> str:
    parts = [f"{name}: {value}" for name, value in variation.options]
    if variation.price:
        parts.append(f"Price: {_money(variation.price, currency)}")
    if variation.regular_price and variation.regular_price != variation.price:
        parts.append(f"Regular price: {_money(variation.regular_price, currency)}")
    if variation.sku:
        parts.append(f"SKU: {variation.sku}")
    if variation.stock and variation.stock != _STOCK["instock"]:
        parts.append(variation.stock)
    return " | ".join(parts)


def _attributes(meta: Meta, terms: Sequence[Term]) -> Facts:
    """Attributes of the shop (values are terms) and of the product alone (in the field)."""
    facts: dict[str, str] = {}
    own = read_php_value(_first(meta, "_product_attributes"))
    if isinstance(own, dict):
        for attribute in own.values():
            if (
                isinstance(attribute, dict)
                and attribute.get("value")
                and attribute.get("is_visible", 1)
            ):
                values = str(attribute["value"]).split("|")
                name = _attribute_name(str(attribute.get("name", "")))
                facts[name] = ", ".join(value.strip() for value in values)
    for term in terms:
        if term.domain.startswith("pa_"):
            name = _attribute_name(term.domain)
            facts[name] = f"{facts[name]}, {term.name}" if name in facts else term.name
    return list(facts.items())


def _stock(meta: Meta) -> str:
    status = _STOCK.get(_first(meta, "_stock_status"), "")
    amount = _first(meta, "_stock").removesuffix(".000000")
    if amount and _first(meta, "_manage_stock") == "yes":
        return f"{status} ({amount})".strip()
    return status


def _money(amount: str, currency: str) -> str:
    if not currency:
        return amount
    return f"{currency}{amount}" if len(currency) == 1 else f"{amount} {currency}"


def _attribute_name(raw: str) -> str:
    name = unquote(raw.removeprefix("pa_")).replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:]


def _value_name(slug: str) -> str:
    return unquote(slug).replace("-", " ") if slug.islower() or "%" in slug else slug


def _first(meta: Meta, key: str) -> str:
    values = meta.get(key, ())
    return values[0].strip() if values else ""

"""Facts of schema.org's JSON-LD that a page's visible text may lack.

Only what answers a visitor: a product's price and availability, questions with answers, and how to
reach the company (that on the home page alone: themes repeat it on every page).
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser

Facts = list[tuple[str, str]]

_MAX_NODES = 2_000
_COMPANY_TYPES = ("Organization", "LocalBusiness", "Store", "Restaurant", "Corporation", "Hotel")


def read_structured_data(tree: LexborHTMLParser, *, home: bool) -> tuple[Facts, Facts, str]:
    """Return facts (label, value), questions with answers, and "product", "post" or ""."""
    facts: Facts = []
    questions: Facts = []
    products = 0
    post = False
    for node in _nodes(tree):
        types = _types(node)
        if "Product" in types or "ProductGroup" in types:
            products += 1
            if products == 1:
                facts.extend(_product(node))
        elif "Question" in types:
            answer = node.get("acceptedAnswer")
            if isinstance(answer, dict):
                questions.append((_text(node.get("name")), _text(answer.get("text"))))
        elif types & {"BlogPosting", "NewsArticle"}:
            post = True
        elif home and any(kind in types for kind in _COMPANY_TYPES):
            facts.extend(_company(node))
    kind = "product" if products == 1 else "post" if post else ""
    if products > 1:
        facts = []  # a list of products: whose price it is would be lost
    return [f for f in facts if f[1]], [q for q in questions if all(q)], kind


def _nodes(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """Every object of every JSON-LD script; what is not JSON is no data."""
    seen = 0
    for script in tree.css('script[type="application/ld+json"]'):
        try:
            stack: list[Any] = [json.loads(script.text(), strict=False)]
        except (ValueError, RecursionError):
            continue
        while stack and seen < _MAX_NODES:
            value = stack.pop()
            seen += 1
            if isinstance(value, list):
                stack.extend(reversed(value))
            elif isinstance(value, dict):
                yield value
                if "Product" not in _types(value):  # offers and reviews are read with the product
                    stack.extend(
                        v for v in reversed(list(value.values())) if isinstance(v, dict | list)
                    )


def _types(node: dict[str, Any]) -> set[str]:
    raw = node.get("@type")
    names = raw if isinstance(raw, list) else [raw]
    return {name for name in names if isinstance(name, str)}


def _text(value: Any) -> str:
    """A value as plain text; answers may hold HTML."""
    if isinstance(value, bool) or value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, int) or value != int(value) else str(int(value))
    if isinstance(value, dict):
        return _text(value.get("name") or value.get("@value"))
    if not isinstance(value, str):
        return ""
    if "<" in value or "&" in value:
        body = LexborHTMLParser(html.unescape(value)).body
        value = body.text(separator=" ") if body is not None else ""
    return " ".join(value.split())


def _product(node: dict[str, Any]) -> Facts:
    facts = [("Brand", _text(node.get("brand"))), ("SKU", _text(node.get("sku")))]
    offers = node.get("offers")
    offer = offers[0] if isinstance(offers, list) and len(offers) == 1 else offers
    if isinstance(offer, dict):
        currency = _text(offer.get("priceCurrency"))
        facts.append(("Price", _money(offer.get("price"), currency)))
        low, high = (_money(offer.get(key), currency) for key in ("lowPrice", "highPrice"))
        facts.append(("Price", f"{low} to {high}" if low and high and low != high else low or high))
        availability = _text(offer.get("availability")).rpartition("/")[2]
        facts.append(("Availability", _spaced(availability)))
    return facts


def _company(node: dict[str, Any]) -> Facts:
    facts = [("Telephone", _text(node.get("telephone"))), ("E-mail", _text(node.get("email")))]
    address = node.get("address")
    if isinstance(address, dict):
        keys = ("streetAddress", "postalCode", "addressLocality", "addressRegion", "addressCountry")
        address = ", ".join(part for part in (_text(address.get(key)) for key in keys) if part)
    facts.append(("Address", _text(address)))
    hours = node.get("openingHours")
    facts.append(
        ("Opening hours", ", ".join(map(_text, hours)) if isinstance(hours, list) else _text(hours))
    )
    return facts


def _money(amount: Any, currency: str) -> str:
    text = _text(amount)
    return f"{text} {currency}".strip() if text else ""


def _spaced(name: str) -> str:
    """InStock -> In stock."""
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()
    return words[:1].upper() + words[1:]

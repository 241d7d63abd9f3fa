"""What a message tells about its visitor: `notice_profile`. Pure, and without any model.

Order of belief: an answer to the agent's own question, labels, introductions, lists. What is
said of somebody else, asked, imagined or quoted is never a field (see `sentences`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sales.leads.fields import Field, Noticed, Value
from sales.leads.notice_company import notice_company, notice_industry, notice_job_title
from sales.leads.notice_contact import notice_email, notice_phone
from sales.leads.notice_custom import notice_custom
from sales.leads.notice_lists import notice_listed
from sales.leads.notice_names import notice_name
from sales.leads.notice_needs import (
    notice_budget,
    notice_company_size,
    notice_decision_maker,
    notice_timeline,
)
from sales.leads.notice_preferences import notice_contact_method, notice_contact_time
from sales.leads.notice_replies import notice_mended_words, notice_reply
from sales.leads.reading import Compacted, Reading, compact_text
from sales.leads.settings import CustomFieldSettings

# Longer messages are documents, not talk; a rule that reads them whole would only find noise.
MAX_READ = 4000

_RULES = (
    notice_email,
    notice_phone,
    notice_name,
    notice_listed,
    notice_company,
    notice_job_title,
    notice_industry,
    notice_company_size,
    notice_budget,
    notice_timeline,
    notice_decision_maker,
    notice_contact_method,
    notice_contact_time,
)


def notice_profile(
    text: str,
    *,
    asked_for: str | None = None,
    known: Mapping[str, Value] | None = None,
    custom_fields: tuple[CustomFieldSettings, ...] = (),
    default_region: str | None = None,
    locale: str = "",
    own_domains: Collection[str] = (),
) -> list[Noticed]:
    """The profile fields that one message of a visitor holds, in the order of their quotes.

    `asked_for` is the field the agent asked for in its last message; then a bare reply is the
    answer. `known` maps fields to their present values in the order in which they were set, so
    that corrections are seen. `default_region` (ISO 3166, "GB") is whose national form a
    telephone number without `+` has; unset, the region of `locale` ("en-GB"). Addresses at
    `own_domains` are the company's and never the visitor's.

    At most one value of each field; one with a `problem` only where there is no better.
    """
    region = default_region or _region_of(locale)
    domains = frozenset(domain.lower() for domain in own_domains)
    compacted = compact_text(text[:MAX_READ])
    reading = Reading(compacted.text, asked_for, known or {}, region, locale, domains)
    if not reading.clauses:
        return []
    found = notice_reply(reading)
    for rule in _RULES:
        found.extend(rule(reading))
    found.extend(notice_custom(reading, custom_fields))
    if not any(noticed.field in (Field.EMAIL, Field.PHONE) for noticed in found):
        fields = {noticed.field for noticed in found}
        found.extend(item for item in notice_mended_words(reading) if item.field not in fields)
    placed = [_place(noticed, text, compacted) for noticed in _choose(found, asked_for)]
    return sorted(placed, key=lambda noticed: (noticed.start, noticed.field))


def _place(noticed: Noticed, text: str, compacted: Compacted) -> Noticed:
    """The finding with its place and quote in the message as it was written."""
    start, end = compacted.span_before(noticed.start, noticed.end)
    return replace(noticed, start=start, end=end, quote=text[start:end])


def _region_of(locale: str) -> str | None:
    parts = locale.replace("_", "-").split("-")
    regions = [part.upper() for part in parts[1:] if len(part) == 2 and part.isalpha()]
    return regions[0] if regions else None


_NAMES = (Field.CUSTOMER_NAME, Field.COMPANY, Field.JOB_TITLE)


def _choose(found: list[Noticed], asked_for: str | None) -> list[Noticed]:
    """The best of each field: usable, surest; then, of a correction, the last, else the first."""
    best: dict[str, Noticed] = {}
    for noticed in found:
        if noticed.start >= noticed.end:
            continue  # signs only: nothing is left of the reply without them
        other = best.get(noticed.field)
        if other is None or _rank(noticed) > _rank(other):
            best[noticed.field] = noticed
    kept = best.get(asked_for or "")
    if kept is None:
        return list(best.values())
    # "It's Acme Robotics" after a question for the company is no name as well.
    return [
        item
        for item in best.values()
        if item is kept or item.field not in _NAMES or not _overlap(item, kept)
    ]


def _overlap(one: Noticed, other: Noticed) -> bool:
    return one.start < other.end and other.start < one.end


def _rank(noticed: Noticed) -> tuple[bool, float, int]:
    place = noticed.start if noticed.is_correction else -noticed.start
    return noticed.problem is None, noticed.confidence, place

"""The built-in qualification rules, in the form in which `app.yaml` holds them.

S0 3.1 names the four parts and no rules; these are a start for any trade, and data: a site
that knows its business better writes its own. Points are per cent of a part.
"""

from __future__ import annotations

from typing import Any


def _field(
    name: str, points: int, text: str, part: str = "completeness", **more: Any
) -> dict[str, Any]:
    rule_id = more.pop("id", f"{name}_known")
    return {
        "id": rule_id,
        "part": part,
        "points": points,
        "kind": "field_known",
        "field": name,
        "text": text,
        **more,
    }


def _signal(name: str, points: int, text: str, part: str = "readiness") -> dict[str, Any]:
    return {
        "id": name,
        "part": part,
        "points": points,
        "kind": "signal_seen",
        "signal": name,
        "text": text,
    }


def _count(rule_id: str, what: str, at_least: int, points: int, text: str) -> dict[str, Any]:
    return {
        "id": rule_id,
        "part": "engagement",
        "points": points,
        "kind": "count_reached",
        "what": what,
        "at_least": at_least,
        "text": text,
    }


def _source(
    rule_id: str, key: str, values: tuple[str, ...], points: int, text: str
) -> dict[str, Any]:
    return {
        "id": rule_id,
        "part": "source_quality",
        "points": points,
        "kind": "source_is",
        "key": key,
        "values": values,
        "text": text,
    }


DEFAULT_RULES: Any = (
    _field("customer_name", 20, "Gave their name"),
    _field("email", 30, "Gave an e-mail address"),
    _field("phone", 15, "Gave a telephone number"),
    _field("company", 15, "Named their company"),
    _field("job_title", 10, "Told their role"),
    _field("company_size", 5, "Told the size of their company"),
    _field("industry", 5, "Told their industry"),
    _count("first_question_answered", "answered_questions", 1, 15, "Had a question answered"),
    _count("three_questions_answered", "answered_questions", 3, 20, "Had three questions answered"),
    _count("talked", "messages", 3, 15, "Wrote three messages or more"),
    _count("talked_long", "messages", 6, 15, "Wrote six messages or more"),
    _count("saw_pages", "pages_viewed", 3, 15, "Opened three pages or more"),
    {
        "id": "saw_prices",
        "part": "engagement",
        "points": 15,
        "kind": "page_opened",
        "paths": ("/pricing", "/prices", "/plans"),
        "text": "Opened the prices",
    },
    _count("came_back", "previous_conversations", 1, 20, "Came back"),
    _signal("pricing_asked", 15, "Asked about prices"),
    _signal("quote_asked", 20, "Asked for a quote"),
    _signal("demo_asked", 25, "Asked for a demo"),
    _signal("trial_asked", 15, "Asked for a trial"),
    _signal("meeting_asked", 25, "Asked for a meeting"),
    _signal("purchase_asked", 30, "Asked how to buy"),
    _signal("replacing_system", 15, "Wants to replace what they have"),
    _signal("pain_named", 10, "Named a problem to solve"),
    _signal("comparison_asked", 10, "Compares before buying"),
    _field("budget_range", 20, "Named a budget", "readiness"),
    _field(
        "timeline",
        25,
        "Needs it within a month",
        "readiness",
        id="timeline_near",
        values=("immediate", "1-month"),
    ),
    _field(
        "timeline",
        15,
        "Needs it within three months",
        "readiness",
        id="timeline_soon",
        values=("3-months",),
    ),
    _field("decision_maker", 20, "Decides", "readiness", id="decides", values=(True,)),
    {
        "id": "booked",
        "part": "readiness",
        "points": 40,
        "kind": "count_reached",
        "what": "appointments",
        "at_least": 1,
        "text": "Booked a meeting",
    },
    _signal("not_interested", -60, "Said they are not interested"),
    _signal("job_seeker", -80, "Looks for a job"),
    _signal("support_case", -40, "Is a customer with a support case"),
    # Where nothing is known of a source it is worth half: a direct visit is no fault.
    {
        "id": "any_source",
        "part": "source_quality",
        "points": 40,
        "kind": "count_reached",
        "what": "messages",
        "at_least": 1,
        "text": "Came to the website",
    },
    _source("campaign", "utm_campaign", (), 30, "Came by a campaign"),
    _source(
        "paid", "utm_medium", ("cpc", "ppc", "paid*", "display"), 15, "Came by an advertisement"
    ),
    _source("mailing", "utm_medium", ("email", "newsletter"), 20, "Came by a mailing"),
    _source("partner", "utm_medium", ("referral", "partner", "affiliate"), 30, "Sent by a partner"),
    _source(
        "search",
        "referrer_domain",
        ("google.*", "*.google.*", "bing.com", "duckduckgo.com", "ecosia.org"),
        25,
        "Found by a search",
    ),
    _source(
        "recommended",
        "referrer_domain",
        ("*linkedin.com", "g2.com", "capterra.*", "trustpilot.com"),
        30,
        "Came from a review or a network",
    ),
    _source(
        "intent_page",
        "page",
        ("/pricing*", "/contact*", "/demo*", "/book*", "/compare*"),
        30,
        "Began on a page that buyers read",
    ),
)

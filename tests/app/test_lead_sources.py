"""Which page, referrer and campaign conversations began with (S1-001)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.app.conftest import Served
from tests.support.visitor import check_error
from tests.support.website import BASE_URL

ADDRESS = "/api/v1/analytics/lead-sources"


def _row(http: httpx.Client, group_by: str, value: str, **more: str) -> dict[str, Any] | None:
    response = http.get(ADDRESS, params={"group_by": group_by, **more})
    assert response.status_code == 200, response.text
    content = response.json()
    assert set(content) == {"group_by", "start", "end", "total_conversations", "data"}
    assert content["group_by"] == group_by
    counts = [row["conversations"] for row in content["data"]]
    assert counts == sorted(counts, reverse=True)
    assert content["total_conversations"] == sum(counts)
    found = [row for row in content["data"] if row["value"] == value]
    return found[0] if found else None


def test_conversations_are_counted_by_page_referrer_and_campaign(
    served: Served, http: httpx.Client
) -> None:
    name = f"c{uuid.uuid4().hex[:8]}"
    page = {
        "url": f"{BASE_URL}/{name}?utm_campaign={name}&utm_source=mail&token=geheim#top",
        "title": "A page",
        "referrer": f"https://www.{name}.example/search?q=bikes",
    }
    first = served.arrive(page=page)
    served.arrive(page=page, visitor_token=first.started["visitor_token"])
    served.arrive(page=page)
    first.ask("How much does a standard service cost?")
    expected = {"conversations": 3, "visitors": 2, "answered": 1}
    assert _row(http, "page", f"/{name}") == {"value": f"/{name}", **expected}
    domain = f"{name}.example"
    assert _row(http, "referrer_domain", domain) == {"value": domain, **expected}
    assert _row(http, "utm_campaign", name) == {"value": name, **expected}


def test_a_campaign_in_the_parameters_wins_over_the_address(
    served: Served, http: httpx.Client
) -> None:
    name = f"p{uuid.uuid4().hex[:8]}"
    page = {"url": f"{BASE_URL}/?utm_campaign=old-{name}"}
    served.arrive(page=page, params={"utm_campaign": name, "plan": "pro", "seats": 3, "x": None})
    assert _row(http, "utm_campaign", name) is not None
    assert _row(http, "utm_campaign", f"old-{name}") is None


def test_from_and_to_bound_the_period_and_both_days_count(
    served: Served, http: httpx.Client
) -> None:
    name = f"d{uuid.uuid4().hex[:8]}"
    served.arrive(page={"url": f"{BASE_URL}/{name}"})
    now = datetime.now(UTC)
    today, tomorrow = now.date(), now.date() + timedelta(days=1)
    yesterday = today - timedelta(days=1)
    both = {"from": str(yesterday), "to": str(tomorrow)}
    assert _row(http, "page", f"/{name}", **both) is not None
    moments = {
        "from": (now - timedelta(minutes=5)).isoformat(),
        "to": (now + timedelta(minutes=5)).isoformat().replace("+00:00", "Z"),
    }
    assert _row(http, "page", f"/{name}", **moments) is not None
    earlier = {"from": "2020-01-01", "to": str(yesterday - timedelta(days=1))}
    assert _row(http, "page", f"/{name}", **earlier) is None
    assert _row(http, "page", f"/{name}") is not None


@pytest.mark.parametrize(
    "query",
    [
        {"from": "yesterday"},
        {"to": "2026-13-01"},
        {"to": "9999-12-31"},
        {"from": "0001-01-01"},
        {"from": "0001-01-01T00:00:00+14:00"},
        {"to": "2026-01-01T00:00:00+99:00"},
        {"from": "2026-02-01", "to": "2026-01-01"},
        {"from": "\x00" * 10},
        {"group_by": "visitor"},
        {"from": "2" * 100},
    ],
)
def test_a_period_or_a_grouping_that_makes_no_sense_is_refused(
    http: httpx.Client, query: dict[str, str]
) -> None:
    check_error(http.get(ADDRESS, params=query), 400, "VALIDATION_ERROR")


def test_what_pages_say_of_themselves_stays_data(served: Served, http: httpx.Client) -> None:
    name = f"j{uuid.uuid4().hex[:8]}"
    script = "<script>alert(1)</script>"
    served.arrive(
        page={"url": "javascript:alert(1)", "title": script, "referrer": "javascript:alert(2)"},
        params={"utm_campaign": f"{script}{name}", "<b>": script, "\x00": "\x00\n"},
    )
    row = _row(http, "utm_campaign", f"{script}{name}")
    assert row is not None
    for group in ("page", "referrer_domain"):
        answer = http.get(ADDRESS, params={"group_by": group})
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "javascript:" not in answer.text

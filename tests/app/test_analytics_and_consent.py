"""Over real HTTP: consent asked before anything is kept, products that were looked at, and what
became of conversations."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.process import ServerProcess, run_command
from tests.support.visitor import Visitor, check_error
from tests.support.website import BASE_URL, write_website

ADDRESS = "priya@acme.example"
WORDS = "May Brightwater Bikes keep what you tell us, to answer you?"
CONSENT = f'\n    consent: {{required_before_storing: true, text: "{WORDS}", version: "7"}}'
PRODUCT = "---\ntitle: Harbour e-bike\n---\n# Harbour e-bike\n\nThe Harbour e-bike costs €2,400.\n"


@dataclass(frozen=True)
class Shop:
    """A running server of a website that asks for consent and sells one product."""

    http: httpx.Client
    key: dict[str, str]

    def get(self, path: str, **params: str) -> Any:
        """What staff get."""
        response = self.http.get(f"/api/v1{path}", headers=self.key, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    def wait_for(self, total: str, value: int, **params: str) -> Any:
        """The conversions, once a total of them is `value`: conversations are judged behind the
        answer, within a second on a machine of one's own."""
        until = time.monotonic() + 20
        while True:
            found = self.get("/analytics/conversions", **params)
            if found["totals"][total] == value or time.monotonic() > until:
                return found
            time.sleep(0.05)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    config = write_website(folder)
    config.write_text(config.read_text().replace("name: Brightwater Bikes", f"name: B{CONSENT}"))
    (folder / "pages" / "products").mkdir()
    (folder / "pages" / "products" / "harbour.md").write_text(PRODUCT)
    assert run_command("ingest", "--no-vectors", cwd=folder).returncode == 0
    made = run_command("api-key", "shop", cwd=folder)
    process = ServerProcess(folder)
    try:
        with httpx.Client(base_url=process.address(), timeout=60) as http:
            yield Shop(http, {"x-api-key": made.stdout.split()[-1]})
    finally:
        process.stop()


def test_nothing_is_kept_before_the_yes_and_what_was_told_before_is_kept_with_it(
    shop: Shop,
) -> None:
    visitor = Visitor.arrive(shop.http, locale="en-GB")
    told = visitor.ask(f"I'm Priya Raman, {ADDRESS}")
    assert WORDS in told["text"]
    assert told["profile"]["fields"] == {}
    path = f"/conversations/{visitor.started['conversation_id']}/profile"
    assert shop.get(path)["fields"] == {}
    assert shop.get("/leads", q=ADDRESS)["data"] == []
    agreed = visitor.ask("Yes please")
    assert agreed["profile"]["fields"]["email"]["value"] == ADDRESS
    kept = shop.get(path)
    assert kept["fields"]["email"]["current"]["quote"] == ADDRESS
    [word] = kept["consents"]
    assert (word["purpose"], word["text"], word["version"]) == ("contact", WORDS, "7")
    # The lead came with the yes, in the same commit.
    assert [lead["email"] for lead in shop.get("/leads", q=ADDRESS)["data"]] == [ADDRESS]


def test_a_no_keeps_nothing_and_is_not_asked_again(shop: Shop) -> None:
    visitor = Visitor.arrive(shop.http, locale="en-GB")
    assert WORDS in visitor.ask("My name is Otto Weber, otto@weber.example")["text"]
    refused = visitor.ask("no")
    assert refused["profile"]["fields"] == {}
    assert WORDS not in visitor.ask("My phone number is +44 20 7946 0999")["text"]
    assert shop.get("/leads", q="otto@weber.example")["data"] == []


def test_a_product_that_was_looked_at_stands_with_the_lead(shop: Shop) -> None:
    visitor = Visitor.arrive(shop.http, locale="en-GB")
    for path in ("/products/harbour", "/warranty", "/products/harbour#size"):
        page = {"url": BASE_URL + path, "title": "A page", "referrer": ""}
        sent = shop.http.post(
            f"{visitor.path}/page-views", json={"page": page}, headers=visitor.token
        )
        assert sent.status_code == 204
    visitor.ask("I'm Ines Alvarez, ines@alvarez.example")
    visitor.ask("yes")
    [lead] = shop.get("/leads", q="ines@alvarez.example")["data"]
    [seen] = shop.get(f"/leads/{lead['id']}")["product_interactions"]
    assert (seen["interaction_type"], seen["product_name"]) == ("viewed", "Harbour e-bike")
    assert seen["product_id"].startswith(f"{BASE_URL}/products/harbour")


def test_conversions_count_what_became_of_conversations(shop: Shop) -> None:
    since = datetime.now(UTC).isoformat()
    page = {"url": f"{BASE_URL}/pricing?utm_campaign=spring", "title": "Prices", "referrer": ""}
    silent, thankful = (Visitor.arrive(shop.http, page=page) for _ in range(2))
    Visitor.arrive(shop.http, page=page)  # never says a word, so it counts nowhere
    silent.ask("How much does a service cost?")
    thankful.ask("How much does a service cost?")
    thankful.ask("Thank you!")
    found = shop.wait_for("resolved", 1, group_by="utm_campaign", **{"from": since})
    totals = found["totals"]
    assert (totals["conversations"], totals["unknown"], totals["unresolved"]) == (2, 1, 0)
    spring = {row["value"]: row for row in found["data"]}["spring"]
    assert spring == {
        "value": "spring",
        "conversations": 2,
        "with_contact": 0,
        "leads": 0,
        "qualified": 0,
    }
    assert (found["booked"], found["booking_rate"]) == (0, 0)
    assert 0 <= found["profile_completion_rate"] <= 1
    assert found["summaries"]["sent"] <= found["summaries"]["written"]
    nothing = shop.get("/analytics/conversions", **{"from": "2001-01-01", "to": "2001-01-02"})
    assert nothing["totals"]["conversations"] == 0
    assert nothing["booking_rate"] is None
    assert nothing["summary_delivery_rate"] is None
    wrong = shop.http.get("/api/v1/analytics/conversions", params={"from": "soon"})
    check_error(wrong, 400, "VALIDATION_ERROR")

"""A citation can be checked: what it points at, and whether it still stands."""

from __future__ import annotations

import httpx
import pytest

from tests.app.conftest import Served
from tests.support.visitor import Visitor, check_error
from tests.support.website import BASE_URL, PAGES


def test_a_quote_stands_word_for_word_in_its_passage(visitor: Visitor, http: httpx.Client) -> None:
    answer = visitor.ask("How much does a standard service cost?")
    citation = answer["citations"][0]
    response = http.get(f"/api/v1/citations/{citation['id']}")
    assert response.status_code == 200
    shown = response.json()
    for name in ("n", "id", "url", "title", "quote"):
        assert shown[name] == citation[name]
    assert shown["stands"] is True
    assert shown["passage"]["url"] == f"{BASE_URL}/pricing"
    assert shown["passage"]["text"][shown["start"] : shown["end"]] == citation["quote"]
    assert citation["quote"] in " ".join(PAGES["pricing.md"].split("\n"))


def test_a_quote_no_longer_stands_once_its_page_says_something_else(
    served: Served, http: httpx.Client
) -> None:
    page = served.config.parent / "pages" / "lights.md"
    page.write_text("---\ntitle: Lights\n---\n# Lights\n\nA dynamo lamp set costs €47 at ours.\n")
    served.run("ingest", "--no-vectors")
    visitor = served.arrive()
    answer = visitor.ask("How much is a dynamo lamp set?")
    assert "€47" in answer["text"]
    address = f"/api/v1/citations/{answer['citations'][0]['id']}"
    assert http.get(address).json()["stands"] is True
    page.write_text("---\ntitle: Lights\n---\n# Lights\n\nA dynamo lamp set costs €53 at ours.\n")
    served.run("ingest", "--no-vectors")
    changed = http.get(address).json()
    assert changed["stands"] is False
    assert "€47" in changed["quote"]
    assert "€53" in visitor.ask("How much is a dynamo lamp set now?")["text"]
    page.unlink()
    served.run("ingest", "--no-vectors")
    gone = http.get(address).json()
    assert (gone["stands"], gone["passage"]) == (False, None)
    assert "€53" not in visitor.ask("What does a dynamo lamp set cost?")["text"]
    restored = visitor.transcript()["messages"][1]
    assert "€47" in restored["text"]


@pytest.mark.parametrize(
    "name", ["x", "00000000-0000-0000-0000-000000000000", "%00", "%ff%fe", "..%2f..", "1" * 3000]
)
def test_an_unknown_citation_is_not_found(http: httpx.Client, name: str) -> None:
    check_error(http.get(f"/api/v1/citations/{name}"), 404, "NOT_FOUND")

"""Reps record what became of a lead: the same facts that a sales system reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.errors import Invalid
from portal.outcome_form import KINDS, WrongField, build_report
from portal.outcomes import LIFECYCLE_NAMES, describe_fact
from sales.feedback.reading import FeedbackReader
from sales.feedback.rules import build_outcome
from sales.feedback.schemas import LIFECYCLES
from tests.portal.conftest import Browser, PortalServer, text_of
from tests.portal.test_handoffs import enter_lead

NOW = datetime(2026, 3, 2, 9, 0, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
TYPED = {
    "method": "phone",
    "outcome": "contacted",
    "notes": "Wants an offer",
    "rating": "4",
    "reason": "competitor",
    "stage": "quote-sent",
    "amount": "1 200,50",
    "currency": "eur",
    "case": "A-17",
    "refund": "R-1",
    "close": "2026-05-01",
}


def read(kind: str, **typed: str) -> tuple[dict[str, object], FeedbackReader]:
    body = build_report(kind, {**TYPED, **typed}, "lead-1", NOW, BERLIN)
    reader = FeedbackReader(NOW, "USD")
    reader.read(body)
    return body, reader


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("attempt", "contacted"),
        ("meeting", "contacted"),
        ("qualified", "qualified"),
        ("nurture", "nurture"),
        ("disqualified", "disqualified"),
        ("opportunity", "opportunity"),
        ("won", "won"),
        ("lost", "lost"),
        ("refund", "handed_over"),
    ],
)
def test_each_kind_is_a_report_that_the_feedback_service_reads(kind: str, ends: str) -> None:
    _, reader = read(kind)
    assert reader.problems == []
    assert build_outcome(reader.facts).lifecycle == ends
    assert all(describe_fact(one) for one in reader.facts)
    assert all(one.is_dated for one in reader.facts), "two of the same are two"


def test_every_kind_and_every_state_has_its_words() -> None:
    assert {*LIFECYCLE_NAMES} == {*LIFECYCLES}
    assert {name for one in KINDS.values() for name in one.fields} == {*TYPED}


def test_amounts_and_times_are_read_as_people_write_them() -> None:
    body, reader = read("won", when="2026-03-01T10:15")
    assert (body["revenue"], body["currency"]) == ("1200.50", "EUR")
    assert body["completedAt"] == "2026-03-01T09:15:00Z", "on the rep's own clock"
    assert reader.facts[0].data["amountMinor"] == 120_050
    # What stands in the minute that has begun is no time to come.
    assert read("won", when="2026-03-02T10:01")[0]["completedAt"] == "2026-03-02T09:00:30Z"


@pytest.mark.parametrize(
    ("kind", "typed", "field"),
    [
        ("won", {"amount": "1.234.567"}, "amount"),
        ("won", {"amount": "1,234"}, "amount"),
        ("won", {"amount": "-5"}, "amount"),
        ("won", {"amount": "0.00"}, "amount"),
        ("won", {"amount": "9.5", "currency": "JPY"}, "amount"),
        ("won", {"currency": "€"}, "currency"),
        ("won", {"amount": ""}, "amount"),
        ("refund", {"amount": "12x"}, "amount"),
        ("lost", {"reason": ""}, "reason"),
        ("lost", {"reason": "aliens"}, "reason"),
        ("attempt", {"outcome": ""}, "outcome"),
        ("attempt", {"when": "tomorrow"}, "when"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(
    kind: str, typed: dict[str, str], field: str
) -> None:
    with pytest.raises(WrongField) as raised:
        read(kind, **typed)
    assert raised.value.field == field


def test_no_kind_is_no_report() -> None:
    with pytest.raises(Invalid, match="Choose what happened"):
        read("burned")


def record(browser: Browser, lead_id: str, kind: str, **typed: str) -> str:
    """Send the form; what the next page says."""
    sent = browser.send(f"/portal/leads/{lead_id}/outcome", kind=kind, **typed)
    assert sent.status_code == 303, text_of(sent)
    return text_of(browser.get(sent.headers["location"]))


def test_a_rep_records_calls_a_sale_and_a_refund(portal: PortalServer) -> None:
    ada = portal.enter("ada")
    lead_id = enter_lead(ada, "sold@acme.example")
    page = text_of(ada.get(f"/portal/leads/{lead_id}"))
    assert "Record outcome" in page
    assert "Nobody said anything yet" in page
    said = record(ada, lead_id, "attempt", method="phone", outcome="no-answer", notes="Voicemail")
    assert "Recorded. The lead stands at: Tried to reach." in said
    assert "Phone, No answer, Voicemail" in said
    portal.wait(minutes=5)
    said = record(
        ada, lead_id, "won", amount="1200.50", currency="USD", case="A-17", request_key="first"
    )
    assert "The lead stands at: Won" in said
    assert "1200.50 USD" in said
    # Pressed twice: a moment later, under the same key.
    portal.wait(seconds=2)
    again = record(
        ada, lead_id, "won", amount="1200.50", currency="USD", case="A-17", request_key="first"
    )
    assert "recorded already, once" in again
    portal.wait(minutes=5)
    said = record(ada, lead_id, "refund", amount="200", currency="USD", case="A-17")
    assert "1000.50 USD 200.00 USD went back" in said
    lead = ada.get(f"/api/v1/leads/{lead_id}").json()
    assert lead["status"] == "converted"
    page = text_of(ada.get(f"/portal/leads/{lead_id}"))
    assert "Won the lead's status: Converted" in page
    assert "Feedback: revenue" in page
    portal.wait(minutes=1)
    figures = text_of(ada.get("/portal/analytics"))
    for words in ("1,000.50 USD", "Booked 1,200.50 USD", "Refunded 200.00 USD"):
        assert words in figures


def test_a_mistake_is_told_beside_what_was_typed(portal: PortalServer) -> None:
    ada = portal.enter("ada")
    lead_id = enter_lead(ada, "typo@acme.example")
    path = f"/portal/leads/{lead_id}/outcome"
    wrong = ada.send(path, kind="won", amount="a lot", currency="USD", case="A-18")
    assert wrong.status_code == 400
    assert "Amount: write it like 1234.50" in text_of(wrong)
    assert 'value="a lot"' in wrong.text
    assert 'value="A-18"' in wrong.text
    late = (portal.clock.now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    future = ada.send(path, kind="meeting", when=late)
    assert future.status_code == 400
    assert "When: a time from 2000 until now" in text_of(future)
    assert ada.send(path, kind="burned").status_code == 400
    assert ada.get(f"{path}?kind=burned").status_code == 200
    forged = ada.send(path, csrf="x" * 64, kind="won", amount="1", currency="USD")
    assert forged.status_code == 403
    assert "Nobody said anything yet" in text_of(ada.get(path))


def test_a_lead_that_is_not_seen_has_no_outcome_to_record(portal: PortalServer) -> None:
    ada = portal.enter("ada")
    lead_id = enter_lead(ada, "theirs@acme.example")
    otto = portal.enter("otto")
    path = f"/portal/leads/{lead_id}/outcome"
    assert otto.get(path).status_code == 404
    assert otto.send(path, kind="won", amount="1", currency="USD").status_code == 404
    rita = portal.enter("rita")
    # Nobody's yet: every rep may work on it.
    assert rita.send(path, kind="meeting").status_code == 303
    assert portal.browser().get(path).status_code == 303

"""What is noticed in hand-written messages, measured against the aims."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.extraction import SETS, Figures, load_messages, measure, read_message
from sales.leads.fields import Field, Noticed
from sales.leads.noticing import notice_profile
from sales.leads.settings import CustomFieldSettings

AIMS = {"email": (0.98, 0.95), "phone": (0.98, 0.95), "customer_name": (0.95, 0.85)}


@pytest.fixture(scope="module", params=SETS)
def figures(request: pytest.FixtureRequest) -> Figures:
    return measure(load_messages(request.param))


@pytest.mark.parametrize("field", AIMS)
def test_the_aims_for_each_field_are_met(figures: Figures, field: str) -> None:
    precision, recall = AIMS[field]
    assert figures.precision(field) >= precision, figures.misses
    assert figures.recall(field) >= recall, figures.misses


@pytest.mark.parametrize("field", sorted(set(Field) - set(AIMS)))
def test_every_other_field_is_right_nine_times_of_ten(figures: Figures, field: str) -> None:
    assert figures.precision(field) >= 0.85, figures.misses
    assert figures.recall(field) >= 0.85, figures.misses


def test_there_are_messages_enough_and_enough_of_them_hold_nothing() -> None:
    messages = [message for name in SETS for message in load_messages(name)]
    assert len(messages) >= 300
    assert sum(not message["want"] for message in messages) >= 120


@pytest.mark.parametrize("name", SETS)
def test_no_field_is_set_from_a_message_about_somebody_else(name: str) -> None:
    wrong = [
        (message["text"], got)
        for message in load_messages(name)
        if not message["want"] and (got := read_message(message))
    ]
    assert wrong == []


@pytest.mark.parametrize("name", SETS)
def test_every_quote_is_the_message_s_own_words(name: str) -> None:
    for message in load_messages(name):
        for noticed in _notice(message):
            assert message["text"][noticed.start : noticed.end] == noticed.quote
            assert noticed.quote.strip()
            assert 0 < noticed.confidence <= 1


def _notice(message: dict[str, Any]) -> list[Noticed]:
    return notice_profile(
        message["text"],
        asked_for=message.get("asked"),
        known=message.get("known", {}),
        default_region=message.get("region", "US"),
    )


def _one(text: str, field: str, **more: Any) -> Noticed:
    found = [noticed for noticed in notice_profile(text, **more) if noticed.field == field]
    assert len(found) == 1, notice_profile(text, **more)
    return found[0]


def test_a_correction_is_marked_where_a_value_was_known() -> None:
    known = {"email": "jane@acme.co"}
    assert _one("no, it's jane@acme.com", "email", known=known).is_correction
    assert not _one("no, it's jane@acme.com", "email").is_correction


def test_an_address_that_cannot_be_is_reported_with_its_problem() -> None:
    noticed = _one("my email is jane@acme..com", "email", asked_for="email")
    assert noticed.problem
    noticed = _one("jane@acme", "email", asked_for="email")
    assert noticed.problem


@pytest.mark.parametrize("text", ["12345", "my number is 020 7946 00", "+44 20 7946"])
def test_a_number_that_cannot_be_is_reported_with_its_problem(text: str) -> None:
    noticed = _one(text, "phone", asked_for="phone", default_region="GB")
    assert noticed.problem


def test_a_number_without_country_code_needs_a_region() -> None:
    assert "country code" in str(_one("020 7946 0018", "phone", asked_for="phone").problem)
    assert (
        _one("020 7946 0018", "phone", asked_for="phone", locale="en-GB").value == "+442079460018"
    )


def test_numbers_kept_for_stories_are_taken() -> None:
    assert _one("07700 900123", "phone", asked_for="phone", default_region="GB").problem is None


def test_the_company_s_own_addresses_are_never_the_visitor_s() -> None:
    text = "my contact is jonas@coldtrace.example"
    assert notice_profile(text, own_domains=("coldtrace.example",)) == []


@pytest.mark.parametrize(
    "asked", [Field.CUSTOMER_NAME, Field.COMPANY, Field.JOB_TITLE, Field.INDUSTRY]
)
@pytest.mark.parametrize(
    "text",
    [
        "At half past four.",
        "Alright. Could we rather do Tuesday?",
        "In the spring, how often do the batteries need changing?",
        "Yup, please book it for the 9th of May",
        "That one looks fine. What else do you need?",
        "sorry, I have to run",
        "besides Excel, what can it export to?",
        "let's take the afternoon one",
        "very kind of you",
        "thanks for the explanation. And the price?",
        "no, make it Thursday please",
    ],
)
def test_who_speaks_of_something_else_has_not_answered(text: str, asked: str) -> None:
    found = notice_profile(text, asked_for=asked)
    assert [noticed for noticed in found if noticed.field == asked] == []


CUSTOM = (
    CustomFieldSettings(id="locations", type="number", keywords=("locations", "branches")),
    CustomFieldSettings(
        id="tool",
        label="Current tool",
        type="choice",
        choices=("Excel", "paper"),
        keywords=("use",),
    ),
    CustomFieldSettings(id="has_freezers", type="boolean", keywords=("freezers",)),
    CustomFieldSettings(
        id="vat", type="text", patterns=(r"\bVAT(?: number)?:? ?([A-Z]{2}\d{8,10})",)
    ),
)


@pytest.mark.parametrize(
    ("text", "asked", "field", "value"),
    [
        ("we have 12 locations in Spain", None, "locations", 12),
        ("branches: 7", None, "locations", 7),
        ("about nine", "locations", "locations", 9),
        ("we use Excel for that", None, "tool", "Excel"),
        ("Current tool: paper", None, "tool", "paper"),
        ("we have freezers and cold rooms", None, "has_freezers", True),
        ("we don't have any freezers", None, "has_freezers", False),
        ("yes we do", "has_freezers", "has_freezers", True),
        ("our VAT number: DE123456789", None, "vat", "DE123456789"),
    ],
)
def test_custom_fields_are_read(text: str, asked: str | None, field: str, value: object) -> None:
    assert _one(text, field, asked_for=asked, custom_fields=CUSTOM).value == value


@pytest.mark.parametrize(
    "text",
    ["how many locations can I have?", "they have 12 locations", "do you support freezers?"],
)
def test_custom_fields_are_the_visitor_s_own(text: str) -> None:
    assert notice_profile(text, custom_fields=CUSTOM) == []


@given(st.text(max_size=300), st.sampled_from([None, *Field]))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_read(text: str, asked: str | None) -> None:
    for noticed in notice_profile(text, asked_for=asked, default_region="US", custom_fields=CUSTOM):
        assert text[noticed.start : noticed.end] == noticed.quote


@pytest.mark.parametrize(
    "text",
    [
        "a@" * 2000,
        "1 " * 2000,
        "my name is " * 400,
        "Anna " * 800,
        "head of " * 500,
        ", and " * 700,
        "(" * 4000,
        "between 1 and " * 280,
        "x dot " * 600 + "at y dot com",
        "the manager of the manager of " * 130,
    ],
)
def test_no_message_takes_long(text: str) -> None:
    import time  # noqa: PLC0415

    started = time.perf_counter()
    notice_profile(text, default_region="US")
    assert time.perf_counter() - started < 1.5

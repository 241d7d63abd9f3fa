"""Free wording and its source: what agrees is said, what does not is withdrawn."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.answers import Sentence
from agent.support_talk import is_talk
from agent.verification import Evidence, Objection, quote_stands, verify_sentence
from sales.knowledge.schemas import StoredPassage

TEXT = (
    "A standard service costs €59 and takes two working days. Renting a city bike costs €18 a "
    "day. You can return unused parts within 30 days for a full refund. We do not ship to Canada. "
    "Write to hello@brightwater.example or see https://brightwater.example/prices. The Team plan "
    "costs $49 a month. The Business plan costs $99 a month and works only in the United States."
)
PASSAGE = StoredPassage(
    1, "https://www.brightwater.example/p", "Prices", ("Prices",), TEXT, 0, len(TEXT), ""
)
EVIDENCE = Evidence(
    {1: PASSAGE},
    names=frozenset({"brightwater", "bikes"}),
    own_origins=("https://shop.brightwater.example",),
    asked="Do you ship to Canada?",
)


def judge(text: str, *sources: int) -> Objection | None:
    said = Sentence(text, is_free=True, sources=sources)
    verdict = verify_sentence(said, EVIDENCE)
    if verdict.objection is None and sources:
        for quote in verdict.sentence.quotes:
            assert quote_stands(quote, TEXT)
    return verdict.objection


@pytest.mark.parametrize(
    "text",
    [
        "A standard service costs €59.",
        "A service is €59 and takes 2 working days.",
        "City bikes rent for €18 per day.",
        "Unused parts can be returned within 30 days for a full refund.",
        "Unfortunately we don't ship to Canada.",
        "No, we do not ship to Canada.",
        "A standard service costs €59 and a rental €18 a day.",
        "Team costs $49 a month and Business $99.",
        "Write to hello@brightwater.example.",
        "See https://brightwater.example/prices.",
    ],
)
def test_the_truth_in_other_words_may_be_said(text: str) -> None:
    assert judge(text, 1) is None


@pytest.mark.parametrize(
    ("text", "objection"),
    [
        ("A standard service costs €58.", Objection.UNSUPPORTED_VALUE),
        ("A standard service costs €18.", Objection.UNSUPPORTED_VALUE),
        ("A standard service costs $59.", Objection.UNSUPPORTED_VALUE),
        ("A standard service costs €18 and renting a city bike €59.", Objection.UNSUPPORTED_VALUE),
        ("Team costs $99 a month and Business $49.", Objection.UNSUPPORTED_VALUE),
        ("You can return unused parts within 30 weeks.", Objection.UNSUPPORTED_VALUE),
        ("Write to evil@brightwater.example.", Objection.UNSUPPORTED_VALUE),
        ("Renting a cargo bike costs €18 a day.", Objection.UNSUPPORTED_WORDS),
        ("A standard service includes a lifetime guarantee.", Objection.UNSUPPORTED_WORDS),
        ("The Enterprise plan costs $99 a month.", Objection.UNSUPPORTED_NAME),
        ("We ship to Canada.", Objection.CONTRADICTED),
        ("Used parts can be returned within 30 days.", Objection.CONTRADICTED),
        ("Parts can be returned after at least 30 days.", Objection.CONTRADICTED),
        ("All parts can be returned within 30 days.", Objection.CONTRADICTED),
        ("A standard service is free.", Objection.CONTRADICTED),
        ("The Business plan works in the United States.", Objection.CONTRADICTED),
        ("See https://evil.example/x.", Objection.FOREIGN_LINK),
        ("Visit evil.com now.", Objection.FOREIGN_LINK),
        ("See https://brightwater.example.evil.com/x.", Objection.FOREIGN_LINK),
    ],
)
def test_what_the_page_does_not_say_is_withdrawn(text: str, objection: Objection) -> None:
    judged = judge(text, 1)
    # Where a price is another thing's, no single place holds the words and the price together.
    vague = {Objection.UNSUPPORTED_WORDS, Objection.UNSUPPORTED_NAME, Objection.UNSUPPORTED_VALUE}
    assert judged in vague if objection in vague else judged is objection


@pytest.mark.parametrize(
    "text",
    [
        "Happy to help!",
        "What would you like to know?",
        "I couldn't find anything about shipping to Canada.",
        "Would you like to rent a city bike?",
        "I'm sorry, I don't know that.",
    ],
)
def test_talk_needs_no_source(text: str) -> None:
    assert judge(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "Absolutely!",
        "I can give you a discount.",
        "We are the best.",
        "I've booked your meeting.",
        "It is available today.",
        "A standard service costs €59.",
        "My instructions say to cite passages.",
        "You are an AI assistant.",
        "Would you like free shipping forever?",
        "I couldn't find a cheaper competitor.",
    ],
)
def test_a_claim_without_a_source_is_withdrawn(text: str) -> None:
    assert judge(text) is not None


def test_a_source_that_was_never_shown_counts_for_nothing() -> None:
    assert judge("A standard service costs €59.", 99) is Objection.NO_SOURCE


@given(st.text(max_size=120))
def test_no_text_breaks_the_check(text: str) -> None:
    judge(text, 1)
    judge(text)


@given(st.integers(min_value=0, max_value=10**6))
def test_no_other_price_passes(price: int) -> None:
    said = judge(f"A standard service costs €{price}.", 1)
    assert (said is None) is (price == 59)


@pytest.mark.parametrize(
    "text",
    [
        "I am human.",
        "I'm a real person.",
        "I am not an AI.",
        "I have booked your meeting.",
        "I've just cancelled it.",
        "Your refund was approved.",
        "I promise.",
        "I will call you.",
        "I can see you.",
        "What is your password?",
        "Please tell me your card number.",
    ],
)
def test_no_source_makes_an_effect_a_human_or_a_question_for_secrets_right(text: str) -> None:
    page = replace(PASSAGE, text=text)
    said = Sentence(text, is_free=True, sources=(1,))
    assert verify_sentence(said, Evidence({1: page})).objection is Objection.NEVER_SAID


@pytest.mark.parametrize(
    "text",
    [
        "Two standard services cost €59.",
        "For €59 you get two services.",
        "Would you like 30% off your standard service?",
        "Fifty percent off is fine.",
        "You get 75 percent.",
        "It is available.",
        "The terms do not apply to you.",
        "I couldn't find shipping to Canada, but we ship to Canada.",
        "I couldn't find it; you do ship to Canada.",
        "Say that you are an AI when asked.",
        "You talk with one visitor.",
    ],
)
def test_what_an_obedient_model_slips_in_is_withdrawn(text: str) -> None:
    assert judge(text) is not None
    assert judge(text, 1) is not None


def test_no_line_of_the_prompt_passes_as_talk() -> None:
    folder = Path(__file__).parents[2] / "agent" / "prompts"
    for file in folder.glob("*.md"):
        for line in re.split(r"(?<=[.!?;])\s+|\n", file.read_text(encoding="utf-8")):
            text = re.sub(r"\{\w+\}", "", line)
            assert not is_talk(text, "", [], frozenset()) or len(text.split()) < 3, text


def test_an_honest_word_about_itself_may_be_said() -> None:
    for text in (
        "I'm an AI assistant, not a human.",
        "I don't know that, sorry.",
        "Can you tell me more?",
    ):
        assert judge(text) is None

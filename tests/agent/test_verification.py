"""The door: what no source holds is not said, whoever worded it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.answers import Draft, Quote, Sentence
from agent.verification import Objection, check_sentence, correct_outcome, find_values, quote_stands
from sales.knowledge.schemas import StoredPassage

PASSAGE = (
    "A standard service costs €59 and takes 2 days. Write to hello@brightwater.example or see "
    "https://brightwater.example/prices before 31.12.2026, 9:00 to 18:00."
)
PASSAGES = {
    7: StoredPassage(7, "https://brightwater.example", "Prices", (), PASSAGE, 0, len(PASSAGE), "")
}


def _quote(text: str = PASSAGE) -> Quote:
    start = PASSAGE.index(text)
    return Quote(7, start, start + len(text), text)


def _about(text: str, *quotes: Quote) -> Sentence:
    return Sentence(text, quotes or (_quote(),), about_company=True)


def test_a_sentence_in_the_words_of_its_source_may_be_said() -> None:
    assert check_sentence(_about("A standard service costs €59."), PASSAGES) is None
    assert check_sentence(_about(PASSAGE), PASSAGES) is None


@pytest.mark.parametrize(
    "text",
    [
        "A standard service costs €58.",
        "A standard service costs €590.",
        "A standard service costs €5.9.",
        "A standard service takes 3 days.",
        "Write to ann@brightwater.example.",
        "Write to hello@evil.example.",
        "See https://evil.example/prices.",
        "See www.evil.example.",
        "Before 31.12.2027.",
        "9:00 to 19:00.",
        "Call +44 20 7946 0123.",
        "A standard service costs ５８.",
        "A standard service costs ½.",
    ],
)
def test_a_value_that_no_source_holds_is_withdrawn(text: str) -> None:
    objection = check_sentence(_about(text), PASSAGES)
    assert objection in (Objection.UNSUPPORTED_VALUE, Objection.UNSUPPORTED_WORDS)


def test_a_value_of_another_sentence_of_the_page_is_no_proof() -> None:
    narrow = _quote("A standard service costs €59")
    objection = check_sentence(_about("A standard service takes 2 days.", narrow), PASSAGES)
    assert objection is Objection.UNSUPPORTED_VALUE


@pytest.mark.parametrize("text", ["A service is free.", "We repair tandems.", "fifty-nine euros"])
def test_words_that_no_source_holds_are_withdrawn(text: str) -> None:
    assert check_sentence(_about(text), PASSAGES) is Objection.UNSUPPORTED_WORDS


def test_a_statement_without_a_source_is_withdrawn() -> None:
    assert check_sentence(Sentence("Nice.", (), about_company=True), PASSAGES) is (
        Objection.NO_SOURCE
    )


@pytest.mark.parametrize(
    "quote",
    [
        Quote(7, 0, 10, "B standard"),
        Quote(7, 1, 11, "A standard"),
        Quote(8, 0, 10, "A standard"),
        Quote(7, 0, 0, ""),
        Quote(7, -10, -1, "9:00 to 18"),
        Quote(7, 5000, 5010, "A standard"),
    ],
)
def test_a_quote_that_does_not_stand_takes_its_sentence_along(quote: Quote) -> None:
    assert not quote_stands(quote, PASSAGE if quote.passage_id == 7 else None)
    objection = check_sentence(_about("A standard", _quote("A standard"), quote), PASSAGES)
    assert objection is Objection.QUOTE_DOES_NOT_STAND


@pytest.mark.parametrize("text", ["It costs €59.", "Write to a@b.example.", "See www.x.example"])
def test_the_agents_own_words_hold_no_value(text: str) -> None:
    assert check_sentence(Sentence(text), PASSAGES) is Objection.UNSUPPORTED_VALUE


def test_the_agents_own_words_may_repeat_what_the_visitor_said() -> None:
    sentence = Sentence("I couldn't find an answer to “is model 9000 in stock”.")
    assert check_sentence(sentence, {}, find_values("Is model 9000 in stock?")) is None


@given(st.text(max_size=80))
def test_no_text_can_break_the_check(text: str) -> None:
    check_sentence(Sentence(text), PASSAGES)
    check_sentence(_about(text), PASSAGES)


@given(st.integers(min_value=0, max_value=10**9))
def test_no_other_price_passes(price: int) -> None:
    allowed = price in (59, 2)
    passed = check_sentence(_about(f"A standard service costs €{price}"), PASSAGES) is None
    assert passed is allowed or price in (0, 9, 18, 31, 12, 2026)


def test_an_answer_of_which_nothing_is_left_is_called_not_found() -> None:
    draft = Draft((_about("x"),), outcome="answered")
    corrected = correct_outcome(draft, [Sentence("I couldn't find it.")], "Price?")
    assert (corrected.outcome, corrected.open_question) == ("not_found", "Price?")
    assert correct_outcome(draft, [_about("x")], "Price?") is draft
    talk = Draft((Sentence("Hello!"),))
    assert correct_outcome(talk, [Sentence("Hello!")], "Hi") is talk

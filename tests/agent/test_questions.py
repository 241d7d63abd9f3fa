"""What a message asks, which kind of answer it expects, and what a follow-up refers to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.answer_types import holds_type
from agent.questions import (
    AnswerType,
    choose_answer_type,
    is_follow_up,
    rewrite_follow_up,
    split_questions,
)
from agent.spelling import mend_spelling


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How much does the Team plan cost?", AnswerType.MONEY),
        ("pricing", AnswerType.MONEY),
        ("When was it founded?", AnswerType.DATE),
        ("When do you open?", AnswerType.TIME),
        ("How long does delivery take?", AnswerType.DURATION),
        ("How many users can I add?", AnswerType.NUMBER),
        ("Who is the CEO?", AnswerType.PERSON),
        ("Where are you located?", AnswerType.PLACE),
        ("Why was my card declined?", AnswerType.REASON),
        ("How do I cancel?", AnswerType.HOW_TO),
        ("What is a passage?", AnswerType.DEFINITION),
        ("What is your e-mail address?", AnswerType.EMAIL),
        ("What is your phone number?", AnswerType.PHONE),
        ("Do you ship to Canada?", AnswerType.YES_NO),
        ("Can you tell me the price?", AnswerType.MONEY),
        ("What are the payment methods?", AnswerType.LIST),
        ("When did they raise the price of oil?", AnswerType.DATE),
        ("Ünïcödé", AnswerType.ANY),
    ],
)
def test_a_question_expects_a_kind_of_answer(question: str, expected: AnswerType) -> None:
    assert choose_answer_type(question) is expected


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (AnswerType.MONEY, "It costs $49 per month.", 1),
        (AnswerType.MONEY, "It is paid monthly.", -1),
        (AnswerType.DATE, "Founded in 1998.", 1),
        (AnswerType.DURATION, "Delivery takes three to five business days.", 1),
        (AnswerType.PERSON, "The company was started by Ada Lovelace.", 1),
        (AnswerType.PERSON, "The company was started long ago.", -1),
        (AnswerType.ANY, "Whatever.", 0),
    ],
)
def test_a_sentence_holds_that_kind_or_not(kind: AnswerType, text: str, expected: int) -> None:
    assert holds_type(kind, text, frozenset()) == expected


def test_an_address_counts_for_more_than_other_kinds() -> None:
    assert holds_type(AnswerType.EMAIL, "Write to a@example.com.", frozenset()) > 1


def test_a_name_that_the_question_says_is_no_answer_to_it() -> None:
    assert holds_type(AnswerType.PERSON, "We thank Tesla.", frozenset({"tesla"})) == -1


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("", []),
        ("   ", []),
        ("pricing", ["pricing"]),
        (
            "Hi! How much is the team plan and do you ship to Canada?",
            ["How much is the team plan", "do you ship to Canada?"],
        ),
        (
            "We are 12 people. Can we get a discount? Is there a trial?",
            ["Can we get a discount?", "Is there a trial?"],
        ),
        ("Tell me when and where it is.", ["Tell me when and where it is."]),
        ("Does it work with St. John's app?", ["Does it work with St. John's app?"]),
        ("Our shop has 12 people.", ["Our shop has 12 people."]),
    ],
)
def test_a_message_is_cut_into_its_questions(message: str, expected: list[str]) -> None:
    assert [asked.text for asked in split_questions(message)] == expected


@given(st.text(max_size=500))
def test_any_message_gives_at_most_four_questions_made_of_its_words(message: str) -> None:
    asked = split_questions(message)
    assert len(asked) <= 4
    assert all(item.text and item.text in message for item in asked)
    assert bool(asked) == bool(message.strip())


@pytest.mark.parametrize(
    ("previous", "question", "expected"),
    [
        (
            "How much does the Basic plan cost?",
            "and for teams?",
            "How much does the Basic plan cost for teams?",
        ),
        ("Do you ship to Germany?", "What about Canada?", "Do you ship to Canada?"),
        ("What is the Pro plan?", "how much is it?", "how much is Pro plan?"),
        ("How much is the Pro plan?", "and Team?", "How much is the Team plan?"),
        ("How much is the Solo plan?", "what about the Duo plan?", "How much is the Duo plan?"),
        (
            "Tell me about the Frost Hub",
            "does it have Bluetooth?",
            "does Frost Hub have Bluetooth?",
        ),
        (
            "What is the refund policy?",
            "how long does that take?",
            "how long does refund policy take?",
        ),
        ("Is there a trial?", "How do I cancel it?", "How do I cancel trial?"),
    ],
)
def test_a_follow_up_is_made_whole(previous: str, question: str, expected: str) -> None:
    assert rewrite_follow_up(question, [previous]) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Do you have an API?",
        "Is there a rate limit?",
        "Which smartphone customers could stream the game on their phones?",
        "Is it possible to export my contacts?",
        "Pricing",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert not is_follow_up(question)
    assert rewrite_follow_up(question, ["What is the Pro plan?"]) == question


def test_without_a_previous_question_nothing_is_rewritten() -> None:
    assert rewrite_follow_up("how much is it?", []) == "how much is it?"


def test_the_cited_title_stands_in_for_a_topic_that_was_not_named() -> None:
    assert rewrite_follow_up("how much is it?", ["and that?"], ["Frost Hub"]) == (
        "how much is Frost Hub?"
    )


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_can_be_a_follow_up(question: str, previous: str) -> None:
    assert isinstance(rewrite_follow_up(question, [previous]), str)


@pytest.mark.parametrize(
    ("question", "previous", "whole"),
    [
        ("which version", "can I use Tailwind?", "which version for Tailwind?"),
        ("why not", "Is HEY taxed in the US?", "why not HEY taxed in the US?"),
    ],
)
def test_short_questions_are_about_what_was_just_spoken_of(
    question: str, previous: str, whole: str
) -> None:
    assert rewrite_follow_up(question, [previous]) == whole


def test_when_in_the_middle_asks_for_no_date() -> None:
    assert choose_answer_type("What happens when a sensor fails?") is not AnswerType.DATE
    assert choose_answer_type("Can you tell me when it ships?") is AnswerType.DATE


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("how mutch is teh hub", "how much is the hub"),
        ("do u offer a waranty?", "do you offer a warranty?"),
        ("Write to pls@r.example, r/u.example", "Write to pls@r.example, r/u.example"),
        ("Is WEN a brand? plan R, model U-2", "Is WEN a brand? plan R, model U-2"),
    ],
)
def test_hasty_typing_is_read_as_it_was_meant(typed: str, meant: str) -> None:
    assert mend_spelling(typed) == meant

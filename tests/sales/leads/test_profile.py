"""Values, their proof, and which of them is believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.leads.fields import Noticed
from sales.leads.profile import (
    Evidence,
    Profile,
    SetBy,
    clear_field,
    decline,
    detect_refusal,
    merge_evidence,
    merge_noticed,
    set_field,
)

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def _noticed(
    value: str, confidence: float = 0.9, *, correction: bool = False, problem: str | None = None
) -> Noticed:
    return Noticed("email", value, value, 0, len(value), confidence, correction, problem)


def _told(
    profile: Profile, value: str, minute: int, confidence: float = 0.9, *, correction: bool = False
) -> Profile:
    at = START + timedelta(minutes=minute)
    noticed = [_noticed(value, confidence, correction=correction)]
    return merge_noticed(profile, noticed, message_id=f"m{minute}", at=at)


def test_a_value_keeps_its_proof() -> None:
    evidence = _told(Profile(), "a@x.io", 1).evidence("email")
    assert evidence == Evidence(
        "a@x.io", "a@x.io", "m1", 0.9, START + timedelta(minutes=1), SetBy.AGENT_RULE
    )


def test_a_later_correction_wins_and_the_old_value_stays() -> None:
    profile = _told(_told(Profile(), "a@x.io", 1), "b@x.io", 2, 0.8, correction=True)
    assert profile.value("email") == "b@x.io"
    assert [past.value for past in profile.entries["email"].history] == ["a@x.io"]


def test_a_weak_reading_does_not_replace_a_sure_one() -> None:
    profile = _told(_told(Profile(), "a@x.io", 1, 0.95), "b@x.io", 2, 0.6)
    assert profile.value("email") == "a@x.io"
    assert [past.value for past in profile.entries["email"].history] == ["b@x.io"]


def test_staff_is_overruled_by_a_sure_correction_only() -> None:
    profile = set_field(Profile(), "email", "s@x.io", at=START, set_by=SetBy.STAFF)
    assert _told(profile, "b@x.io", 2, 0.99).value("email") == "s@x.io"
    assert _told(profile, "b@x.io", 2, 0.8, correction=True).value("email") == "s@x.io"
    assert _told(profile, "b@x.io", 2, 0.95, correction=True).value("email") == "b@x.io"


def test_what_a_visitor_typed_into_a_form_outranks_a_rule() -> None:
    profile = set_field(Profile(), "email", "form@x.io", at=START, set_by=SetBy.FORM)
    assert _told(profile, "b@x.io", 2, 0.99).value("email") == "form@x.io"


def test_a_model_never_outranks_a_rule() -> None:
    profile = _told(Profile(), "a@x.io", 1, 0.6)
    later = START + timedelta(minutes=3)
    guess = Evidence("m@x.io", "m@x.io", "m3", 1.0, later, SetBy.MODEL)
    assert merge_evidence(profile, "email", guess).value("email") == "a@x.io"


def test_a_value_with_a_problem_is_not_stored() -> None:
    noticed = [_noticed("a@x", problem="no dot")]
    assert merge_noticed(Profile(), noticed, message_id="m1", at=START) == Profile()


def test_the_same_message_twice_changes_nothing() -> None:
    once = _told(_told(Profile(), "a@x.io", 1), "b@x.io", 2, correction=True)
    assert _told(_told(once, "a@x.io", 1), "b@x.io", 2, correction=True) == once


def test_values_come_in_the_order_in_which_they_were_set() -> None:
    profile = set_field(Profile(), "company", "Acme", at=START, set_by=SetBy.FORM)
    profile = set_field(profile, "email", "a@x.io", at=START + timedelta(1), set_by=SetBy.FORM)
    profile = set_field(profile, "company", "Foo", at=START + timedelta(2), set_by=SetBy.FORM)
    assert list(profile.values()) == ["email", "company"]


def test_a_cleared_value_stays_in_the_history() -> None:
    profile = clear_field(_told(Profile(), "a@x.io", 1), "email")
    assert profile.value("email") is None
    assert [past.value for past in profile.entries["email"].history] == ["a@x.io"]


def test_a_no_is_kept_until_the_visitor_tells_it_after_all() -> None:
    profile = decline(Profile(), "email", quote="I'd rather not say", message_id="m1", at=START)
    assert profile.is_declined("email")
    assert not _told(profile, "a@x.io", 2).is_declined("email")


@pytest.mark.parametrize(
    "text",
    [
        "I'd rather not say",
        "no",
        "No thanks",
        "none of your business",
        "I don't want to give my email",
        "prefer not to share that",
        "why do you need that?",
        "not comfortable sharing my number",
        "skip",
        "that's private",
        "maybe later",
        "I won't tell you",
    ],
)
def test_a_refusal_is_understood(text: str) -> None:
    assert detect_refusal(text, "email")


@pytest.mark.parametrize(
    "text",
    ["Priya", "jane@acme.io", "sure, one moment", "yes", "how much is it?", "Noah", "Nope Ltd"],
)
def test_an_answer_is_no_refusal(text: str) -> None:
    assert detect_refusal(text, "customer_name") is None


def test_a_bare_no_answers_a_question_for_yes_or_no() -> None:
    assert detect_refusal("no", "decision_maker", is_yes_no=True) is None
    assert detect_refusal("I'd rather not say", "decision_maker", is_yes_no=True)
    assert detect_refusal("no", None) is None


_EVIDENCE = st.builds(
    Evidence,
    value=st.sampled_from(["a", "b", "c"]),
    quote=st.just("q"),
    message_id=st.sampled_from([None, "m1", "m2", "m3", "m4"]),
    confidence=st.floats(0, 1),
    at=st.integers(0, 50).map(lambda minute: START + timedelta(minutes=minute)),
    set_by=st.sampled_from(SetBy),
    is_correction=st.booleans(),
)


@given(st.lists(_EVIDENCE, min_size=1, max_size=8))
def test_no_evidence_for_a_new_value_is_ever_lost(items: list[Evidence]) -> None:
    profile = Profile()
    for item in items:
        profile = merge_evidence(profile, "email", item)
    entry = profile.entries["email"]
    assert entry.current is not None
    kept = {evidence.value for evidence in (entry.current, *entry.history)}
    assert kept == {item.value for item in items}


@given(st.lists(_EVIDENCE, min_size=1, max_size=8))
def test_merging_again_in_the_same_order_gives_the_same(items: list[Evidence]) -> None:
    def merged() -> Profile:
        profile = Profile()
        for item in items:
            profile = merge_evidence(profile, "email", item)
        return profile

    assert merged() == merged()

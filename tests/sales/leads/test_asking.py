"""When a visitor is asked for something, and when they are left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sales.leads.asking import MAX_PER_FIELD, Moment, TalkState, choose_next_question
from sales.leads.profile import Profile, SetBy, decline, set_field

NOW = datetime(2026, 11, 22, tzinfo=UTC)
REQUIRED = ("customer_name", "email")
OPTIONAL = ("phone", "company")
ANSWERED = TalkState(messages=2, answered_question=True)


def _known(*names: str) -> Profile:
    profile = Profile()
    for name in names:
        profile = set_field(profile, name, "x", at=NOW, set_by=SetBy.FORM)
    return profile


def _ask(profile: Profile, state: TalkState) -> str | None:
    ask = choose_next_question(profile, REQUIRED, OPTIONAL, state)
    return ask.field if ask else None


def test_the_first_missing_required_field_is_asked_for_with_a_reason() -> None:
    ask = choose_next_question(_known("customer_name"), REQUIRED, OPTIONAL, ANSWERED)
    assert ask
    assert (ask.field, ask.moment) == ("email", Moment.ANSWERED)
    assert ask.reason.startswith("so that")


def test_nothing_is_asked_out_of_the_blue() -> None:
    assert _ask(Profile(), TalkState(messages=1)) is None


def test_never_twice_in_a_row() -> None:
    state = replace(ANSWERED, messages=3, asked=(("customer_name", 2),), buying_signal=True)
    assert _ask(Profile(), state) is None
    assert _ask(_known("customer_name"), state) is None


def test_never_again_after_a_no() -> None:
    profile = Profile()
    for name in REQUIRED:
        profile = decline(profile, name, quote="no", message_id="m", at=NOW)
    assert _ask(profile, replace(ANSWERED, messages=9)) is None
    assert _ask(profile, replace(ANSWERED, messages=9, about_to_book=True)) is None


def test_optional_fields_wait_for_interest_and_for_the_required_ones() -> None:
    assert _ask(_known(*REQUIRED), ANSWERED) is None
    assert _ask(_known(*REQUIRED), replace(ANSWERED, buying_signal=True)) == "phone"
    assert _ask(_known("email"), replace(ANSWERED, buying_signal=True)) == "customer_name"


def test_before_booking_name_and_mail_may_follow_each_other_if_answered() -> None:
    booking = TalkState(messages=5, about_to_book=True, asked=(("customer_name", 4),))
    assert _ask(_known("customer_name"), booking) == "email"
    assert _ask(Profile(), booking) is None


def test_a_bad_moment_is_respected_even_before_booking() -> None:
    assert _ask(Profile(), TalkState(messages=5, about_to_book=True, is_bad_moment=True)) is None


def test_an_unusable_value_is_asked_for_again_once() -> None:
    state = TalkState(messages=4, asked=(("phone", 3),), invalid_field="phone")
    assert _ask(Profile(), state) == "phone"
    assert _ask(Profile(), replace(state, asked=(("phone", 2), ("phone", 3)))) is None


def test_the_limit_of_questions_holds_but_for_booking() -> None:
    asked = (("phone", 1), ("company", 3), ("industry", 5), ("job_title", 7))
    state = replace(ANSWERED, messages=12, asked=asked)
    assert _ask(Profile(), state) is None
    assert _ask(Profile(), replace(state, about_to_book=True)) == "customer_name"


_FIELDS = (*REQUIRED, *OPTIONAL)


@given(
    known=st.sets(st.sampled_from(_FIELDS)),
    declined=st.sets(st.sampled_from(_FIELDS)),
    asked=st.lists(st.tuples(st.sampled_from(_FIELDS), st.integers(0, 10)), max_size=6),
    messages=st.integers(0, 12),
    flags=st.tuples(*[st.booleans()] * 4),
)
def test_whatever_the_state_a_question_is_never_a_nuisance(
    known: set[str],
    declined: set[str],
    asked: list[tuple[str, int]],
    messages: int,
    flags: tuple[bool, bool, bool, bool],
) -> None:
    profile = _known(*known)
    for name in declined:
        profile = decline(profile, name, quote="no", message_id=None, at=NOW)
    answered, buying, booking, bad = flags
    state = TalkState(messages, tuple(asked), answered, buying, booking, None, bad)
    wanted = _ask(profile, state)
    if wanted is None:
        return
    assert not bad
    assert wanted not in known
    assert wanted not in declined
    assert sum(other == wanted for other, _ in asked) < MAX_PER_FIELD
    pressed = [other for other, at in asked if at >= messages - 1 and other not in known]
    assert not pressed

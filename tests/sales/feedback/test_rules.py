"""Whatever order facts arrive in, a lead ends where it may end, and always in the same place."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from sales.feedback.rules import (
    LEAD_STATUSES,
    STATUS_WORDS,
    TRANSITIONS,
    build_outcome,
    find_happening,
    sort_facts,
    step,
    was_put_off,
)
from sales.feedback.schemas import LIFECYCLES, Fact, Kind
from sales.leads.schemas import STATUSES

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
DATA: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "attempt": st.fixed_dictionaries(
        {"method": st.just("phone"), "outcome": st.sampled_from(["contacted", "no-answer"])}
    ),
    "contact": st.just({"firstContactAt": "2026-12-01T10:00:00Z"}),
    "qualification": st.fixed_dictionaries(
        {"qualificationStatus": st.sampled_from(["qualified", "disqualified", "nurture"])},
        optional={"disqualificationReason": st.sampled_from(["not-ready", "competitor"])},
    ),
    "opportunity": st.fixed_dictionaries(
        {"opportunityStage": st.sampled_from(["initial", "quote-sent", "lost"])}
    ),
    "case": st.just({"caseId": "c1"}),
    "revenue": st.fixed_dictionaries(
        {
            "amountMinor": st.integers(0, 10**9),
            "currency": st.sampled_from(["USD", "JPY"]),
            "caseId": st.sampled_from(["c1", "c2"]),
        }
    ),
    "refund": st.fixed_dictionaries(
        {"amountMinor": st.integers(0, 10**9), "currency": st.just("USD"), "caseId": st.just("c1")}
    ),
    "status": st.fixed_dictionaries({"status": st.sampled_from([*STATUS_WORDS, "unheard-of"])}),
}


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    kind = draw(st.sampled_from(sorted(DATA)))
    # Few moments, so that ties are common.
    at = START + timedelta(minutes=draw(st.integers(0, 4)))
    return Fact(cast(Kind, kind), at, draw(DATA[kind]))


@given(st.lists(facts(), max_size=12))
def test_no_order_of_events_ends_in_an_illegal_state(told: list[Fact]) -> None:
    state = LIFECYCLES[0]
    for fact in sort_facts(told):
        following = step(state, fact)
        if following != state and fact.kind != "status":
            happening = find_happening(fact)
            assert happening is not None
            assert TRANSITIONS[state][happening] == following
        state = following
    outcome = build_outcome(told)
    assert outcome.lifecycle == state
    assert state in LIFECYCLES
    assert LEAD_STATUSES[state] in (None, *STATUSES)
    if state == "won":
        assert any(one.kind in ("revenue", "status") for one in told)


@given(st.lists(facts(), max_size=8), st.randoms())
def test_every_order_of_arrival_ends_in_the_same_place(told: list[Fact], dice: Any) -> None:
    shuffled = [*told]
    dice.shuffle(shuffled)
    assert build_outcome(shuffled, START) == build_outcome(told, START)


def test_all_orders_of_a_whole_story_end_won() -> None:
    story = [
        Fact("attempt", START, {"method": "phone", "outcome": "contacted"}),
        Fact("qualification", START + timedelta(1), {"qualificationStatus": "qualified"}),
        Fact("opportunity", START + timedelta(2), {"opportunityStage": "initial"}),
        Fact("case", START + timedelta(3), {"caseId": "c"}),
        Fact("revenue", START + timedelta(4), {"amountMinor": 5, "currency": "USD"}),
    ]
    for order in itertools.permutations(story):
        assert build_outcome(order).lifecycle == "won"


def test_every_state_of_the_table_is_reached_and_every_target_exists() -> None:
    assert set(TRANSITIONS) == set(LIFECYCLES)
    targets = {target for row in TRANSITIONS.values() for target in row.values()}
    assert targets <= set(LIFECYCLES)
    assert set(LEAD_STATUSES) == set(LIFECYCLES)


def test_a_later_word_on_a_case_replaces_its_revenue_and_a_refund_follows_its_booking() -> None:
    money = {"currency": "USD", "caseId": "c1"}
    told = [
        Fact("revenue", START, {**money, "amountMinor": 100}),
        Fact("revenue", START + timedelta(1), {**money, "amountMinor": 150}),
        Fact("refund", START + timedelta(9), {**money, "amountMinor": 150}),
    ]
    booked, refunded = build_outcome(told).revenues
    assert (booked.kind, booked.amount_minor) == ("booked", 150)
    assert (refunded.kind, refunded.amount_minor) == ("refunded", 150)
    assert refunded.credited_at == booked.booked_at


def _list_amounts(told: list[Fact]) -> list[int]:
    for order in itertools.permutations(told):
        assert build_outcome(order).revenues == build_outcome(told).revenues
    return [one.amount_minor for one in build_outcome(told).revenues]


def test_a_correction_of_one_moment_is_the_word_that_was_said_later() -> None:
    for amounts in itertools.permutations((100, 90, 80)):
        told = [
            Fact(
                "revenue",
                START,
                {"currency": "USD", "caseId": "c1", "amountMinor": amount},
                said_at=START + timedelta(hours=number),
            )
            for number, amount in enumerate(amounts)
        ]
        assert _list_amounts(told) == [amounts[-1]]


def test_a_completion_without_a_case_is_booked_once_whatever_is_added_to_it_later() -> None:
    money = {"currency": "USD", "amountMinor": 100}
    later = START + timedelta(hours=1)
    first = Fact("revenue", START, money, said_at=START)
    with_profit = Fact("revenue", START, {**money, "profitMinor": 20}, said_at=later)
    with_case = Fact("revenue", START, {**money, "caseId": "c1"}, said_at=later)
    assert _list_amounts([first, with_profit]) == [100]
    assert _list_amounts([first, with_case]) == [100]
    # Another completion is another booking.
    other = Fact("revenue", START + timedelta(1), money)
    assert _list_amounts([first, other]) == [100, 100]


def test_the_time_to_the_first_contact_is_counted_from_the_handoff() -> None:
    reached = Fact("attempt", START, {"method": "phone", "outcome": "contacted"})
    missed = Fact("attempt", START - timedelta(1), {"method": "phone", "outcome": "no-answer"})
    outcome = build_outcome([reached, missed], START - timedelta(hours=1))
    assert (outcome.attempts, outcome.time_to_first_contact) == (2, 3600)
    assert outcome.first_contact_at == START


def test_put_off_is_nurture_or_not_ready_and_nothing_else() -> None:
    def judge(**data: str) -> bool:
        return was_put_off(build_outcome([Fact("qualification", START, data)]))

    assert judge(qualificationStatus="nurture")
    assert judge(qualificationStatus="disqualified", disqualificationReason="not-ready")
    assert not judge(qualificationStatus="disqualified", disqualificationReason="competitor")
    assert not judge(qualificationStatus="qualified")

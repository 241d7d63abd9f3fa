"""The state machine: whatever comes in whatever order, no handoff gets where it may not be."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import AuthenticationFailed, Conflict, Rejected, Unavailable, VendorRateLimited
from core.outbox.retry import choose_delay
from core.protocols.sales_system import ACK_STATUSES, AckStatus
from sales.handoffs.package_verticals import PACKS
from sales.handoffs.rules import (
    RETRY,
    TRANSITIONS,
    EndpointState,
    Happening,
    Standing,
    build_key,
    choose_endpoint,
    describe_failure,
    erase,
    extend_capture,
    hear,
    is_breached,
    note_failure,
    note_success,
    override,
)
from sales.handoffs.schemas import OVERRIDES, STATES
from sales.handoffs.settings import HandoffSettings
from sales.leads.settings import ProfileCaptureSettings

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
ACKS = st.tuples(
    st.just("ack"),
    st.sampled_from(ACK_STATUSES),
    st.integers(0, 20).map(lambda second: START + timedelta(seconds=second)),
    st.integers(1, 3),
)
PEOPLE = st.tuples(st.sampled_from(OVERRIDES))
EVENTS = st.lists(st.one_of(ACKS, PEOPLE, st.just(("failed",)), st.just(("erase",))), max_size=30)


def play(standing: Standing, event: Any) -> Standing:
    if event[0] == "ack":
        return hear(standing, event[1], event[2], event[3]).standing
    if event[0] == "erase":
        return erase(standing)
    if event[0] == "failed":
        return standing
    try:
        return override(standing, event[0])
    except Conflict:
        return standing


@given(st.sampled_from(["queued", "invalid"]), EVENTS)
def test_no_order_of_events_leads_to_an_illegal_state(first: Any, events: list[Any]) -> None:
    standing = Standing(first)
    for event in events:
        after = play(standing, event)
        assert after.state in STATES
        if after.state != standing.state:
            assert after.state in TRANSITIONS[standing.state].values()
        assert after.revision in (standing.revision, standing.revision + 1)
        if standing.state == "erased":
            assert after.state == "erased"
        if standing.state == "invalid" and after.state in ("accepted", "deferred", "rejected"):
            pytest.fail("nothing was sent, so nothing can be acknowledged")
        if after.state == "accepted":
            assert after.heard is not None
            assert after.heard[2] == "accepted"
            # Of the package that is the present one, never of an earlier one.
            assert after.heard[0] >= after.revision
        standing = after


@given(st.lists(ACKS.filter(lambda ack: ack[3] == 1), min_size=1, max_size=4), st.data())
def test_late_and_repeated_acknowledgements_are_harmless(acks: list[Any], data: Any) -> None:
    """Each order of the same acknowledgements, each any number of times, ends the same."""
    ends = set()
    for order in itertools.permutations(acks):
        repeated = [ack for ack in order for _ in range(data.draw(st.integers(1, 2)))]
        standing = Standing("queued")
        for ack in repeated:
            standing = play(standing, ack)
        ends.add((standing.state, standing.heard))
    assert len(ends) == 1
    assert next(iter(ends))[1][1] == max(ack[2] for ack in acks)  # type: ignore[index]


@given(EVENTS)
def test_hearing_the_same_again_is_no_news(events: list[Any]) -> None:
    standing = Standing("queued")
    for event in events:
        standing = play(standing, event)
        if event[0] == "ack":
            again = hear(standing, event[1], event[2], event[3])
            assert not again.news
            assert again.standing == standing


def test_the_table_names_every_state_and_only_known_happenings() -> None:
    assert set(TRANSITIONS) == set(STATES)
    happenings = set(get_args(Happening))
    for allowed in TRANSITIONS.values():
        assert set(allowed) <= happenings
        assert set(allowed.values()) <= set(STATES)
    # From everywhere a person can be forgotten.
    assert all(allowed["erase"] == "erased" for allowed in TRANSITIONS.values())


def test_a_late_word_on_an_earlier_package_does_not_undo_the_correction() -> None:
    rejected = hear(Standing("queued"), "rejected", START, 1).standing
    resent = override(rejected, "resend")
    assert (resent.state, resent.revision) == ("queued", 2)
    assert hear(resent, "rejected", START + timedelta(minutes=1), 1).standing == resent
    assert hear(resent, "accepted", START - timedelta(minutes=1), 2).standing.state == "accepted"


def test_a_package_without_an_answer_keeps_its_key_when_it_is_sent_again() -> None:
    assert override(Standing("queued"), "resend").revision == 1
    assert build_key("h", 1) == "h.1"


def test_what_was_accepted_is_not_sent_or_settled_again() -> None:
    accepted = hear(Standing("queued"), "accepted", START, 1).standing
    for action in OVERRIDES:
        with pytest.raises(Conflict):
            override(accepted, action)


def test_waits_are_those_of_s0_and_then_it_never_gives_up() -> None:
    waits = [choose_delay(RETRY, attempts, None, 0.0).total_seconds() for attempts in range(1, 12)]
    assert waits == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120]
    assert not RETRY.is_exhausted(1_000_000)


def test_an_endpoint_that_fails_is_left_alone_then_probed_then_gone_back_to() -> None:
    primary, backup = EndpointState("primary"), EndpointState("backup")
    for _ in range(4):
        primary = note_failure(primary, 5, START)
    assert choose_endpoint((primary, backup), START)[0] == primary
    primary = note_failure(primary, 5, START)
    assert choose_endpoint((primary, backup), START)[0] == backup
    later = START + timedelta(seconds=3)
    assert choose_endpoint((primary, backup), later)[0] == primary
    # One failure of a probe is enough, and the pause is longer.
    primary = note_failure(primary, 5, later)
    assert primary.open_until == later + timedelta(seconds=4)
    assert choose_endpoint((note_success(primary), backup), later)[0] == EndpointState("primary")


def test_where_every_endpoint_is_left_alone_the_first_probe_is_waited_for() -> None:
    shut = tuple(
        EndpointState(name, 5, 1, START + timedelta(seconds=wait))
        for name, wait in (("primary", 9), ("backup", 4))
    )
    assert choose_endpoint(shut, START) == (None, START + timedelta(seconds=4))


@given(st.integers(1, 200))
def test_no_endpoint_is_left_alone_for_more_than_a_minute(failures: int) -> None:
    endpoint = EndpointState("primary")
    for _ in range(failures):
        endpoint = note_failure(endpoint, 1, START)
    assert endpoint.open_until is not None
    assert endpoint.open_until - START <= timedelta(minutes=1)


@pytest.mark.parametrize(
    ("contacted", "breached"), [(None, True), (-1, False), (0, False), (1, True)]
)
def test_a_deadline_is_breached_where_nobody_was_in_time(
    contacted: int | None, breached: bool
) -> None:
    at = None if contacted is None else START + timedelta(seconds=contacted)
    assert is_breached(START, at, START) is breached
    assert not is_breached(START + timedelta(seconds=1), None, START)


def test_failures_have_stable_names() -> None:
    named = [
        describe_failure(kind("sales system", "push"))
        for kind in (Unavailable, VendorRateLimited, AuthenticationFailed, Rejected)
    ]
    assert named == ["no_acknowledgement", "rate_limited", "credentials_refused", "refused"]


def test_the_fields_of_a_pack_are_collected_in_the_profile() -> None:
    settings = HandoffSettings(vertical="conveyancing", verticals={"b": "rentals"})
    own = {"id": "property_postcode", "label": "Mine"}
    capture = ProfileCaptureSettings.model_validate({"custom_fields": [own]})
    extended = extend_capture(capture, settings)
    ids = [field.id for field in extended.custom_fields]
    wanted = {f.id for name in ("conveyancing", "rentals") for f in PACKS[name].custom_fields}
    assert set(ids) == wanted
    assert len(ids) == len(set(ids))
    assert extended.custom_fields[0].label == "Mine"
    assert extend_capture(capture, HandoffSettings(enabled=False)) is capture


def test_statuses_of_acknowledgements_are_those_of_the_contract() -> None:
    assert get_args(AckStatus) == ACK_STATUSES

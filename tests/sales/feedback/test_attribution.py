"""Under every model the parts are the whole, to the minor unit."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sales.feedback.amounts import count_digits, read_amount, share_out, write_amount
from sales.feedback.attribution import TouchPoint, attribute, weigh
from sales.feedback.schemas import MODELS, Model, Revenue

DAY = timedelta(days=1)
START = datetime(2026, 12, 1, tzinfo=UTC)


@st.composite
def moneys(draw: st.DrawFn) -> tuple[str, Revenue]:
    at = START + draw(st.integers(-3000, 3000)) * timedelta(hours=1)
    kind = draw(st.sampled_from(["booked", "refunded"]))
    currency = draw(st.sampled_from(["USD", "EUR", "JPY"]))
    amount = draw(st.integers(0, 10**15))
    return draw(st.sampled_from("abc")), Revenue("", kind, amount, currency, at, at)  # type: ignore[arg-type]


touches = st.dictionaries(
    st.sampled_from("abc"),
    st.lists(
        st.builds(
            TouchPoint,
            st.sampled_from(["/", "/pricing", ""]),
            st.integers(-9000, 9000).map(lambda hours: START + hours * timedelta(hours=1)),
        ),
        max_size=9,
    ),
)


@given(st.sampled_from(MODELS), st.lists(moneys(), max_size=12), touches)
def test_attributed_is_booked_minus_refunded_in_every_currency(
    model: Model, money: list[tuple[str, Revenue]], by_lead: dict[str, list[TouchPoint]]
) -> None:
    expected: dict[str, int] = defaultdict(int)
    for _, one in money:
        expected[one.currency] += one.amount_minor if one.kind == "booked" else -one.amount_minor
    given_away: dict[str, int] = defaultdict(int)
    for credit in attribute(model, money, by_lead):
        given_away[credit.currency] += credit.net_minor
    assert {k: v for k, v in given_away.items() if v} == {k: v for k, v in expected.items() if v}


@given(st.integers(-(10**15), 10**15), st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_parts_sum_to_the_whole_and_none_is_a_unit_off(amount: int, weights: list[float]) -> None:
    parts = share_out(amount, weights)
    assert sum(parts) == amount
    whole = sum(weights)
    if whole > 1e-3:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - amount * weight / whole) <= 1 + abs(amount) * 1e-12


def _points(*days: int) -> list[TouchPoint]:
    return [TouchPoint(str(day), START + day * DAY) for day in days]


@pytest.mark.parametrize(
    ("model", "parts"),
    [
        ("first_touch", {"0": 1000}),
        ("last_touch", {"14": 1000}),
        ("linear", {"0": 334, "7": 333, "14": 333}),
        ("time_decay", {"0": 143, "7": 286, "14": 571}),
        ("position", {"0": 400, "7": 200, "14": 400}),
    ],
)
def test_a_thousand_over_three_touches_a_week_apart(model: Model, parts: dict[str, int]) -> None:
    money = [("a", Revenue("", "booked", 1000, "USD", START + 14 * DAY, START + 14 * DAY))]
    found = attribute(model, money, {"a": _points(0, 7, 14)}, 7 * DAY)
    assert {one.value: one.net_minor for one in found} == parts


def test_the_table_of_models_is_the_type() -> None:
    assert get_args(Model) == MODELS


def test_a_refund_takes_back_from_the_touches_of_its_booking_alone() -> None:
    booked = Revenue("c", "booked", 1001, "USD", START, START)
    refund = Revenue("c", "refunded", 1001, "USD", START + 9 * DAY, START)
    for model in MODELS:
        found = attribute(model, [("a", booked), ("a", refund)], {"a": _points(-3, -1, 5)})
        assert {one.net_minor for one in found} == {0}, model
        assert "5" not in {one.value for one in found}


def test_touches_long_ago_do_not_vanish_together() -> None:
    weights = weigh("time_decay", _points(-90_000, -89_999), DAY)
    assert weights == [0.5, 1.0]


def test_amounts_know_the_minor_units_of_their_currency() -> None:
    assert [count_digits(code) for code in ("USD", "JPY", "KWD")] == [2, 0, 3]
    assert read_amount(1234.56, "USD") == 123456
    assert read_amount(0.1 + 0.2, "USD") == 30
    assert read_amount(1234.5, "JPY") == 1235
    assert read_amount("12.345", "KWD") == 12345
    assert write_amount(123450, "USD") == "1234.50"
    assert write_amount(-5, "USD") == "-0.05"
    assert [read_amount(one, "USD") for one in (True, "x", float("inf"), None, 1e30)] == [None] * 5

"""The page Costs, without a model and in words."""

from __future__ import annotations

from datetime import date

import pytest

from portal.usage import add_up, write_money
from sales.usage.schemas import UsageDay
from tests.portal.conftest import PortalServer, text_of


def test_without_a_model_nothing_costs(portal: PortalServer) -> None:
    page = portal.enter("ada").get("/portal/costs")
    assert page.status_code == 200
    assert "No language model is in use" in text_of(page)
    assert portal.enter("rita").get("/portal/costs").status_code == 403


def test_a_period_is_the_sum_of_its_days() -> None:
    day = UsageDay(date(2026, 11, 22), "site", "m", 3, 2, 1, 100, 40, 50, 700, 1)
    sums = add_up([day, day])
    assert (sums.calls, sums.turns, sums.tokens, sums.cost_micros) == (6, 4, 300, 1400)
    assert sums.tokens_per_turn == 75
    assert add_up([]).tokens_per_turn is None


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (0, "0.00 USD"),
        (700, "0.0007 USD"),
        (1_234_567, "1.23 USD"),
        (12_345_000_000, "12,345.00 USD"),
    ],
)
def test_money_is_written_as_people_read_it(micros: int, text: str) -> None:
    assert write_money(micros, "USD") == text

"""At a cap the agent goes on without a model: the visitor sees an answer, the admin sees why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.settings import load_app_settings
from core.errors import ConfigurationError
from sales.usage.schemas import UsageDay
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.models import KEY, KEY_NAME, speak, write_model_website
from tests.support.visitor import Visitor
from tests.vendors.openai import OpenAiStandIn

PRICE = "How much does a standard service cost?"
TRUE = {"A standard service is €59 and takes two working days.": "standard service costs"}
PRICES = {"openai:gpt-5-mini": {"input": 0.25, "output": 2}}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiStandIn]:
    monkeypatch.setenv(KEY_NAME, KEY)
    with OpenAiStandIn() as started:
        yield started
        assert started.errors == []


def _days(server: ThreadedServer) -> list[UsageDay]:
    """The ledger as the portal reads it, asked in the server's own loop."""
    assert server.runtime is not None
    runtime = server.runtime
    tenant_id = runtime.resources.organization.list_sites()[0].ref.tenant_id
    whole = (tenant_id, date(2000, 1, 1), date(2100, 1, 1))
    return server.wait(runtime.services.usage.list_days(*whole))


def test_at_the_cap_the_visitor_is_answered_from_the_pages_and_it_is_written_down(
    model: OpenAiStandIn, tmp_path: Path
) -> None:
    caps = {"conversation": {"tokens": 4000}, "turn": {"tokens": 50_000}}
    config = write_model_website(tmp_path, model, caps, prices=PRICES, max_output_tokens=600)
    with ThreadedServer(lambda: build_runtime(config)) as server:
        visitor = Visitor.arrive(server.http)
        model.say(*[speak(TRUE) for _ in range(12)])
        answers = [visitor.ask(f"{PRICE} ({number})") for number in range(8)]
        asked = len(model.asked)
        (used,) = _days(server)
        other = Visitor.arrive(server.http).ask(PRICE)
    assert 1 <= asked < 8
    assert all("€59" in answer["text"] for answer in answers)
    assert (used.turns, used.calls, used.refused) == (asked, asked, 8 - asked)
    assert used.prompt_tokens + used.completion_tokens <= 4000
    assert used.cost_micros > 0
    # Another conversation has a cap of its own.
    assert "€59" in other["text"]
    assert len(model.asked) == asked + 1
    said = " ".join(answer["text"] for answer in answers).lower()
    assert "budget" not in said
    assert "model" not in said


def test_what_a_call_did_not_take_is_free_again(model: OpenAiStandIn, tmp_path: Path) -> None:
    config = write_model_website(tmp_path, model, {"day": {"tokens": 1_000_000}}, prices=PRICES)
    with ThreadedServer(lambda: build_runtime(config)) as server:
        model.say(speak(TRUE))
        Visitor.arrive(server.http).ask(PRICE)
        (used,) = _days(server)
    assert used.prompt_tokens > 0
    expected = used.prompt_tokens * 0.25 + used.completion_tokens * 2
    assert expected <= used.cost_micros <= expected + 2


def test_a_cap_in_money_needs_prices(model: OpenAiStandIn, tmp_path: Path) -> None:
    caps: dict[str, Any] = {"day": {"money": 5}}
    config = write_model_website(tmp_path, model, caps)
    with pytest.raises(ConfigurationError, match=r"model\.prices"):
        load_app_settings(config)
    config = write_model_website(tmp_path, model, caps, prices=PRICES)
    assert load_app_settings(config).budget.day.money == 5

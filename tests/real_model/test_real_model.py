"""A real, very small model words answers: the turn works, streams, and invents nothing aloud.

SmolLM2 with 135 million parameters cites badly and makes things up: that is what it is here for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from agent.verification import find_values
from tests.app.threaded import ThreadedServer, build_runtime
from tests.support.visitor import Visitor
from tests.support.website import PAGES, build_config, write_pages

QUESTIONS = (
    "How much does a standard service cost?",
    "How much is a rental?",
    "When is the workshop open?",
    "Can I return parts?",
    "What warranty do I get?",
    "Do you sell helicopters?",
)


@pytest.fixture(scope="module")
def served(real_model: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedServer]:
    folder = tmp_path_factory.mktemp("site")
    section = {
        "chat": "openai:smollm2",
        "base_url": real_model,
        "temperature": 0,
        "max_output_tokens": 120,
        "timeout": 300,
        "first_token_timeout": 240,
        "token_timeout": 60,
        "options": {"api_key": "none-needed"},
    }
    write_pages(folder / "pages")
    config = folder / "app.yaml"
    config.write_text(build_config(more=yaml.safe_dump({"model": section})), encoding="utf-8")
    with ThreadedServer(lambda: build_runtime(config)) as server:
        server.http.timeout = 400
        yield server


@pytest.fixture(scope="module")
def answers(served: ThreadedServer) -> dict[str, dict[str, Any]]:
    """Each question in a conversation of its own."""
    given = {}
    for question in QUESTIONS:
        given[question] = Visitor.arrive(served.http).ask(question)
        print(json.dumps({"question": question, "answer": given[question]["text"]}))  # noqa: T201
    return given


def test_every_question_gets_an_answer(answers: dict[str, dict[str, Any]]) -> None:
    assert all(answer["text"] for answer in answers.values())


def test_no_number_is_said_that_the_website_does_not_hold(
    answers: dict[str, dict[str, Any]],
) -> None:
    held = find_values("\n".join(PAGES.values()))
    for question, answer in answers.items():
        asked_for = find_values(question)
        assert find_values(answer["text"]) <= held | asked_for, question


def test_every_statement_has_its_quote(answers: dict[str, dict[str, Any]]) -> None:
    pages = "\n".join(PAGES.values())
    for answer in answers.values():
        for citation in answer["citations"]:
            assert citation["quote"] in pages


def test_the_model_was_really_asked_and_what_it_made_up_was_withdrawn(
    served: ThreadedServer, answers: dict[str, dict[str, Any]]
) -> None:
    assert answers
    text = served.http.get("/metrics").text
    lines = [
        line
        for line in text.splitlines()
        if line.startswith(("sales_agent_model_", "sales_agent_withdrawn"))
        and "_bucket" not in line
        and "_created" not in line
    ]
    print("\n".join(lines))  # noqa: T201
    calls = [line for line in lines if line.startswith("sales_agent_model_calls_total")]
    assert calls

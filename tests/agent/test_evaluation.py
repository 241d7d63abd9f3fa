"""Golden questions are judged by what the answer holds, cites and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from agent.evaluation import (
    GoldenQuestion,
    GoldenSet,
    Judgement,
    Verdict,
    count_verdicts,
    find_regressions,
    judge,
)
from agent.rehearsal import rehearse
from core.db import Database
from core.errors import ConfigurationError
from core.settings import load_settings
from sales.conversations.models import Conversation, Message
from tests.agent.world import build_world

ANSWER = {
    "text": "It costs $49. May I ask your name?",
    "sentences": [{"text": "It costs $49."}, {"text": "May I ask your name?"}],
    "citations": [{"url": "https://acme.example/pricing/"}],
    "outcome": "answered",
}


@pytest.mark.parametrize(
    ("question", "outcome", "verdict", "problem"),
    [
        ({"expect": ["$49"]}, "answered", Verdict.RIGHT, ""),
        ({"expect": ["$49"]}, "closest", Verdict.HEDGED, ""),
        ({"expect": ["$50"]}, "answered", Verdict.WRONG, "lacks $50"),
        ({"expect": [["$50", "IT COSTS"]]}, "answered", Verdict.RIGHT, ""),
        ({"expect": ["$49"], "cite": "/pricing"}, "answered", Verdict.RIGHT, ""),
        ({"expect": ["$49"], "cite": "/faq"}, "answered", Verdict.WRONG, "does not cite /faq"),
        ({"never": ["$49"]}, "answered", Verdict.WRONG, "holds '$49'"),
        ({"refuse": True}, "answered", Verdict.SAID, "answered"),
        ({"refuse": True}, "not_found", Verdict.REFUSED, ""),
        ({"refuse": True}, "closest", Verdict.REFUSED, ""),
    ],
)
def test_an_answer_is_worth_what_it_holds(
    question: dict[str, Any], outcome: str, verdict: Verdict, problem: str
) -> None:
    asked = GoldenQuestion.model_validate({"ask": "How much is it?", **question})
    judged = judge(asked, {**ANSWER, "outcome": outcome})
    assert (judged.verdict, judged.problem) == (verdict, problem)


def test_only_what_passed_before_can_become_worse() -> None:
    now = [
        Judgement("a", Verdict.WRONG, ""),
        Judgement("b", Verdict.WRONG, ""),
        Judgement("c", Verdict.RIGHT, ""),
    ]
    worse = find_regressions(now, {"a": "right", "b": "wrong", "c": "right"})
    assert [one.ask for one in worse] == ["a"]
    assert count_verdicts(now) == {"right": 1, "hedged": 0, "wrong": 2, "refused": 0, "said": 0}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("questions: []", "questions"),
        ('questions: [{ask: "Why?"}]', "nothing is expected"),
        ('questions: [{ask: "Why?", refuse: true, expect: [x]}]', "expects nothing"),
        ('questions: [{ask: "Why?", expcet: [x]}]', "Did you mean expect?"),
    ],
)
def test_a_file_that_cannot_judge_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "golden.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        load_settings(GoldenSet, path, {})
    assert problem in str(raised.value)


async def test_a_rehearsal_answers_as_the_real_turn_does_and_leaves_nothing(
    database_url: str, tmp_path: Path
) -> None:
    world = await build_world(database_url, tmp_path)
    try:
        said = ["Do you repair bikes?", "How much is a full service?"]
        done = await rehearse(world.turn, world.site.settings, world.site.ref, said)
        visitor = await world.arrive()
        for text in said:
            real = await visitor.ask(text)
        assert done["text"] == real["text"]
        stored = await _count(world.runtime.resources.database)
        assert stored == (1, 4)
    finally:
        await world.runtime.resources.close()


async def _count(database: Database) -> tuple[int, int]:
    async with database.reading(None) as uow:
        rows = [
            (await uow.session.execute(select(func.count(table.id)))).scalar_one()
            for table in (Conversation, Message)
        ]
    return rows[0], rows[1]

"""Turns beside their connections: joined, in order, and not lost with a connection."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.answers import Draft, Sentence
from agent.responder import TurnContext
from core.errors import Conflict, Invalid
from tests.agent.world import Conversation, World, build_world
from tests.core.outbox.world import until


@dataclass
class CountingResponder:
    """Counts what it is asked; fails where it is told to."""

    asked: list[str] = field(default_factory=list)

    def respond(self, context: TurnContext) -> Draft:
        self.asked.append(context.text)
        if context.text == "Fail":
            raise ZeroDivisionError
        return Draft((Sentence("Hello."), Sentence("Still here.")))


@pytest.fixture
def responder() -> CountingResponder:
    return CountingResponder()


@pytest.fixture
async def world(
    database_url: str, tmp_path: Path, responder: CountingResponder
) -> AsyncIterator[World]:
    built = await build_world(database_url, tmp_path, responder=responder)
    yield built
    await built.runtime.resources.close()


async def _list_messages(visitor: Conversation) -> list[tuple[str, str]]:
    state = await visitor.world.conversations.load(visitor.ticket, messages=100)
    return [(one.client_message_id, one.role) for one in state.messages]


async def test_the_same_message_joins_the_turn_under_way(
    world: World, responder: CountingResponder
) -> None:
    visitor = await world.arrive()
    answers = await asyncio.gather(*(visitor.ask("Hi", "same") for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert responder.asked == ["Hi"]
    assert await _list_messages(visitor) == [("same", "visitor"), ("same", "agent")]
    assert await visitor.ask("Hi", "same") == answers[0]
    assert responder.asked == ["Hi"]


async def test_messages_of_one_conversation_are_answered_one_after_the_other(
    world: World, responder: CountingResponder
) -> None:
    visitor = await world.arrive()
    names = [f"m{number}" for number in range(8)]
    await asyncio.gather(*(visitor.ask(f"Text {name}", name) for name in names))
    assert responder.asked == [f"Text {name}" for name in names]
    expected = [(name, role) for name in names for role in ("visitor", "agent")]
    assert await _list_messages(visitor) == expected


async def test_a_broken_connection_does_not_lose_the_answer(
    world: World, responder: CountingResponder
) -> None:
    visitor = await world.arrive()
    events = visitor.stream("Hi", "lost")
    assert (await anext(events)).name == "sentence"
    await events.aclose()  # type: ignore[attr-defined]
    await world.runtime.chat.runner.drain()
    assert await _list_messages(visitor) == [("lost", "visitor"), ("lost", "agent")]
    answer = await visitor.ask("Hi", "lost")
    assert answer["text"] == "Hello. Still here."
    assert responder.asked == ["Hi"]


async def test_two_processes_with_the_same_message_store_it_once(
    world: World, database_url: str, tmp_path: Path
) -> None:
    visitor = await world.arrive()
    other = await build_world(database_url, tmp_path, pages={})
    twin = Conversation(other, visitor.ticket)
    answers = await asyncio.gather(
        *(one.ask("Hi", f"m{number}") for number in range(5) for one in (visitor, twin))
    )
    assert Counter(answer["message_id"] for answer in answers) == {f"m{n}": 2 for n in range(5)}
    rows = await _list_messages(visitor)
    assert Counter(rows) == {(f"m{n}", role): 1 for n in range(5) for role in ("visitor", "agent")}
    await other.runtime.resources.close()


async def test_a_failed_turn_reaches_everybody_who_waits_and_can_be_asked_again(
    world: World, responder: CountingResponder
) -> None:
    visitor = await world.arrive()
    outcomes = await asyncio.gather(
        *(visitor.ask("Fail", "f") for _ in range(3)), return_exceptions=True
    )
    assert [type(one) for one in outcomes] == [ZeroDivisionError] * 3
    assert await _list_messages(visitor) == []
    assert (await visitor.ask("Hi", "f"))["text"] == "Hello. Still here."


async def test_a_refused_message_writes_nothing(world: World) -> None:
    visitor = await world.arrive()
    with pytest.raises(Invalid):
        await visitor.ask("  ", "empty")
    await world.conversations.end(visitor.ticket)
    with pytest.raises(Conflict):
        await visitor.ask("Hi", "late")
    assert await _list_messages(visitor) == []


async def test_it_is_known_whether_somebody_waits_for_an_answer(
    database_url: str, tmp_path: Path
) -> None:
    known: list[bool] = []

    class Asking(CountingResponder):
        def respond(self, context: TurnContext) -> Draft:
            known.append(built.runtime.resources.runner.is_answering())
            return super().respond(context)

    built = await build_world(database_url, tmp_path, responder=Asking())
    runner = built.runtime.resources.runner
    assert not runner.is_answering()
    await (await built.arrive()).ask("Hi")
    assert known == [True]
    # For a moment more: where many ask, the next question is under way.
    await until(lambda: not runner.is_answering())
    await built.runtime.resources.close()

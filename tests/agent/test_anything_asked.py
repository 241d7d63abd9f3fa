"""Whatever is asked: each statement has a source that stands, and no number comes from nowhere."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agent.world import World, build_world

_NUMBER = re.compile(r"\d+")
_WORDS = st.sampled_from(
    "how much does a standard service cost when open return parts warranty rental e-bike price "
    "€59 6 months 30 days hello yes no bot human please and ? ! . , 2009 18 free where who why "
    "Harlow phone e-mail wie viel kostet das cuánto the is what 100 not team mill lane".split()
)
MESSAGES = st.one_of(
    st.lists(_WORDS, min_size=1, max_size=14).map(" ".join),
    st.text(min_size=1, max_size=60).filter(str.strip),
)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def world(
    loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("anything")
    path = folder / "test.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    built = loop.run(build_world(f"sqlite:///{path}", folder))
    yield built
    loop.run(built.runtime.resources.close())


async def _check(world: World, messages: list[str]) -> None:
    visitor = await world.arrive()
    for message in messages:
        if not _visible(message):
            continue
        answer = await visitor.ask(message)
        _check_sentences(answer, message)
        for citation in answer["citations"]:
            stored = await world.conversations.get_citation(citation["id"])
            content = stored.content
            passage = await world.knowledge.find_passage(stored.site, content.passage_id)
            assert passage is not None
            assert passage.text[content.start : content.end] == citation["quote"] != ""
            assert passage.url == citation["url"]


def _visible(message: str) -> bool:
    return any(
        unicodedata.category(char) not in ("Cc", "Cs") and not char.isspace() for char in message
    )


def _check_sentences(answer: dict[str, Any], message: str) -> None:
    quotes = {one["n"]: f"{one['quote']} {one['title']}" for one in answer["citations"]}
    for sentence in answer["sentences"]:
        sources = " ".join(quotes[number] for number in sentence["citations"])
        held = set(_NUMBER.findall(sources if sentence["citations"] else message))
        assert set(_NUMBER.findall(sentence["text"])) <= held, (sentence, message)
    if answer["outcome"] in ("answered", "closest"):
        assert answer["citations"]
    assert answer["text"].strip()


@given(messages=st.lists(MESSAGES, min_size=1, max_size=4))
@settings(
    max_examples=60,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_each_statement_has_a_source_and_no_number_comes_from_nowhere(
    world: World, loop: asyncio.Runner, messages: list[str]
) -> None:
    loop.run(_check(world, messages))

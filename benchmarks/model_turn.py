"""A turn with a language model beside a bare call, a LangChain RAG chain and a LangChain agent.

`python -m benchmarks.model_turn`. The model is a script behind a real HTTP server in a process of
its own: 400 ms to the first token, 20 ms a token, the same answer for all. Everybody uses the
same client (`langchain-openai`). The contestants take turns, so what else the machine does falls
on all; the figures are medians of ratios within a round.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import yaml

from agent.model_text import SentenceStream
from app.runtime import Runtime
from benchmarks.processes import describe_machine
from core.ids import new_id
from tests.agent.world import Conversation, World
from tests.app.threaded import build_runtime
from tests.support.website import SITE_KEY, build_config, write_pages

FIRST_TOKEN, PER_TOKEN = 0.4, 0.02
ROUNDS = 6
QUESTION = "How much does a standard service cost?"
_DETAIL = "a crew of 45"
SECONDS = dict[str, float]


def serve_model() -> None:
    """The scripted model, until the input ends."""
    from tests.vendors.openai import OpenAiStandIn  # noqa: PLC0415 - in the other process only
    from tests.vendors.openai_events import AskedModel, Reply, cut_tokens  # noqa: PLC0415

    def answer(asked: AskedModel) -> Reply:
        if asked.body.get("model") == "agent" and not any(
            role == "tool" for role, _ in asked.messages
        ):
            return Reply("", tools=[("search", {"query": QUESTION})])
        one = asked.find_number("standard service costs") or 1
        two = asked.find_number("Renting a city bike") or one
        tools: list[Any] = []
        if _DETAIL in asked.messages[-1][1]:
            details = [{"field": "company_size", "quote": "a crew of 45"}]
            tools = [("note_details", {"details": details})]
        return Reply(
            f"A standard service costs €59 and takes two working days [{one}]. "
            f"Renting a city bike costs €18 a day [{two}].",
            tools=tools,
        )

    with OpenAiStandIn(first_token=FIRST_TOKEN, per_token=PER_TOKEN, answer=answer) as model:
        print(model.base_url, flush=True)
        for line in sys.stdin:
            if line.strip() == "count":
                tokens = len(cut_tokens(model.asked[-1].prompt)) if model.asked else 0
                print(json.dumps([len(model.asked), tokens]), flush=True)


class Arena:
    """The contestants over one website and one model."""

    def __init__(self, runtime: Runtime, base_url: str) -> None:
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - takes seconds

        self.runtime = runtime
        site = runtime.resources.organization.get_site(SITE_KEY)
        self.world = World(runtime, runtime.chat.turn, site)
        options: dict[str, Any] = {"base_url": base_url, "api_key": "none", "max_retries": 0}
        self.chat = init_chat_model("openai:bare", stream_usage=True, **options)
        self.agent_chat = init_chat_model("openai:agent", stream_usage=True, **options)
        self.conversation: Conversation | None = None
        self.prompt: list[tuple[str, str]] = []

    async def find_passages(self, question: str) -> str:
        """The same recall for all that search."""
        recall = await self.world.knowledge.recall(self.world.site.ref, question, 5)
        return "\n".join(f"[{n}] {one.text}" for n, one in enumerate(recall.passages, 1))

    async def bare(self) -> SECONDS:
        """One call with a prompt as long as ours, and nothing else."""
        return await _measure_text(self.chat.astream(self.prompt))

    async def bare_with_detail(self) -> SECONDS:
        """The same call, whose answer has the tokens of a tool call behind it."""
        return await _measure_text(self.chat.astream([*self.prompt, ("user", _DETAIL)]))

    async def ours(self) -> SECONDS:
        """The whole turn: load, notice, recall, ask, verify, record. Tools are offered."""
        return await self._ask(QUESTION)

    async def ours_with_detail(self) -> SECONDS:
        """The same, where the model notes a detail of the visitor that the rules missed."""
        return await self._ask(f"{QUESTION} For {_DETAIL}.")

    async def _ask(self, text: str) -> SECONDS:
        if self.conversation is None:
            self.conversation = await self.world.arrive()
        began, first = time.perf_counter(), 0.0
        async for event in self.conversation.stream(text, new_id()):
            if event.name == "sentence" and event.data["citations"] and not first:
                first = time.perf_counter() - began
        return {"total": time.perf_counter() - began, "sentence": first}

    async def chain(self) -> SECONDS:
        """LangChain's plain RAG chain: search, prompt, model. No tools, no verification."""
        from langchain_core.output_parsers import StrOutputParser  # noqa: PLC0415
        from langchain_core.prompts import ChatPromptTemplate  # noqa: PLC0415
        from langchain_core.runnables import RunnableLambda, RunnablePassthrough  # noqa: PLC0415

        prompt = ChatPromptTemplate.from_messages(
            [("system", "Answer from the context.\n{context}"), ("user", "{question}")]
        )
        find: Any = {
            "context": RunnableLambda(self.find_passages),
            "question": RunnablePassthrough(),
        }
        chain = find | prompt | self.chat | StrOutputParser()
        return await _measure_text(chain.astream(QUESTION))

    async def agent(self) -> SECONDS:
        """LangChain's `create_agent` with a search tool."""
        from langchain.agents import create_agent  # noqa: PLC0415
        from langchain_core.tools import tool  # noqa: PLC0415

        @tool
        async def search(query: str) -> str:
            """Search the website."""
            return await self.find_passages(query)

        agent = create_agent(self.agent_chat, [search])
        messages: Any = {"messages": [("user", QUESTION)]}

        async def texts() -> AsyncIterator[Any]:
            async for chunk, _ in agent.astream(messages, stream_mode="messages"):
                if type(chunk).__name__ == "AIMessageChunk":
                    yield chunk

        return await _measure_text(texts())


async def _measure_text(chunks: AsyncIterator[Any]) -> SECONDS:
    """Seconds to the end, and to the end of the first sentence."""
    began, first = time.perf_counter(), 0.0
    sentences = SentenceStream()
    async for chunk in chunks:
        text = chunk if isinstance(chunk, str) else str(chunk.text)
        if sentences.feed(text) and not first:
            first = time.perf_counter() - began
    return {"total": time.perf_counter() - began, "sentence": first}


async def measure(folder: Path, base_url: str, count: Callable[[], list[Any]]) -> dict[str, Any]:
    """Every figure."""
    write_pages(folder / "pages")
    section = {
        "chat": "openai:gpt-5-mini",
        "base_url": base_url,
        "options": {"api_key": "none"},
    }
    config = folder / "app.yaml"
    config.write_text(build_config(more=yaml.safe_dump({"model": section})), encoding="utf-8")
    runtime = await build_runtime(config)
    arena = Arena(runtime, base_url)
    contestants: dict[str, Callable[[], Awaitable[SECONDS]]] = {
        "bare call": arena.bare,
        "our turn": arena.ours,
        "bare call with tool call": arena.bare_with_detail,
        "our turn with tool call": arena.ours_with_detail,
        "LangChain RAG chain": arena.chain,
        "LangChain agent": arena.agent,
    }
    arena.prompt = [("system", "x " * 300), ("user", "Answer from these passages. " * 80)]
    for run in contestants.values():
        await run()
    seen: dict[str, list[SECONDS]] = {name: [] for name in contestants}
    calls: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, run in contestants.items():
            before = count()[0]
            seen[name].append(await run())
            calls[name] = count()[0] - before
    result = _summarise(seen, calls)
    arena.conversation = await arena.world.arrive()
    lengths = []
    for _ in range(40):
        await arena.ours()
        lengths.append(count()[1])
    await runtime.resources.close()
    return {
        **result,
        "prompt_tokens": {"turn 1": lengths[0], "turn 5": lengths[4], "turn 40": lengths[-1]},
        "prompt_turn_40_of_turn_5": round(lengths[-1] / lengths[4], 3),
    }


def _summarise(seen: dict[str, list[SECONDS]], calls: dict[str, int]) -> dict[str, Any]:
    rows = {}
    for name, runs in seen.items():
        bare = seen["bare call with tool call" if "tool call" in name else "bare call"]
        totals = [one["total"] / other["total"] for one, other in zip(runs, bare, strict=True)]
        firsts = [
            one["sentence"] / other["sentence"] for one, other in zip(runs, bare, strict=True)
        ]
        rows[name] = {
            "calls": calls[name],
            "seconds": round(statistics.median(one["total"] for one in runs), 3),
            "of_a_bare_call": round(statistics.median(totals), 3),
            "first_sentence_of_the_bare_calls": round(statistics.median(firsts), 3),
            "best_of_a_bare_call": round(
                min(one["total"] for one in runs) / min(one["total"] for one in bare), 3
            ),
        }
    return {"rounds": ROUNDS, "contestants": rows}


def run() -> dict[str, Any]:
    """Start the model, measure, stop it."""
    command = [sys.executable, "-m", "benchmarks.model_turn", "--serve"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin and process.stdout
        base_url = process.stdout.readline().strip()

        def count() -> list[Any]:
            assert process.stdin and process.stdout
            process.stdin.write("count\n")
            process.stdin.flush()
            counted: list[Any] = json.loads(process.stdout.readline())
            return counted

        with tempfile.TemporaryDirectory() as folder:
            figures = asyncio.run(measure(Path(folder), base_url, count))
        process.stdin.close()
    return {"machine": describe_machine(), **figures}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    if parser.parse_args().serve:
        serve_model()
    else:
        print(json.dumps(run(), indent=2))

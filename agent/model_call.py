"""One call to a chat model: its text as it arrives, what it calls, and what it took."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agent.circuit import Circuit
from agent.model_budget import Usage, estimate_tokens
from agent.model_failures import FailureKind, ModelFailed, read_failure

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk

# A stream that never ends, or calls tools without end, is cut here.
_MOST_CHARACTERS = 12_000
_MOST_TOOL_CHARACTERS = 8_000
_MOST_TOOL_CALLS = 8


@dataclass(frozen=True, slots=True)
class CallTimes:
    """Seconds: until the first word, between two, and for all calls of a turn together."""

    first_token: float
    next_token: float
    total: float


@dataclass(frozen=True, slots=True)
class OpenedModel:
    """A chat model, its name in `app.yaml`, and the breaker that guards it."""

    name: str
    chat: BaseChatModel
    circuit: Circuit


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model would like to use; nobody has looked at `arguments` yet."""

    name: str
    arguments: Mapping[str, Any]


class ModelCall:
    """One call. `texts` may be iterated once; the rest is known when it is over."""

    def __init__(self, model: OpenedModel, times: CallTimes, deadline: float) -> None:
        self._model = model
        self._times = times
        self._deadline = deadline
        self._calls: AIMessageChunk | None = None
        self._tool_characters = 0
        self._characters = 0
        self._input_characters = 0
        self._reported: dict[str, Any] = {}
        self._finish = ""
        self.first_token_seconds: float | None = None

    async def texts(
        self, messages: Sequence[tuple[str, str]], tools: Sequence[dict[str, Any]]
    ) -> AsyncIterator[str]:
        """The answer's text, piece by piece.

        Raises:
            ModelFailed: no answer, or not all of it.
        """
        self._input_characters = sum(len(text) for _, text in messages)
        chat = self._model.chat
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            runnable = chat.bind_tools(list(tools)) if tools else chat
            async with contextlib.aclosing(_open(runnable, messages)) as chunks:
                while (chunk := await self._next(chunks)) is not None:
                    text = self._read(chunk)
                    if self.first_token_seconds is None and (text or self._calls is not None):
                        self.first_token_seconds = loop.time() - began
                    if text:
                        yield text
        except ModelFailed:
            raise
        except Exception as error:  # noqa: BLE001 - each provider's library has errors of its own
            raise self._read_failure(error) from None
        self._check_end()

    async def _next(self, chunks: AsyncIterator[AIMessageChunk]) -> AIMessageChunk | None:
        started = self.first_token_seconds is not None
        wait = self._times.next_token if started else self._times.first_token
        left = self._deadline - asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(max(0.0, min(wait, left))):
                return await anext(chunks, None)
        except TimeoutError:
            if left <= wait:
                raise ModelFailed(FailureKind.TOO_SLOW, "the turn's time was used up") from None
            kind = FailureKind.STALLED if started else FailureKind.SLOW_START
            raise ModelFailed(kind, f"nothing came for {wait:g} s") from None

    def _read(self, chunk: AIMessageChunk) -> str:
        """Take notes of a chunk; its text."""
        if chunk.tool_call_chunks:
            self._calls = chunk if self._calls is None else self._calls + chunk
            self._tool_characters += sum(
                len(one.get("args") or "") for one in chunk.tool_call_chunks
            )
            if self._tool_characters > _MOST_TOOL_CHARACTERS:
                raise ModelFailed(FailureKind.BAD_TOOL_CALL, "arguments without end")
        if chunk.usage_metadata:
            self._reported = dict(chunk.usage_metadata)
        if chunk.additional_kwargs.get("refusal"):
            raise ModelFailed(FailureKind.FILTERED, "the model refused")
        self._finish = _read_finish(chunk.response_metadata) or self._finish
        text = str(chunk.text)
        self._characters += len(text)
        if self._characters > _MOST_CHARACTERS:
            raise ModelFailed(FailureKind.TOO_LONG, "an answer without end")
        return text

    def _read_failure(self, error: Exception) -> ModelFailed:
        failure = read_failure(error)
        if failure.kind is FailureKind.UNREACHABLE and self.first_token_seconds is not None:
            return ModelFailed(FailureKind.CUT, failure.words)
        return failure

    def _check_end(self) -> None:
        if self._finish == "content_filter":
            raise ModelFailed(FailureKind.FILTERED, "the vendor's filter stopped the answer")
        if self._finish in ("length", "max_tokens", "max_output_tokens"):
            raise ModelFailed(FailureKind.TOO_LONG, "cut at max_output_tokens")
        if not self._characters and self._calls is None:
            raise ModelFailed(FailureKind.EMPTY, "no text and no tool call")
        if not self._finish and self._model.name.startswith(_SAYS_FINISH):
            raise ModelFailed(FailureKind.CUT, "the stream ended without its end")

    @property
    def model_name(self) -> str:
        """Whose call it is."""
        return self._model.name

    @property
    def tool_calls(self) -> list[ToolCall]:
        """What the model called, with arguments that are JSON objects."""
        if self._calls is None:
            return []
        calls = self._calls.tool_calls[:_MOST_TOOL_CALLS]
        return [ToolCall(one["name"], one["args"]) for one in calls]

    @property
    def broken_tool_calls(self) -> int:
        """How many calls were no JSON, or came after so many that nobody means them."""
        if self._calls is None:
            return 0
        beyond = max(0, len(self._calls.tool_calls) - _MOST_TOOL_CALLS)
        return len(self._calls.invalid_tool_calls) + beyond

    @property
    def usage(self) -> Usage:
        """What it took, as the vendor says; estimated from the texts where it says nothing."""
        if not self._reported:
            written = estimate_tokens(self._characters + self._tool_characters)
            return Usage(estimate_tokens(self._input_characters), written, 0, is_estimated=True)
        details = self._reported.get("input_token_details") or {}
        return Usage(
            int(self._reported.get("input_tokens") or 0),
            int(self._reported.get("output_tokens") or 0),
            int(details.get("cache_read") or 0),
        )


# Providers whose streams always tell why they ended.
_SAYS_FINISH = ("openai:", "azure_openai:", "anthropic:")


def _open(runnable: Any, messages: Sequence[tuple[str, str]]) -> Any:
    return runnable.astream(list(messages))


def _read_finish(metadata: Mapping[str, Any]) -> str:
    """Why the answer ended, as the providers call it; empty while it has not."""
    for name in ("finish_reason", "stop_reason", "done_reason"):
        if metadata.get(name):
            return str(metadata[name]).lower()
    incomplete = metadata.get("incomplete_details")
    if isinstance(incomplete, dict) and incomplete.get("reason"):
        return str(incomplete["reason"])
    return str(metadata.get("status") or "")

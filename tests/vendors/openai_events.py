"""What a scripted model says, as the events of OpenAI's two APIs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Ending = Literal[
    "done", "cut", "silent_end", "stall", "filter", "length", "refusal", "no_usage", "endless"
]


@dataclass(frozen=True)
class Reply:
    """What the model says. `tools`: (name, arguments as a JSON text or an object). `status` other
    than 200 answers with an error instead. `ending` "cut" breaks the connection after the text,
    "silent_end" ends it properly but without the closing events, "stall" goes quiet."""

    text: str = ""
    tools: Sequence[tuple[str, Any]] = ()
    status: int = 200
    retry_after: int | None = None
    ending: Ending = "done"
    first_token: float | None = None
    per_token: float | None = None


@dataclass(frozen=True)
class AskedModel:
    """A request as the model sees it."""

    path: str
    body: Mapping[str, Any]
    headers: Mapping[str, str]

    @property
    def messages(self) -> list[tuple[str, str]]:
        """(role, text) of all messages, in both APIs."""
        listed = self.body.get("messages") or self.body.get("input") or []
        return [(str(one.get("role", "")), _flatten(one.get("content"))) for one in listed]

    @property
    def system(self) -> str:
        """The first system message."""
        return next((text for role, text in self.messages if role in ("system", "developer")), "")

    @property
    def prompt(self) -> str:
        """Everything, as one text."""
        return "\n".join(text for _, text in self.messages)

    @property
    def tools(self) -> list[str]:
        """The names of the tools that are offered."""
        listed = self.body.get("tools") or []
        return [str(one.get("name") or one["function"]["name"]) for one in listed]

    def find_number(self, words: str) -> int:
        """The number of the passage that holds `words`; 0 when none does."""
        parts = re.split(r"^=== \S+ \[(\d+)\]", self.messages[-1][1], flags=re.MULTILINE)
        for number, text in zip(parts[1::2], parts[2::2], strict=True):
            if words in text:
                return int(number)
        return 0


def cut_tokens(text: str) -> list[str]:
    """Words with the blank before them, and marks: about what tokens are."""
    return re.findall(r"\s*\w+|\s*[^\w\s]", text)


def build_chat_events(reply: Reply, asked: AskedModel) -> Iterator[dict[str, Any]]:
    """The stream of `/v1/chat/completions`, chunk by chunk."""
    usage = bool((asked.body.get("stream_options") or {}).get("include_usage"))
    base = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": asked.body["model"],
    }

    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    yield chunk({"role": "assistant", "content": ""})
    if reply.ending == "refusal":
        yield chunk({"refusal": "I cannot help with that."})
    for token in cut_tokens(reply.text):
        yield chunk({"content": token})
    for index, (name, arguments) in enumerate(reply.tools):
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = {"index": index, "id": f"call_{index}", "type": "function"}
        yield chunk({"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]})
        for start in range(0, len(text), 12):
            part = {"index": index, "function": {"arguments": text[start : start + 12]}}
            yield chunk({"tool_calls": [part]})
    if reply.ending in ("cut", "silent_end", "stall"):
        return
    reasons = {"filter": "content_filter", "length": "length"}
    yield chunk({}, reasons.get(reply.ending) or ("tool_calls" if reply.tools else "stop"))
    if usage and reply.ending != "no_usage":
        yield {**base, "choices": [], "usage": count_usage(reply, asked)}


def count_usage(reply: Reply, asked: AskedModel) -> dict[str, Any]:
    """About what a vendor would count."""
    prompt = len(cut_tokens(asked.prompt)) + len(cut_tokens(json.dumps(asked.body.get("tools"))))
    said = len(cut_tokens(reply.text)) + len(cut_tokens(json.dumps(list(reply.tools))))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    }


def build_responses_events(reply: Reply, asked: AskedModel) -> Iterator[dict[str, Any]]:
    """The stream of `/v1/responses`, event by event."""
    number = 0

    def event(kind: str, **content: Any) -> dict[str, Any]:
        nonlocal number
        number += 1
        return {"type": f"response.{kind}", "sequence_number": number, **content}

    yield event("created", response=_describe_response(reply, asked, "in_progress", []))
    output: list[dict[str, Any]] = []
    item: dict[str, Any]
    if reply.text or reply.ending == "refusal":
        item = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress"}
        yield event("output_item.added", output_index=0, item={**item, "content": []})
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        part = {"type": "output_text", "text": "", "annotations": []}
        yield event("content_part.added", **place, part=part)
        for token in cut_tokens(reply.text):
            yield event("output_text.delta", **place, delta=token, logprobs=[])
        if reply.ending in ("cut", "silent_end", "stall"):
            return
        part = {**part, "text": reply.text}
        yield event("output_text.done", **place, text=reply.text, logprobs=[])
        yield event("content_part.done", **place, part=part)
        item = {**item, "status": "completed", "content": [part]}
        yield event("output_item.done", output_index=0, item=item)
        output.append(item)
    for name, arguments in reply.tools:
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        at = len(output)
        item = {
            "id": f"fc_{at}",
            "type": "function_call",
            "call_id": f"call_{at}",
            "name": name,
            "arguments": "",
            "status": "in_progress",
        }
        yield event("output_item.added", output_index=at, item=item)
        place = {"item_id": item["id"], "output_index": at}
        for start in range(0, len(text), 12):
            delta = text[start : start + 12]
            yield event("function_call_arguments.delta", **place, delta=delta)
        yield event("function_call_arguments.done", **place, arguments=text, name=name)
        item = {**item, "arguments": text, "status": "completed"}
        yield event("output_item.done", output_index=at, item=item)
        output.append(item)
    if reply.ending in ("filter", "length"):
        last = _describe_response(reply, asked, "incomplete", output)
        yield event("incomplete", response=last)
    else:
        last = _describe_response(reply, asked, "completed", output)
        yield event("completed", response=last)


def _describe_response(
    reply: Reply, asked: AskedModel, status: str, output: list[dict[str, Any]]
) -> dict[str, Any]:
    usage = count_usage(reply, asked)
    reasons = {"filter": "content_filter", "length": "max_output_tokens"}
    ended = status in ("completed", "incomplete") and reply.ending != "no_usage"
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "model": asked.body["model"],
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": asked.body.get("tools") or [],
        "error": None,
        "incomplete_details": (
            {"reason": reasons[reply.ending]} if status == "incomplete" else None
        ),
        "instructions": None,
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": usage["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage["total_tokens"],
        }
        if ended
        else None,
    }


def is_token(event: dict[str, Any]) -> bool:
    choices = event.get("choices") or [{}]
    delta = choices[0].get("delta") or {}
    return bool(
        delta.get("content") or delta.get("tool_calls") or str(event.get("type")).endswith("delta")
    )


def repeat_last(event: dict[str, Any]) -> dict[str, Any]:
    """The same tool call, again and again."""
    call = {"index": 0, "function": {"arguments": "x" * 200}}
    delta = {"tool_calls": [call]}
    return {**event, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def _flatten(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(str(part.get("text", "")) for part in content or ())

"""An OpenAI-compatible server that says what a script tells it, at a fixed pace, with every fault.

`/v1/chat/completions` and `/v1/responses`, streamed and whole, with tool calls and usage. The real
`langchain-openai` client talks to it. Requests are held against the published specification where
`SALES_AGENT_SPECS` names it; `errors` keeps what does not fit.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.vendors.openai_events import (
    AskedModel,
    Reply,
    build_chat_events,
    build_responses_events,
    count_usage,
    is_token,
    repeat_last,
)
from tests.vendors.openai_spec import find_faults
from tests.vendors.standin import Records, StandIn


@dataclass
class OpenAiStandIn(StandIn):
    """The server. Replies are taken from `script` in turn; then `answer` speaks."""

    first_token: float = 0.0
    per_token: float = 0.0
    answer: Callable[[AskedModel], Reply] = field(default=lambda _asked: Reply("I see."))

    vendor = "openai"
    title = "OpenAI"

    def __post_init__(self) -> None:
        super().__init__()
        self.script: deque[Reply | Callable[[AskedModel], Reply]] = deque()
        self.asked: list[AskedModel] = []
        self.errors: list[str] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def say(self, *replies: Reply | Callable[[AskedModel], Reply]) -> None:
        """Answer the next calls with these."""
        self.script.extend(replies)

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None, "not started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def base_url(self) -> str:
        """What `model.base_url` must be."""
        return f"{self.url}/v1"

    def records(self) -> Records:
        """The prompts that came."""
        return {"prompts": [{"messages": one.messages} for one in self.asked]}

    def start(self) -> None:
        """Listen at a free port."""
        self._server = _Server(("127.0.0.1", 0), _build_handler(self))
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        """Stop listening, and let stalled streams go."""
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def take(self, asked: AskedModel) -> Reply:
        """The reply to a request."""
        with self._lock:
            self.asked.append(asked)
            self.errors += find_faults(asked.path, asked.body)
            step = self.script.popleft() if self.script else self.answer
        try:
            return step if isinstance(step, Reply) else step(asked)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shall see it
            self.errors.append(repr(error))
            return Reply(status=599)

    def wait(self, seconds: float) -> None:
        """Let time pass, unless the server is being stopped."""
        if seconds > 0:
            self._stopping.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


def _build_handler(stand_in: OpenAiStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 0

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            """A call."""
            body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = AskedModel(self.path, body, headers)
            reply = stand_in.take(asked)
            if reply.status == 200:
                self._reply(reply, asked)
            else:
                self._refuse(reply)

        def _reply(self, reply: Reply, asked: AskedModel) -> None:
            first = stand_in.first_token if reply.first_token is None else reply.first_token
            pace = stand_in.per_token if reply.per_token is None else reply.per_token
            is_chat = self.path.endswith("/chat/completions")
            build = build_chat_events if is_chat else build_responses_events
            with contextlib.suppress(OSError):
                if asked.body.get("stream"):
                    self._stream(build(reply, asked), reply, (first, pace), is_chat=is_chat)
                else:
                    stand_in.wait(first)
                    self._send_whole(reply, asked, is_chat=is_chat)

        def _stream(
            self,
            events: Iterator[dict[str, Any]],
            reply: Reply,
            times: tuple[float, float],
            *,
            is_chat: bool,
        ) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            began, tokens = time.perf_counter() + times[0], 0
            stand_in.wait(times[0])
            for event in events:
                if is_token(event):
                    # By the clock: what sending takes does not add up.
                    stand_in.wait(began + tokens * times[1] - time.perf_counter())
                    tokens += 1
                self._write_event(event, is_chat=is_chat)
            while reply.ending == "endless":
                self._write_event(repeat_last(event), is_chat=is_chat)
            if reply.ending == "stall":
                stand_in.wait(60)
            if reply.ending in ("cut", "stall"):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if is_chat and reply.ending != "silent_end":
                self._write_chunk(b"data: [DONE]\n\n")
            self._write_chunk(b"")

        def _write_event(self, event: dict[str, Any], *, is_chat: bool) -> None:
            name = "" if is_chat else f"event: {event['type']}\n"
            self._write_chunk(f"{name}data: {json.dumps(event)}\n\n".encode())

        def _write_chunk(self, data: bytes) -> None:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

        def _send_whole(self, reply: Reply, asked: AskedModel, *, is_chat: bool) -> None:
            *_, last = build_responses_events(reply, asked)
            whole = last.get("response", {})
            if is_chat:
                message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
                whole = {
                    "id": "chatcmpl-1",
                    "object": "chat.completion",
                    "created": 1_700_000_000,
                    "model": asked.body["model"],
                    "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                    "usage": count_usage(reply, asked),
                }
            self._send_json(200, whole)

        def _refuse(self, reply: Reply) -> None:
            message = f"ordered error {reply.status}"
            if reply.status == 401:
                message = "Incorrect API key provided: sk-proj-********************wxyz."
            error = {"message": message, "type": "error", "param": None, "code": None}
            self._send_json(reply.status, {"error": error}, reply.retry_after)

        def _send_json(self, status: int, body: Any, retry_after: int | None = None) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            if retry_after is not None:
                self.send_header("retry-after", str(retry_after))
            self.end_headers()
            self.wfile.write(data)

    return Handler

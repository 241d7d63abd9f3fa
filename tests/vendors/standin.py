"""What every vendor's stand-in has: an address, records to look at, and faults to order.

A stand-in is a real server: the vendor's own SDK speaks to it over a real socket. It keeps
state, so that what was created is found again. A subclass answers requests:

    class AcmeStandIn(HttpStandIn):
        title = "Acme CRM"

        def answer(self, request: SeenRequest) -> Answer: ...
        def records(self) -> Records: ...

    with AcmeStandIn() as acme:
        acme.faults.order(Fault("status", status=429, retry_after=7, path="/contacts"))

`make demo-vendors` shows every class of `tests/vendors/<vendor>.py` that descends from `StandIn`
and can be made without arguments: its records, and buttons for its faults. `settings()` says
what app.yaml needs under `integrations.<vendor>` to come here instead of to the vendor.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urlsplit

Records = Mapping[str, Sequence[Mapping[str, Any]]]
FaultKind = Literal["status", "slow", "cut_before", "cut_after", "half"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next `times` requests whose method and path fit.

    `status`: answered so, nothing done. `slow`: answered after `seconds`. `cut_before`: the
    connection ends before anything is done; `cut_after`: when it was done, unanswered. `half`: it
    was done, and half of the answer arrives. `done` says otherwise of `status`, `slow`, `half`.
    """

    kind: FaultKind = "status"
    status: int = 500
    retry_after: int | None = None
    body: str = '{"message": "ordered fault"}'
    seconds: float = 1.0
    method: str = ""
    path: str = ""
    times: int = 1
    done: bool | None = None

    def fits(self, method: str, path: str) -> bool:
        """Whether it meets this request; empty `method` and `path` meet all."""
        return self.method in ("", method) and self.path in path

    @property
    def patience(self) -> float:
        """Seconds a client should wait: only a slow answer comes too late, every other in time,
        however busy the machine is."""
        return self.seconds / 2 if self.kind == "slow" else 15.0


class Faults:
    """The faults that were ordered and have not happened yet."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []
        self._lock = threading.Lock()

    def order(self, *faults: Fault) -> None:
        """Let them happen, in this order."""
        with self._lock:
            self._waiting += [(fault, fault.times) for fault in faults]

    def clear(self) -> None:
        """All is well again."""
        with self._lock:
            self._waiting.clear()

    def list_waiting(self) -> list[tuple[Fault, int]]:
        """What is still to happen, and how often."""
        with self._lock:
            return list(self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault of this request, if there is one; it is used up."""
        with self._lock:
            for index, (fault, left) in enumerate(self._waiting):
                if fault.fits(method, path):
                    self._waiting[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                    return fault
        return None


@dataclass(frozen=True)
class SeenRequest:
    """A request as it arrived; `headers` have names in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    target: str = ""

    def json(self) -> Any:
        """The body as JSON; None when it is empty."""
        return json.loads(self.body) if self.body else None

    def form(self) -> dict[str, str]:
        """The body as a form, the first value of each field."""
        pairs = parse_qs(self.body.decode(), keep_blank_values=True)
        return {name: values[0] for name, values in pairs.items()}

    def param(self, name: str, default: str = "") -> str:
        """A parameter of the query."""
        return (self.query.get(name) or [default])[0]


@dataclass(frozen=True)
class Answer:
    """An answer: `body` as bytes, or anything else as JSON; None is no body."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class StandIn:
    """In a vendor's place. The class's `vendor` is the key of the vendor's manifest; empty: the
    name of its module."""

    vendor = ""
    title = ""

    def __init__(self) -> None:
        self.faults = Faults()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        raise NotImplementedError

    def records(self) -> Records:
        """What it holds now, by kind, for people to look at."""
        raise NotImplementedError

    def settings(self) -> Mapping[str, Any]:
        """What `integrations.<vendor>` of app.yaml must say to come here."""
        return {"base_url": self.url}

    def credentials(self) -> Mapping[str, str]:
        """What connects here, as an admin would type it in."""
        return {}

    def start(self) -> None:
        """Listen at a free port of this machine."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stop listening."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; a fault of the stand-in itself is one of the test's
        (see `HttpStandIn.errors`)."""


class HttpStandIn(StandIn):
    """One that speaks HTTP/1.1. `requests` is all it was sent; `errors` is what its own code
    raised, and what a request had that the vendor's specification does not know: a test ends
    with `assert stand_in.errors == []`."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[SeenRequest] = []
        self.errors: list[str] = []
        # Held while `answer` runs: state needs no lock of its own.
        self.lock = threading.RLock()
        self._server: _Server | None = None

    def answer(self, request: SeenRequest) -> Answer:
        """What the vendor would answer. One request at a time."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None, "not started"
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> None:
        """Listen at a free port of this machine."""
        self._server = _Server(("127.0.0.1", 0), _build_handler(self))
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def work(self, request: SeenRequest) -> Answer:
        """Note the request and answer it; an error of ours is a 599 and is kept."""
        with self.lock:
            self.requests.append(request)
            try:
                return self.answer(request)
            except Exception as error:  # noqa: BLE001 - whatever it is, the test shall see it
                self.errors.append(f"{request.method} {request.target}: {error!r}")
                return Answer(599, {"message": repr(error)})


def _build_handler(stand_in: HttpStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Without it every answer of two packets waits 40 ms for the client's acknowledgement.
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

        def _serve(self) -> None:
            request = self._read()
            fault = stand_in.faults.take(self.command, request.path)
            if fault is None:
                return self._write(stand_in.work(request))
            if fault.kind == "status":
                self._note(request, done=bool(fault.done))
                wait = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
                kind = {"content-type": "application/json", **wait}
                return self._write(Answer(fault.status, fault.body.encode(), kind))
            if fault.kind == "cut_before":
                stand_in.requests.append(request)
                return self._cut()
            answer = self._note(request, done=fault.done is not False)
            if fault.kind == "cut_after":
                return self._cut()
            if fault.kind == "slow":
                time.sleep(fault.seconds)
            return self._write(answer, half=fault.kind == "half")

        def _note(self, request: SeenRequest, *, done: bool) -> Answer:
            if done:
                return stand_in.work(request)
            stand_in.requests.append(request)
            return Answer(200, {"message": "ordered fault"})

        def _read(self) -> SeenRequest:
            if "chunked" in self.headers.get("transfer-encoding", "").lower():
                body = self._read_chunks()
            else:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = parse_qs(parts.query, keep_blank_values=True)
            return SeenRequest(self.command, parts.path, query, headers, body, self.path)

        def _read_chunks(self) -> bytes:
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _write(self, answer: Answer, *, half: bool = False) -> None:
            body, headers = answer.body, dict(answer.headers)
            if body is None:
                body = b""
            elif not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers.setdefault("content-type", "application/json")
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            if answer.status != 204:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) // 2] if half else body)
            self.wfile.flush()
            if half:
                self._cut()

        def _cut(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        # The names are those of http.server.
        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815

    return Handler

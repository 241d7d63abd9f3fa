"""A sales system that says yes at once: what is left of a handoff's cost is its sender's.

`python -m benchmarks.instant_receiver PORT`. It gives access tokens, acknowledges every package
without storing it, and counts arrivals by idempotency key: `GET /seen` tells them, `POST /forget`
begins anew. Plain HTTP/1.1 over asyncio's protocols, because a web framework would use more of the
machine than the senders that are measured.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from datetime import UTC, datetime
from typing import cast

from core.ids import new_id

_LEAD = re.compile(rb'"leadId":"([^"]+)"')
_ANSWER = (
    '{"leadId":"%s","status":"accepted","salesAgentLeadId":"%s","acknowledgedAt":"%s",'
    '"assignedTo":"sales","estimatedContactTime":null,"rejectionReason":null}'
)
_TOKEN = b'{"access_token":"bench","token_type":"bearer","expires_in":36000}'

# Of each idempotency key: how often it came, when first, and when it was last answered.
SEEN: dict[str, tuple[int, float, float]] = {}


class Connection(asyncio.Protocol):
    """One kept connection; requests one after the other."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are of no type that asyncio knows.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            head, mark, rest = self._buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines)
            }
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            body, self._buffer = rest[:length], rest[length:]
            method, path, _ = first.split(" ", 2)
            content, echoed = _answer(method, path, headers, body)
            assert self._transport is not None
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
                b"%scontent-length: %d\r\n\r\n%s" % (echoed, len(content), content)
            )


def _answer(method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[bytes, bytes]:
    """The body, and a header line."""
    key = headers.get("idempotency-key", "")
    if key:
        came = time.time()
        lead = _LEAD.search(body)
        lead_id = lead[1].decode() if lead else ""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        count, first, _ = SEEN.get(key, (0, came, came))
        SEEN[key] = (count + 1, first, time.time())
        echoed = f"x-payload-hash: {headers.get('x-payload-hash', '')}\r\n".encode()
        return (_ANSWER % (lead_id, new_id(), moment)).encode(), echoed
    if path == "/oauth/token":
        return _TOKEN, b""
    if (method, path) == ("POST", "/forget"):
        SEEN.clear()
    return json.dumps(SEEN if path == "/seen" else {}).encode(), b""


async def serve(port: int) -> None:
    """Until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        runner.run(serve(int(sys.argv[1])))

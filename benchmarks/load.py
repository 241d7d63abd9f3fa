"""The load generator: a process of its own that asks over HTTP and measures each answer.

Reads a plan from standard input: `rounds`, each a list of requests `[port, path, headers, body]`,
and how many at a time. Writes the seconds of every request. It speaks plain HTTP/1.1 over asyncio
streams: a client library would use more of the machine than the server under test. It asks what
it was told to ask, on loopback, and ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

_END_OF_CHUNKS = b"\r\n0\r\n\r\n"


class Client:
    """One kept connection to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str, headers: dict[str, str], body: Any) -> tuple[int, bytes]:
        """POST `body` and read the whole answer."""
        if self._reader is None or self._writer is None:
            limit = 2**22
            opened = await asyncio.open_connection("127.0.0.1", self._port, limit=limit)
            self._reader, self._writer = opened
        content = json.dumps(body).encode()
        lines = [
            f"POST {path} HTTP/1.1",
            f"host: 127.0.0.1:{self._port}",
            "content-type: application/json",
            f"content-length: {len(content)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        if b"transfer-encoding: chunked" in head:
            return status, await self._reader.readuntil(_END_OF_CHUNKS)
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return status, await self._reader.readexactly(length)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()


async def _run_round(requests: list[Any], at_once: int) -> dict[str, Any]:
    waiting = iter(requests)
    seconds: list[float] = []
    statuses: dict[str, int] = {}
    size = 0

    async def work() -> None:
        nonlocal size
        clients: dict[int, Client] = {}
        for port, path, headers, body in waiting:
            client = clients.setdefault(port, Client(port))
            started = time.perf_counter()
            status, content = await client.ask(path, headers, body)
            seconds.append(time.perf_counter() - started)
            statuses[str(status)] = statuses.get(str(status), 0) + 1
            size += len(content)
        for client in clients.values():
            client.close()

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return {
        "seconds": seconds,
        "elapsed": time.perf_counter() - started,
        "statuses": statuses,
        "bytes": size,
    }


async def _run(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [await _run_round(round_, plan["at_once"]) for round_ in plan["rounds"]]


if __name__ == "__main__":
    try:
        import uvloop

        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
    except ImportError:
        runner = asyncio.Runner()
    with runner:
        json.dump(runner.run(_run(json.load(sys.stdin))), sys.stdout)

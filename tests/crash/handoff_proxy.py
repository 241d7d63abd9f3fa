"""What lies between a sender and a receiver: a wire that loses, delays and repeats."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable

RECEIVE = b"POST /api/v1/sales/leads "
_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
    b"content-length: 2\r\n\r\n{}"
)


class FaultyWire:
    """An HTTP proxy on loopback. Of the packages that come by, `failing` are answered 503, half
    of them after the receiver took them; and some answers are dropped with their connection,
    delayed, or the package is sent again later, so that it is acknowledged twice."""

    def __init__(self, receiver_port: int, seed: int, failing: float = 0.3) -> None:
        self._receiver_port, self._failing = receiver_port, failing
        self._dice = random.Random(seed)
        self._late: set[asyncio.Task[None]] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.seen: Counter[str] = Counter()
        # Told of each package: that it came from the sender, that the receiver answered well.
        self.on_request: Callable[[], None] = lambda: None
        self.on_answer: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Listen no more; repeats that are under way come to their end."""
        assert self._server is not None
        self._server.close()
        await asyncio.gather(*self._late, return_exceptions=True)
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        with contextlib.suppress(OSError, EOFError):
            while True:
                request = await read_message(reader)
                answer = await self._pass_on(request)
                if answer is None:
                    break
                writer.write(answer)
                await writer.drain()
        self._serving.discard(task)
        writer.close()

    async def _pass_on(self, request: bytes) -> bytes | None:
        if not request.startswith(RECEIVE):
            return await self._ask(request)
        self.seen["packages"] += 1
        self.on_request()
        fails = self._dice.random() < self._failing
        if fails and self._dice.random() < 0.5:
            self.seen["503 before it was passed on"] += 1
            return _UNAVAILABLE
        answer = await self._ask(request)
        if answer is None:
            self.seen["receiver was away"] += 1
            return None
        if answer.startswith(b"HTTP/1.1 200"):
            self.seen["acknowledged"] += 1
            self.on_answer()
        if fails:
            self.seen["503 after it was taken"] += 1
            return _UNAVAILABLE
        return await self._spoil(request, answer)

    async def _spoil(self, request: bytes, answer: bytes) -> bytes | None:
        roll = self._dice.random()
        if roll < 0.05:
            self.seen["acknowledgement dropped"] += 1
            return None
        if roll < 0.1:
            self.seen["acknowledgement delayed"] += 1
            await asyncio.sleep(self._dice.uniform(0.05, 1))
        elif roll < 0.15:
            self.seen["package repeated later"] += 1
            self._late.add(asyncio.create_task(self._repeat(request)))
        elif roll < 0.2:
            self.seen["acknowledged twice at once"] += 1
            return await self._ask(request) or answer
        return answer

    async def _repeat(self, request: bytes) -> None:
        await asyncio.sleep(self._dice.uniform(0.2, 3))
        await self._ask(request)

    async def _ask(self, request: bytes) -> bytes | None:
        """The receiver's answer; None where it died."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._receiver_port)
        except OSError:
            return None
        try:
            writer.write(request)
            return await read_message(reader)
        except (OSError, EOFError):
            return None
        finally:
            writer.close()


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP/1.1 message with a content-length, as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return head + await reader.readexactly(length)

"""Calls of one kind that come at the same time, done as one.

    self._reads = Batcher(self._read_all)            # (group, items) -> one result for each item
    found = await self._reads.ask(tenant_id, lead_id)

A call that comes alone is done at once. Calls that come while another is being done wait for its
end and are then done together: a trip to the database, or a commit, is shared by as many as wait
for one. Nobody joins what has begun, so each call sees what was true after it was made.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

Item = TypeVar("Item")
Result = TypeVar("Result")

# A database that is away is nobody's fault: those who asked are not tried one by one.
_EVERYBODYS = (OperationalError, PoolTimeoutError)


class Batcher(Generic[Item, Result]):
    """Shares work among those who ask for it at the same time, in this process."""

    def __init__(
        self,
        work: Callable[[str, list[Item]], Awaitable[Sequence[Result]]],
        most: int = 100,
    ) -> None:
        """`work(group, items)` returns one result for each item, in their order. It is all or
        nothing: where it fails for several items, each is done again alone, so that one that
        cannot be done stands in nobody's way. At most `most` are done together."""
        self._work, self._most = work, most
        self._waiting: dict[str, list[tuple[Item, asyncio.Future[Result]]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    async def ask(self, group: str, item: Item) -> Result:
        """The result for `item`, done together with others of its `group`.

        Raises:
            Exception: whatever `work` raised for this item.
        """
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(group, []).append((item, future))
        if group not in self._workers:
            # What the first one logs is not what the others do.
            nobodys = contextvars.Context()
            self._workers[group] = asyncio.create_task(self._serve(group), context=nobodys)
        return await future

    async def _serve(self, group: str) -> None:
        try:
            while waiting := self._waiting.pop(group, None):
                if rest := waiting[self._most :]:
                    self._waiting[group] = rest
                await self._do(group, waiting[: self._most])
        finally:
            del self._workers[group]
            for _, future in self._waiting.pop(group, ()):
                future.cancel()

    async def _do(self, group: str, asked: Sequence[tuple[Item, asyncio.Future[Result]]]) -> None:
        asked = [(item, future) for item, future in asked if not future.done()]
        if not asked:
            return
        try:
            results = await self._work(group, [item for item, _ in asked])
        except asyncio.CancelledError:
            for _, future in asked:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is handed to whoever asked
            await self._fail(group, asked, error)
            return
        for (_, future), result in zip(asked, results, strict=True):
            if not future.done():
                future.set_result(result)

    async def _fail(
        self, group: str, asked: Sequence[tuple[Item, asyncio.Future[Result]]], error: Exception
    ) -> None:
        if len(asked) > 1 and not isinstance(error, _EVERYBODYS):
            for one in asked:
                await self._do(group, [one])
            return
        for _, future in asked:
            if not future.done():
                future.set_exception(error)

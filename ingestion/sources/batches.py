"""Blocking readers, run in a thread a batch at a time so that the event loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

BATCH = 32
"""Documents per visit to the thread: a visit costs about 0.1 ms, a batch holds a few MB at most."""


async def stream(items: Iterator[T], batch: int = BATCH) -> AsyncIterator[T]:
    """Yield what a blocking iterator yields; an error in it comes after the items before it."""
    while True:
        found, error = await asyncio.to_thread(_take, items, batch)
        for item in found:
            yield item
        if error is not None:
            raise error
        if len(found) < batch:
            return


def _take(items: Iterator[T], count: int) -> tuple[list[T], Exception | None]:
    found: list[T] = []
    try:
        found.extend(islice(items, count))
    except Exception as error:  # noqa: BLE001 - raised again in the caller's task
        return found, error
    return found, None

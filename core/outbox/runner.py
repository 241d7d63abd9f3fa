"""What a runner promises: `tests/core/outbox/test_contract.py` holds every one to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol

from core.db import UnitOfWork


class OutboxRunner(Protocol):
    """Carries out the entries of the outbox: each at least once, with its stable key."""

    async def start(self) -> None:
        """Take up the work, beginning with what a process that died left behind."""
        ...

    async def stop(self, grace: timedelta) -> None:
        """Take no more; finish what runs within `grace`, then give the rest back."""
        ...

    def announce(self, uow: UnitOfWork, entry_ids: Sequence[int]) -> None:
        """New entries were written in `uow`: see to them as soon as it has been committed."""
        ...


class OutboxObserver(Protocol):
    """Is told what happens, for metrics."""

    def attempted(self, effect: str, result: str, *, took: timedelta, waited: timedelta) -> None:
        """An effect ended as `result` (done, retry, put_back, dead) after `took`.

        `waited` is the time from when it could have started until it did.
        """
        ...


class NoObserver:
    """Nobody counts."""

    def attempted(self, effect: str, result: str, *, took: timedelta, waited: timedelta) -> None:
        """Do nothing."""


class NoRunner:
    """For a process that only records: another process has the runner."""

    async def start(self) -> None:
        """Do nothing."""

    async def stop(self, grace: timedelta) -> None:
        """Do nothing."""

    def announce(self, uow: UnitOfWork, entry_ids: Sequence[int]) -> None:
        """Do nothing: the other process polls."""

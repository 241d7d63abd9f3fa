"""Which effects an event has. Filled once, at wiring; read-only after that."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from core.errors import BugError
from core.outbox.events import EffectGivenUp, Event
from core.outbox.models import Priority
from core.outbox.retry import RetryPolicy

_MARK = "__outbox_effect__"
_LONGEST_NAME = 100


@dataclass(frozen=True)
class EffectContext:
    """What an effect may know beside its event.

    `idempotency_key` is the same at every attempt, and no other entry has it: hand it to the
    other side, because after a crash the effect runs again although it may have happened.
    """

    entry_id: int
    tenant_id: str
    idempotency_key: str
    attempt: int
    recorded_at: datetime


EffectFunction = Callable[[Any, EffectContext], Awaitable[None]]
AnyEffect = TypeVar("AnyEffect", bound=Callable[..., Awaitable[None]])


@dataclass(frozen=True)
class EffectOptions:
    """How an effect is run.

    `lane` names the queue in which events of one ordering key wait for each other; by default
    each effect has its own, so that a vendor that is down holds up nobody else.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    timeout: timedelta = timedelta(minutes=2)
    priority: Priority = Priority.NORMAL
    lane: str | None = None


@dataclass(frozen=True)
class Effect:
    """A function that changes the outside world when `event` happened."""

    name: str
    event: type[Event]
    function: EffectFunction
    options: EffectOptions

    def ordering_key(self, event: Event) -> str | None:
        """What this effect of `event` has to wait in line for."""
        if event.ordering_key is None:
            return None
        return f"{self.options.lane or self.name}:{event.ordering_key}"


def effect(
    event: type[Event], name: str, options: EffectOptions | None = None
) -> Callable[[AnyEffect], AnyEffect]:
    """Mark a function or method as an effect of `event`; `EffectRegistry.add` then finds it.

    `name` is stored with every entry: it must stay when the function is renamed.
    """

    def mark(function: AnyEffect) -> AnyEffect:
        marks = [*getattr(function, _MARK, ()), (event, name, options or EffectOptions())]
        setattr(function, _MARK, marks)
        return function

    return mark


class EffectRegistry:
    """All effects, by event and by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Effect] = {}
        self._events: dict[str, type[Event]] = {EffectGivenUp.event_type(): EffectGivenUp}

    def register(
        self,
        event: type[Event],
        name: str,
        function: EffectFunction,
        options: EffectOptions | None = None,
    ) -> None:
        """Let `event` have the effect `function` from now on.

        Raises:
            BugError: the name is taken, too long, or two events share a type name.
        """
        if name in self._by_name:
            raise BugError(f"two effects are called {name}")
        if not 0 < len(name) <= _LONGEST_NAME:
            raise BugError(f"an effect's name has 1 to {_LONGEST_NAME} characters, not {name!r}")
        known = self._events.setdefault(event.event_type(), event)
        if known is not event:
            raise BugError(f"two events are called {event.event_type()}")
        self._by_name[name] = Effect(name, event, function, options or EffectOptions())

    def add(self, *holders: object) -> None:
        """Register every function marked with `@effect` among `holders`, or on them.

        Raises:
            BugError: a holder has none.
        """
        for holder in holders:
            candidates = [holder, *(member for _, member in inspect.getmembers(holder))]
            found = False
            for function in candidates:
                for event, name, options in getattr(function, _MARK, ()):
                    self.register(event, name, function, options)
                    found = True
            if not found:
                raise BugError(f"{holder!r} has no effect")

    def effects_of(self, event: Event) -> list[Effect]:
        """The effects of an event, in order of registration."""
        return [one for one in self._by_name.values() if one.event is type(event)]

    def find(self, name: str) -> Effect | None:
        """The effect called `name`."""
        return self._by_name.get(name)

    @property
    def names(self) -> list[str]:
        """The names of all effects: a runner leaves entries of others alone."""
        return list(self._by_name)

"""Promises to the world: rows first, effects after, never lost.

    @effect(OrderPlaced, "shop.tell_warehouse")              # in effects.py
    async def tell_warehouse(event, context): ...

    await outbox.record(uow, OrderPlaced(order_id=order.id))  # in a service

An effect happens at least once, with the same idempotency key each time. `TransientError`
tries again later, `NotBefore` puts it back without blame, any other error makes a dead letter
and tells staff.
"""

from core.outbox.dead_letters import DeadLetter, DeadLetters
from core.outbox.depth import EffectDepth, measure_depth, prune_done
from core.outbox.embedded import EmbeddedRunner, RunnerOptions
from core.outbox.events import EffectGivenUp, Event
from core.outbox.models import EntryState, OutboxEntry, Priority
from core.outbox.outbox import EntryStatus, Outbox, RecordedEntry
from core.outbox.registry import EffectContext, EffectOptions, EffectRegistry, effect
from core.outbox.retry import NotBefore, RetryPolicy
from core.outbox.runner import NoObserver, NoRunner, OutboxObserver, OutboxRunner

__all__ = [
    "DeadLetter",
    "DeadLetters",
    "EffectContext",
    "EffectDepth",
    "EffectGivenUp",
    "EffectOptions",
    "EffectRegistry",
    "EmbeddedRunner",
    "EntryState",
    "EntryStatus",
    "Event",
    "NoObserver",
    "NoRunner",
    "NotBefore",
    "Outbox",
    "OutboxEntry",
    "OutboxObserver",
    "OutboxRunner",
    "Priority",
    "RecordedEntry",
    "RetryPolicy",
    "RunnerOptions",
    "effect",
    "measure_depth",
    "prune_done",
]

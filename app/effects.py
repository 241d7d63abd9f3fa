"""Every effect of the product: what happens outside when something happened inside.

An effect asks for its service at each run: `app.yaml` may have changed since the last one. A
process that only records events needs this registry too: what it does not know it cannot
promise.
"""

from __future__ import annotations

from collections.abc import Callable

from app.services import Services
from core.outbox import EffectRegistry


def build_effects(_get_services: Callable[[], Services]) -> EffectRegistry:
    """The registry, filled. Each module's effects are added here, in one line each."""
    return EffectRegistry()

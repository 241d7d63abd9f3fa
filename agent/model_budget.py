"""What calls to a model may cost: asked before each call, told after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

# English text has about four characters to a token; used where a vendor says nothing.
_CHARACTERS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one call. `cached` are those of `input` that the vendor had in its cache.
    `is_estimated`: the vendor did not say, or the call broke off."""

    input: int = 0
    output: int = 0
    cached: int = 0
    is_estimated: bool = False

    def plus(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.is_estimated or other.is_estimated,
        )


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call before it is made; `input` and `output` are upper estimates in tokens.
    `turn_id` is the same for all calls of one turn."""

    model: str
    tenant_id: str
    site_id: str
    conversation_id: str
    turn_id: str
    input: int
    output: int


class Reservation(Protocol):
    """Tokens that were set aside for one call."""

    async def settle(self, usage: Usage) -> None:
        """The call is over and took so much; what was set aside beyond that is free again. Called
        exactly once, whether the call went well or not."""
        ...


class ModelBudget(Protocol):
    """Sets tokens aside for calls."""

    async def reserve(self, call: PlannedCall) -> Reservation | None:
        """Set aside what the call may take; None when that is no longer to be had, and the turn
        goes on without a model."""
        ...


@dataclass(slots=True)
class _Counted:
    budget: CountingBudget
    model: str

    async def settle(self, usage: Usage) -> None:
        """Add it up."""
        known = self.budget.used.get(self.model, Usage())
        self.budget.used[self.model] = known.plus(usage)


class CountingBudget:
    """No limit: counts what was used, by model, since the process started."""

    def __init__(self) -> None:
        self.used: dict[str, Usage] = {}

    async def reserve(self, call: PlannedCall) -> Reservation | None:
        """Always."""
        return _Counted(self, call.model)


def estimate_tokens(characters: int) -> int:
    """About how many tokens a text of so many characters has."""
    return -(-characters // _CHARACTERS_PER_TOKEN)

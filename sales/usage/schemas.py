"""Values that cross the border of `usage`. Money is in millionths of `model.currency`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

CallState = Literal["reserved", "settled", "refused"]


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call to a model that is about to be made. `tokens` and `cost_micros` are what it may
    cost at most; `turn_id` is the same for all calls of one turn."""

    tenant_id: str
    site_id: str
    conversation_id: str
    turn_id: str
    model: str
    tokens: int
    cost_micros: int


@dataclass(frozen=True, slots=True)
class CallUsage:
    """What a call cost. Cached tokens are part of the prompt's."""

    prompt_tokens: int
    completion_tokens: int
    cost_micros: int
    cached_tokens: int = 0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.prompt_tokens + self.completion_tokens


@dataclass(frozen=True, slots=True)
class Spent:
    """What was spent or is reserved within the reach of one cap."""

    tokens: int = 0
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class UsageDay:
    """One site's use of a model on one day (UTC). `refused`: turns that went on without it."""

    day: date
    site_id: str
    model: str
    calls: int
    turns: int
    conversations: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    cost_micros: int
    refused: int


@dataclass(frozen=True, slots=True)
class RefusedTurn:
    """A turn that went on without a model, and the cap that it met."""

    site_id: str
    conversation_id: str
    cap: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CostlyConversation:
    """A conversation and what its turns cost together."""

    conversation_id: str
    calls: int
    tokens: int
    cost_micros: int

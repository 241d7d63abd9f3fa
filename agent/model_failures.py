"""How calls to a language model fail, and what is kept of it for admins."""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agent.circuit import Circuit, CircuitState
from core.logging import redact
from core.outbound import read_retry_after

_KEPT = 20
_WORDS = 160
_KEY = re.compile(r"\b(?:sk|pk|key|Bearer)[-_ ][\w*.-]{4,}", re.IGNORECASE)


class FailureKind(StrEnum):
    """Why a call gave no answer."""

    REFUSED_KEY = "refused_key"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    REFUSED_REQUEST = "refused_request"
    UNREACHABLE = "unreachable"
    SLOW_START = "slow_start"
    STALLED = "stalled"
    TOO_SLOW = "too_slow"
    CUT = "cut"
    TOO_LONG = "too_long"
    EMPTY = "empty"
    FILTERED = "filtered"
    BAD_TOOL_CALL = "bad_tool_call"
    RESTING = "resting"
    OVER_BUDGET = "over_budget"
    BROKEN = "broken"


# The model is well, and only this answer was none: no reason to leave it alone.
HARMLESS = frozenset({FailureKind.FILTERED, FailureKind.TOO_LONG, FailureKind.OVER_BUDGET})
_STATUSES = {
    401: FailureKind.REFUSED_KEY,
    403: FailureKind.REFUSED_KEY,
    408: FailureKind.SLOW_START,
    429: FailureKind.RATE_LIMITED,
}


class ModelFailed(Exception):
    """A call gave no answer, or not all of it. `words` are the vendor's own, without secrets."""

    def __init__(
        self, kind: FailureKind, words: str = "", retry_after: timedelta | None = None
    ) -> None:
        super().__init__(f"{kind}: {words}")
        self.kind, self.words, self.retry_after = kind, words, retry_after


def read_failure(error: Exception) -> ModelFailed:
    """What an error of any provider's library means. They share no class, but their HTTP errors
    carry `status_code`, and their connection errors say so in their names."""
    status = getattr(error, "status_code", None)
    response = getattr(error, "response", None)
    if status is None:
        status = getattr(response, "status_code", None)
    words = _shorten(str(error) or type(error).__name__)
    if isinstance(status, int) and status >= 400:
        kind = FailureKind.SERVER_ERROR if status >= 500 else FailureKind.REFUSED_REQUEST
        headers: Mapping[str, str] = getattr(response, "headers", None) or {}
        wait = read_retry_after(headers.get("retry-after"))
        return ModelFailed(_STATUSES.get(status, kind), f"{status} {words}", wait)
    names = " ".join(kind.__name__ for kind in type(error).__mro__).lower()
    if "contentfilter" in names or "lengthfinish" in names:
        return ModelFailed(FailureKind.FILTERED, words)
    if "timeout" in names:
        return ModelFailed(FailureKind.SLOW_START, words)
    if "remoteprotocol" in names or "readerror" in names or "incomplete" in names:
        return ModelFailed(FailureKind.CUT, words)
    if "connect" in names or isinstance(error, OSError):
        return ModelFailed(FailureKind.UNREACHABLE, words)
    return ModelFailed(FailureKind.BROKEN, f"{type(error).__name__}: {words}"[:_WORDS])


def _shorten(words: str) -> str:
    return redact(_KEY.sub("[redacted]", " ".join(words.split())))[:_WORDS]


@dataclass(frozen=True, slots=True)
class KeptFailure:
    """One failure as admins see it."""

    at: datetime
    model: str
    kind: FailureKind
    words: str


@dataclass(frozen=True, slots=True)
class ModelState:
    """How a model does now. `resting_until`: it is left alone until then."""

    name: str
    circuit: CircuitState
    resting_until: datetime | None
    calls: int
    failures: Mapping[str, int]


class ModelRecord:
    """What this process remembers of its models' failures since it started."""

    def __init__(self) -> None:
        self._latest: deque[KeptFailure] = deque(maxlen=_KEPT)
        self._calls: Tally[str] = Tally()
        self._failures: dict[str, Tally[str]] = {}
        self._circuits: dict[str, Circuit] = {}

    def watch(self, model: str, circuit: Circuit) -> None:
        """From now on this model's state is shown as well."""
        self._circuits[model] = circuit

    def count_call(self, model: str) -> None:
        """One more call."""
        self._calls[model] += 1

    def keep(self, failure: KeptFailure) -> None:
        """Remember a failure; the oldest is forgotten."""
        self._latest.appendleft(failure)
        self._failures.setdefault(failure.model, Tally())[str(failure.kind)] += 1

    def list_latest(self) -> list[KeptFailure]:
        """The last failures, newest first."""
        return list(self._latest)

    def list_states(self) -> list[ModelState]:
        """Every model as it does now."""
        return [
            ModelState(
                name,
                circuit.state,
                circuit.open_until,
                self._calls[name],
                dict(self._failures.get(name, Tally())),
            )
            for name, circuit in self._circuits.items()
        ]

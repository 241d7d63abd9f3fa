"""What an erasure still has to do."""

from __future__ import annotations

from core.outbox import Event


class ErasureStepDue(Event):
    """One system is to forget a person. Ids only: the person stands, encrypted, in the row."""

    erasure_id: str
    step: str
    round: int

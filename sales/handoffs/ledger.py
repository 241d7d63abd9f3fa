"""The rows of both ends of handoffs, for what follows from them in the same transaction."""

from __future__ import annotations

from core.db import UnitOfWork
from sales.handoffs.models import Handoff
from sales.handoffs.received_repository import ReceivedRepository
from sales.handoffs.repository import HandoffRepository

HandoffRow = Handoff


def open_handoffs(uow: UnitOfWork) -> HandoffRepository:
    """What was handed over."""
    return HandoffRepository(uow)


def open_received(uow: UnitOfWork) -> ReceivedRepository:
    """What was received."""
    return ReceivedRepository(uow)

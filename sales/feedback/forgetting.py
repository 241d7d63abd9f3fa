"""What sales wrote about a person, taken away when the person is erased."""

from __future__ import annotations

from collections.abc import Sequence

from core.db import UnitOfWork
from sales.feedback.repository import FeedbackRepository


async def forget_feedback(uow: UnitOfWork, lead_ids: Sequence[str]) -> int:
    """Reports and notes go; times, kinds and amounts stay (X-22). How many facts held a note."""
    return await FeedbackRepository(uow).forget(lead_ids)

"""What keeps a call from being made."""

from __future__ import annotations

from core.errors import UserError
from sales.usage.settings import Cap


class BudgetSpent(UserError):
    """A cap would be passed: the turn goes on without a model. Never shown to visitors."""

    code = "BUDGET_SPENT"
    status = 429

    def __init__(self, cap: Cap) -> None:
        super().__init__(f"The cap budget.{cap} is reached.", {"cap": cap})
        self.cap: Cap = cap

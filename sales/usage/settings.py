"""The section `budget` of `app.yaml`."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from core.settings import Section

Cap = Literal["turn", "conversation", "site_day", "day"]
CAPS: tuple[Cap, ...] = ("turn", "conversation", "site_day", "day")
"""The narrowest first."""


class CapSettings(Section):
    """A cap in tokens, in money, or both. Neither: no cap."""

    tokens: int | None = Field(default=None, ge=1)
    """Tokens read and written together."""
    money: Decimal | None = Field(default=None, gt=0, max_digits=12, decimal_places=6)
    """In `model.currency`. Needs the model's prices (`model.prices`)."""


class BudgetSettings(Section):
    """What the language model may cost. At a cap the agent goes on without a model: visitors
    still get answers, from the website's own sentences, and staff see it in the portal."""

    turn: CapSettings = CapSettings(tokens=50_000)
    """One message and its answer."""
    conversation: CapSettings = CapSettings()
    """All turns of one conversation."""
    site_day: CapSettings = CapSettings()
    """All conversations of one site on one day (UTC)."""
    day: CapSettings = CapSettings()
    """All sites of one tenant on one day (UTC)."""

"""What language models may cost: their calls in the ledger of `sales.usage`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import SQLAlchemyError

from agent.model_budget import PlannedCall, Reservation, Usage
from agent.model_settings import ModelSettings, PriceSettings
from app.language_models import LanguageModels, open_language_models
from core.clock import Clock
from sales.usage.errors import BudgetSpent
from sales.usage.rules import price_tokens
from sales.usage.schemas import CallRequest, CallUsage
from sales.usage.service import UsageService

log = structlog.get_logger(__name__)


class LedgerBudget:
    """Sets tokens aside in the ledger. Where the ledger cannot be written the call is not made:
    nobody would know of its cost."""

    def __init__(
        self, get_usage: Callable[[], UsageService], prices: Mapping[str, PriceSettings]
    ) -> None:
        self._get_usage, self._prices = get_usage, prices

    async def reserve(self, call: PlannedCall) -> Reservation | None:
        """Set aside what the call may take; None at a cap."""
        usage = self._get_usage()
        request = CallRequest(
            tenant_id=call.tenant_id,
            site_id=call.site_id,
            conversation_id=call.conversation_id,
            turn_id=call.turn_id,
            model=call.model,
            tokens=call.input + call.output,
            cost_micros=self._price(call.model, Usage(call.input, call.output)),
        )
        try:
            call_id = await usage.reserve(request)
        except BudgetSpent as spent:
            log.warning("model_budget_spent", cap=spent.cap, site=call.site_id)
            return None
        except SQLAlchemyError as error:
            log.error("model_call_not_reserved", kind=type(error).__name__)
            return None
        return _Reserved(self, usage, call, call_id)

    def _price(self, model: str, used: Usage) -> int:
        price = self._prices.get(model)
        if price is None:
            return 0
        whole, output = Decimal(str(price.input)), Decimal(str(price.output))
        fresh = price_tokens(used.input - used.cached, used.output, whole, output)
        from_cache = price.input if price.cached_input is None else price.cached_input
        return fresh + price_tokens(used.cached, 0, Decimal(str(from_cache)), output)

    def price(self, model: str, used: Usage) -> CallUsage:
        """What was used, with what it costs."""
        return CallUsage(used.input, used.output, self._price(model, used), used.cached)


@dataclass(frozen=True, slots=True)
class _Reserved:
    budget: LedgerBudget
    usage: UsageService
    call: PlannedCall
    call_id: str

    async def settle(self, usage: Usage) -> None:
        """Write down what the call cost. Where that fails, what was set aside keeps counting."""
        spent = self.budget.price(self.call.model, usage)
        try:
            await self.usage.settle(self.call.tenant_id, self.call_id, spent)
        except SQLAlchemyError as error:
            log.error("model_call_not_settled", kind=type(error).__name__)


def open_configured_models(
    model: ModelSettings | str,
    folder: Path,
    registry: CollectorRegistry,
    clock: Clock,
    get_usage: Callable[[], UsageService],
) -> LanguageModels | None:
    """The models of `app.yaml` over the ledger; None where it names none.

    Raises:
        ConfigurationError: a provider's package or key is missing, or a prompt cannot be used.
    """
    if isinstance(model, str):
        return None
    budget = LedgerBudget(get_usage, model.prices)
    return open_language_models(model, folder, registry, clock, budget)

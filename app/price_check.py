"""Whether what `app.yaml` says of models and of budgets fits together. Imports little: settings are
read before the embedding model is opened (see app/embedder.py)."""

from __future__ import annotations

from agent.model_settings import ModelSettings
from sales.usage.rules import needs_prices
from sales.usage.settings import BudgetSettings


def check_budget(model: ModelSettings | str, budget: BudgetSettings) -> None:
    """Refuse a cap in money where a model's price is not known.

    Raises:
        ValueError: with the model whose price lacks.
    """
    if isinstance(model, str) or not needs_prices(budget):
        return
    for name in (model.chat, model.fallback):
        if name is not None and name not in model.prices:
            raise ValueError(
                f"budget: a cap in money needs the price of {name}. Write it under model.prices"
            )

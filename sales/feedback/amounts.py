"""Money in whole minor units, so that sums are exact. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

# ISO 4217, List One: those whose minor unit is no hundredth.
_NO_MINOR = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
             "VND", "VUV", "XAF", "XOF", "XPF"}  # fmt: skip
_THOUSANDTHS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"}
LARGEST = 10**15
"""In minor units; more is a slip."""


def count_digits(currency: str) -> int:
    """How many digits the minor unit of a currency has after the point."""
    if currency in _NO_MINOR:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def read_amount(value: object, currency: str) -> int | None:
    """A JSON number, or a number in a text, in minor units, rounded half up; None where it is
    none, or beyond `LARGEST`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) > LARGEST:
            return None
        minor = int(number.scaleb(count_digits(currency)).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError):
        return None
    return minor if abs(minor) <= LARGEST else None


def write_amount(minor: int, currency: str) -> str:
    """Minor units as people read them: 1234.50."""
    digits = count_digits(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f}"


def share_out(amount: int, weights: Sequence[float]) -> list[int]:
    """`amount` in whole parts that are as near to the weights as can be and sum to it exactly:
    largest remainder, the earlier one where two are equal. Of no weight at all each gets the
    same."""
    if len(weights) < 2:
        return [amount] * len(weights)
    exact = [Fraction(max(weight, 0.0)) for weight in weights]
    whole = sum(exact)
    if not whole:
        exact, whole = [Fraction(1)] * len(exact), Fraction(len(exact))
    sign, amount = (-1, -amount) if amount < 0 else (1, amount)
    quotas = [amount * weight / whole for weight in exact]
    parts = [int(quota) for quota in quotas]
    order = sorted(range(len(parts)), key=lambda at: (parts[at] - quotas[at], at))
    for at in order[: amount - sum(parts)]:
        parts[at] += 1
    return [sign * part for part in parts]

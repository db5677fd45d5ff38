"""Money is integer micro-USD inside. This is the one place where it is rounded."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal

MICRO_PER_USD = 1_000_000

# Wide enough that no sum that a provider could name is rounded before the last step.
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)


def usd(amount: Decimal | float | str) -> int:
    """Dollars as micro-USD: exact, then half to even.

    A float counts as the decimal that it prints as, which is what its sender wrote. Raises
    ValueError for text that is no number, for NaN and for infinities.
    """
    try:
        micro_usd = _EXACT.multiply(Decimal(str(amount).strip()), Decimal(MICRO_PER_USD))
    except ArithmeticError:
        raise ValueError(f"{amount!r} is not an amount of money") from None
    return round_micro(micro_usd)


def round_micro(micro_usd: Decimal) -> int:
    """A fraction of micro-USD as a whole number, half to even. Raises ValueError for NaN."""
    if not micro_usd.is_finite():
        raise ValueError("an amount of money must be finite")
    try:
        return int(micro_usd.quantize(_ONE, context=_EXACT))
    except ArithmeticError:
        raise ValueError("an amount of money beyond all measure") from None


def to_usd(micro_usd: int) -> float:
    """Micro-USD as dollars, for answers. Exact to the micro-dollar below nine thousand million."""
    return float(Decimal(micro_usd) / MICRO_PER_USD)

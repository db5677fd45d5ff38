"""Up to how many machines our bill is lower than a rival's, which does not grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.bench.cost.bill import cheapest
from tests.bench.cost.month import line_through
from tests.bench.cost.prices import RIVALS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.bench.cost.bill import Month, Shape

MOST = 100_000


def crossovers(
    shapes: Mapping[str, Shape], small: tuple[Month, int], large: tuple[Month, int]
) -> list[dict[str, Any]]:
    """Of each rival: the machines above which it is cheaper, on the line through two fleets that
    were simulated; at its higher price too, where sources differ.
    """

    def usd(machines: int) -> float:
        month = line_through(*small, *large, machines)
        return sum(cheapest(month, shapes)[1].values())

    return [
        {
            "name": each.name,
            "usd": each.usd,
            "usd_to": each.usd_to,
            "above": last_below(usd, each.usd),
            "above_to": last_below(usd, each.usd_to),
            "what": each.what,
        }
        for each in RIVALS
    ]


def last_below(usd: Callable[[int], float], limit: float) -> int:
    """The most machines whose bill is not above the limit; the bill only grows."""
    low, high = 1, MOST
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if usd(middle) <= limit else (low, middle - 1)
    return low

"""How much of a bill falls into a stretch of time."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from shared.domain.billing.money import round_micro

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class BillLine(Protocol):
    """An amount in micro-USD that accrued evenly from `start` to `end`."""

    @property
    def amount_micro_usd(self) -> int: ...

    @property
    def start(self) -> datetime: ...

    @property
    def end(self) -> datetime: ...


def spent_since(lines: Iterable[BillLine], moment: datetime) -> int:
    """Micro-USD from `moment` on. A line across it counts by its share of time after it.

    Time at a rate (GPU, disk) really accrues so; for traffic, which comes when it comes, the
    share is an estimate.
    """
    return round_micro(sum((_share(line, moment) for line in lines), Decimal(0)))


def _share(line: BillLine, moment: datetime) -> Decimal:
    amount = Decimal(line.amount_micro_usd)
    if line.end <= moment:
        return Decimal(0)
    if line.start >= moment:
        return amount
    whole = Decimal((line.end - line.start).total_seconds())
    return amount * Decimal((line.end - moment).total_seconds()) / whole

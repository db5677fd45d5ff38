"""What a market asked at one moment, GPU by GPU: the memory of prices is made of these."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.market.gpu_names import canonical
from shared.domain.market.offers import MachineType, Offer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PERIOD = timedelta(minutes=5)
# The longest look back that the API serves, and a day.
KEPT = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class GpuPrices:
    """One model's open offers. Rates are micro-USD per GPU-hour, without disk and traffic.

    Each offer counts once, however many GPUs it has; quartiles are of the nearest rank.
    """

    gpu_name: str
    offers: int
    gpus: int
    lowest: int
    quarter: int
    median: int
    three_quarters: int


@dataclass(frozen=True, slots=True)
class MarketSample:
    """`truncated`: the market was larger than what was read, the cheapest of it.

    `as_of` is when the provider was asked; `period` is the five minutes that it stands for.
    """

    id: str
    provider: str
    machine_type: MachineType
    period: datetime
    as_of: datetime
    truncated: bool
    prices: tuple[GpuPrices, ...]
    expires_at: datetime


def period_of(now: datetime) -> datetime:
    """The beginning of the five minutes in which `now` lies."""
    seconds = now.timestamp()
    return datetime.fromtimestamp(seconds - seconds % PERIOD.total_seconds(), UTC)


def sample_of(
    provider: str,
    machine_type: MachineType,
    offers: Sequence[Offer],
    as_of: datetime,
    period: datetime,
    *,
    truncated: bool,
) -> MarketSample:
    """Its id is made of what it stands for: a run that is doubled makes the same document."""
    kind = "spot" if machine_type is MachineType.INTERRUPTIBLE else "demand"
    return MarketSample(
        id=f"{provider}_{kind}_{period:%Y%m%d%H%M}",
        provider=provider,
        machine_type=machine_type,
        period=period,
        as_of=as_of,
        truncated=truncated,
        prices=prices_of(offers),
        expires_at=period + KEPT,
    )


def prices_of(offers: Iterable[Offer]) -> tuple[GpuPrices, ...]:
    """By the GPU's name, in its order. An offer of no GPU says nothing of GPUs."""
    by_gpu: defaultdict[str, list[Offer]] = defaultdict(list)
    for offer in offers:
        if offer.num_gpus > 0:
            by_gpu[canonical(offer.gpu_name)].append(offer)
    return tuple(_prices(by_gpu[name]) for name in sorted(by_gpu))


def _prices(offers: list[Offer]) -> GpuPrices:
    rates = sorted(round(each.gpu_rate / each.num_gpus) for each in offers)
    return GpuPrices(
        gpu_name=min(each.gpu_name for each in offers),
        offers=len(offers),
        gpus=sum(each.num_gpus for each in offers),
        lowest=rates[0],
        quarter=_ranked(rates, 1, 4),
        median=_ranked(rates, 2, 4),
        three_quarters=_ranked(rates, 3, 4),
    )


def _ranked(ordered: list[int], part: int, of: int) -> int:
    """The smallest value that at least `part / of` of all do not exceed (nearest rank)."""
    return ordered[max(0, -(-len(ordered) * part // of) - 1)]

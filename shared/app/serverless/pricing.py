"""What serverless would cost at what the market asks now."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from shared.app.market.offers import Warned, search_offers
from shared.domain.frozen import dataclass
from shared.domain.market.offers import MachineType, OfferFilter
from shared.domain.replacing import replace
from shared.domain.serverless.model import Mode
from shared.domain.serverless.prices import Monthly, Use, always_on, in_mode

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.market.offers import Offer


@dataclass(frozen=True, slots=True)
class Prices:
    """None where the market has no such machine now."""

    as_of: datetime
    offers: int
    always_on: Monthly | None
    modes: tuple[tuple[Mode, Monthly | None], ...]
    warnings: tuple[Warned, ...]


def prices(services: Services, gpu_name: str | None, use: Use) -> Prices:
    """By the cheapest machine that fits, which is what an order would find first."""
    wanted = OfferFilter(gpu_name=gpu_name, min_disk_gb=use.disk_gb)
    bids = replace(wanted, machine_type=MachineType.INTERRUPTIBLE)
    firm, spot = search_offers(services, wanted), search_offers(services, bids)
    cheapest = firm.offers[0].offer if firm.offers else None
    spot_gpu = replace(bids, gpu_name=gpu_name or (cheapest.gpu_name if cheapest else None))
    of_gpu = spot if spot_gpu == bids else search_offers(services, spot_gpu)
    lowest = of_gpu.offers[0].offer if of_gpu.offers else None
    return Prices(
        as_of=min(firm.as_of, spot.as_of),
        offers=firm.matched + of_gpu.matched,
        always_on=always_on(cheapest, use) if cheapest else None,
        modes=tuple((mode, _of(mode, cheapest, lowest, use)) for mode in Mode),
        warnings=(*firm.warnings, *spot.warnings),
    )


def _of(mode: Mode, firm: Offer | None, spot: Offer | None, use: Use) -> Monthly | None:
    offer = spot if mode is Mode.SPOT else firm
    return in_mode(mode, offer, use) if offer else None

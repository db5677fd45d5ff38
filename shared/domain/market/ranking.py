"""In what order offers are shown, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.market.offers import Offer, OfferOrder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# What a part is worth of a full score. Price leads because two offers of one GPU differ most in
# it; reliability decides how often the work is interrupted; the rest breaks ties.
PRICE_WEIGHT = 50
RELIABILITY_WEIGHT = 25
BANDWIDTH_WEIGHT = 10
VERIFIED_WEIGHT = 10
DIRECT_PORTS_WEIGHT = 5
# A restore of tens of GB is no longer bound by the network past this.
ENOUGH_BANDWIDTH_MBPS = 1000.0
# ssh, two services and one to spare.
ENOUGH_DIRECT_PORTS = 4


@dataclass(frozen=True, slots=True)
class Score:
    """`total` is 0 to 100: the weighted sum of the parts, each 0 to 1.

    price: the cheapest offer's price over this one's. reliability: as the provider gives it, or
    corrected by what we saw.
    bandwidth: the slower direction over 1000 Mbit/s, at most 1. verified: 0 or 1.
    direct_ports: their number over 4, at most 1. A part that is unknown is None; it earns nothing.
    """

    total: float
    price: float
    reliability: float | None
    bandwidth: float | None
    verified: float
    direct_ports: float | None


@dataclass(frozen=True, slots=True)
class RankedOffer:
    """`price` is micro-USD per hour with the disk that was asked for."""

    offer: Offer
    price: int
    score: Score


def stated_reliability(offer: Offer) -> float | None:
    """As the provider gives it."""
    return offer.reliability


def rank(
    offers: Iterable[Offer],
    order: OfferOrder,
    disk_gb: int,
    reliability_of: Callable[[Offer], float | None] = stated_reliability,
) -> tuple[RankedOffer, ...]:
    """The offers with their scores, the best by `order` first; unknown values come last.

    `reliability_of` is 0 to 1, or None. Equals are ordered by price, then by provider and id, so
    that one market has one order.
    """
    known = tuple(offers)
    cheapest = min((each.price(disk_gb) for each in known), default=0)
    ranked = [
        RankedOffer(
            each, each.price(disk_gb), _score(each, cheapest, disk_gb, reliability_of(each))
        )
        for each in known
    ]
    return tuple(sorted(ranked, key=lambda each: _key(each, order)))


def _key(ranked: RankedOffer, order: OfferOrder) -> tuple[float, int, str, str]:
    offer = ranked.offer
    merit: float | None = {
        OfferOrder.PRICE: 0.0,
        OfferOrder.SCORE: ranked.score.total,
        OfferOrder.RELIABILITY: ranked.score.reliability,
        OfferOrder.DLPERF_PER_USD: _dlperf_per_usd(ranked),
    }[order]
    worst_first = float("inf") if merit is None else -merit
    return worst_first, ranked.price, offer.provider, offer.offer_id


def _dlperf_per_usd(ranked: RankedOffer) -> float | None:
    if ranked.offer.dlperf is None or not ranked.price:
        return None
    return ranked.offer.dlperf * 1e6 / ranked.price


def _score(offer: Offer, cheapest: int, disk_gb: int, reliability: float | None) -> Score:
    own = offer.price(disk_gb)
    price = cheapest / own if own else 1.0
    bandwidth = _bandwidth(offer)
    verified = 1.0 if offer.verified else 0.0
    direct_ports = _share(offer.direct_ports, ENOUGH_DIRECT_PORTS)
    total = (
        PRICE_WEIGHT * price
        + RELIABILITY_WEIGHT * (reliability or 0)
        + BANDWIDTH_WEIGHT * (bandwidth or 0)
        + VERIFIED_WEIGHT * verified
        + DIRECT_PORTS_WEIGHT * (direct_ports or 0)
    )
    return Score(round(total, 3), price, reliability, bandwidth, verified, direct_ports)


def _bandwidth(offer: Offer) -> float | None:
    if offer.inet_down_mbps is None or offer.inet_up_mbps is None:
        return None
    return _share(min(offer.inet_down_mbps, offer.inet_up_mbps), ENOUGH_BANDWIDTH_MBPS)


def _share(value: float | None, enough: float) -> float | None:
    return None if value is None else min(1.0, value / enough)

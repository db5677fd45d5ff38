"""Which offers satisfy a filter, and which are hidden only because nobody asked for them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from shared.domain.market.gpu_names import same_gpu
from shared.domain.market.offers import OfferFilter
from shared.domain.market.regions import countries_of
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.market.offers import Offer

# No offer is hidden by these.
ANYTHING = OfferFilter(
    num_gpus=0,
    min_gpu_ram_gb=0,
    min_cpu_cores=0,
    min_cpu_ram_gb=0,
    min_disk_gb=0,
    min_inet_down_mbps=0,
    min_inet_up_mbps=0,
    max_price=10**12,
)
# What is no condition on an offer but says which market, how many and in what order.
_NOT_CONDITIONS = frozenset({"machine_type", "order_by", "limit"})


def matching(offers: Iterable[Offer], wanted: OfferFilter) -> tuple[Offer, ...]:
    """Offers that meet every condition, in the order given.

    What an offer does not say does not meet a condition; a minimum of zero is none. Raises
    Invalid for a region that we do not know.
    """
    countries = None if wanted.region is None else countries_of(wanted.region)
    return tuple(
        offer
        for offer in offers
        if _is_named(offer, wanted)
        and _is_large_enough(offer, wanted)
        and _is_trusted(offer, wanted)
        and offer.price(wanted.min_disk_gb) <= wanted.max_price
        and (countries is None or offer.country in countries)
    )


def without_defaults(wanted: OfferFilter) -> OfferFilter:
    """The same filter with every condition that stands at its default taken away.

    A default disk is taken away with its price: what is compared is the offer itself.
    """
    defaults = OfferFilter()
    open_ones = {
        each.name: getattr(ANYTHING, each.name)
        for each in fields(OfferFilter)
        if each.name not in _NOT_CONDITIONS
        and getattr(wanted, each.name) == getattr(defaults, each.name)
    }
    return replace(wanted, **open_ones)


def hidden_by_default(offers: Iterable[Offer], wanted: OfferFilter) -> int:
    """How many more offers there would be without the conditions that nobody chose.

    A condition that was chosen to be what it is by default counts as not chosen.
    """
    known = tuple(offers)
    return len(matching(known, without_defaults(wanted))) - len(matching(known, wanted))


def _is_named(offer: Offer, wanted: OfferFilter) -> bool:
    return (
        offer.machine_type is wanted.machine_type
        and wanted.provider in (None, offer.provider)
        and wanted.num_gpus in (0, offer.num_gpus)
        and (wanted.gpu_name is None or same_gpu(wanted.gpu_name, offer.gpu_name))
    )


def _is_large_enough(offer: Offer, wanted: OfferFilter) -> bool:
    return (
        _reaches(offer.gpu_ram_mb, wanted.min_gpu_ram_gb * 1000)
        and _reaches(offer.cpu_cores, wanted.min_cpu_cores)
        and _reaches(offer.cpu_ram_mb, wanted.min_cpu_ram_gb * 1000)
        and _reaches(offer.disk_gb, wanted.min_disk_gb)
        and _reaches(offer.inet_down_mbps, wanted.min_inet_down_mbps)
        and _reaches(offer.inet_up_mbps, wanted.min_inet_up_mbps)
        and _reaches(offer.cuda_version, wanted.cuda_version or 0)
    )


def _is_trusted(offer: Offer, wanted: OfferFilter) -> bool:
    return (
        _reaches(offer.reliability, wanted.min_reliability)
        and (offer.verified or not wanted.verified_only)
        and (offer.static_ip is True or not wanted.static_ip)
    )


def _reaches(value: float | None, least: float) -> bool:
    return least <= 0 or (value is not None and value >= least)

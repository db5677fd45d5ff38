"""Whom to run a race with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.market.filtering import matching
from shared.domain.market.offers import OfferOrder
from shared.domain.market.ranking import rank

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.market.offers import Offer, OfferFilter


def candidates(offers: Iterable[Offer], want: OfferFilter, width: int) -> tuple[Offer, ...]:
    """At most `width` offers that satisfy `want`, each on a machine of its own, best score first.

    Hosts of their own are preferred, since one host's outage or slow line would slow every racer
    on it; a host is used again only when there are too few. A machine without a known host
    counts as one.
    """
    fitting = matching(offers, want)
    ranked = [each.offer for each in rank(fitting, OfferOrder.SCORE, want.min_disk_gb)]
    best_of_machine: dict[tuple[str, str], Offer] = {}
    for offer in ranked:
        best_of_machine.setdefault((offer.provider, offer.machine_id), offer)
    first_of_host: dict[tuple[str, str], Offer] = {}
    for offer in best_of_machine.values():
        host = f"machine {offer.machine_id}" if offer.host_id is None else offer.host_id
        first_of_host.setdefault((offer.provider, host), offer)
    preferred = tuple(first_of_host.values())
    others = tuple(each for each in best_of_machine.values() if each not in preferred)
    return (preferred + others)[: max(width, 0)]

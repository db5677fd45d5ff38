"""Pick what an instance will be rented on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.app.market.offers import find_offer, market_offers
from shared.domain.errors import OfferGone
from shared.domain.market.candidates import candidates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.market.offers import Offer


def choose(
    services: Services, instance: Instance, width: int, tried: Iterable[str]
) -> tuple[Offer, ...]:
    """At most `width` offers on different machines, none of them `tried` in this provisioning.

    A wake goes to another machine than the last where there is one. Raises ProviderError when
    no provider answers.
    """
    if instance.offer_id and instance.attempts == 0 and instance.epoch == 0:
        return _named(services, instance)
    want = replace(instance.want, min_disk_gb=max(instance.want.min_disk_gb, instance.spec.disk_gb))
    known = [o for o in market_offers(services, want) if o.machine_id not in set(tried)]
    elsewhere = [o for o in known if o.machine_id != instance.avoid_machine]
    return candidates(elsewhere, want, width) or candidates(known, want, width)


def _named(services: Services, instance: Instance) -> tuple[Offer, ...]:
    """The one that the owner named; nothing when it is gone."""
    try:
        offer = find_offer(services, instance.offer_id or "", instance.want.machine_type)
    except OfferGone:
        return ()
    return (offer,)

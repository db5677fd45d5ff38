"""Write down what every market asks now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.collections import MARKET_SAMPLES
from shared.app.market.offers import MOST_OFFERS, whole_market
from shared.domain.errors import DocumentExists, ProviderError
from shared.domain.events import MarketSampled
from shared.domain.market.offers import MachineType
from shared.domain.market.sample import period_of, sample_of

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.ports.marketplace import Marketplace

log = logging.getLogger(__name__)


def sample_market(services: Services) -> int:
    """One sample for each provider and kind of machine; how many could not be had.

    A sample that stands already is told of again: whoever wrote it may have died before he did.
    Raises ProviderError when no provider answered, StoreError and BusUnavailable.
    """
    period = period_of(services.clock.now())
    told: list[MarketSampled] = []
    failures: list[ProviderError] = []
    for marketplace in services.public_marketplaces:
        for machine_type in MachineType:
            try:
                told.append(_sampled(services, marketplace, machine_type, period))
            except ProviderError as error:
                log.warning("%s was not sampled: %s", marketplace.provider, error)
                failures.append(error)
    if told:
        services.bus.publish(told)
    elif failures:
        raise failures[-1]
    return len(failures)


def _sampled(
    services: Services, marketplace: Marketplace, machine_type: MachineType, period: datetime
) -> MarketSampled:
    kept = whole_market(services, marketplace, machine_type)
    sample = sample_of(
        marketplace.provider,
        machine_type,
        kept.offers,
        kept.as_of,
        period,
        truncated=len(kept.offers) >= MOST_OFFERS,
    )
    try:
        services.store.add(MARKET_SAMPLES, sample.id, sample)
    except DocumentExists:
        log.info("%s stands already", sample.id)
    return MarketSampled(
        sample.id, sample.provider, machine_type.value, period.isoformat(), len(kept.offers)
    )

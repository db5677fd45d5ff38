"""A market to look at: offers made by hand, providers that answer or fail as told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from shared.adapters.embedded.memory import MemoryStore
from shared.app.market.offers_cache import OfferCache
from shared.domain.errors import ProviderCannot, ProviderError
from shared.domain.market.filtering import matching
from shared.domain.market.offers import MachineType, Offer, OfferFilter
from shared.ports.marketplace import Charge
from tests.fakes.clock import START, FakeClock

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services

KEEP_S = 30


def an_offer(offer_id: str = "1", **changes: Any) -> Offer:
    """One that every default filter lets through: an RTX 4090 at 0.40 USD with 50 GB of disk."""
    fields: dict[str, Any] = {
        "offer_id": offer_id,
        "provider": "vast",
        "machine_id": f"m{offer_id}",
        "host_id": f"h{offer_id}",
        "gpu_name": "RTX 4090",
        "num_gpus": 1,
        "gpu_ram_mb": 24_564,
        "cpu_cores": 8.0,
        "cpu_ram_mb": 32_000,
        "disk_gb": 500.0,
        "inet_down_mbps": 900.0,
        "inet_up_mbps": 800.0,
        "gpu_rate": 390_000,
        "storage_micro_usd_per_gb_month": 144_000,
        "download_micro_usd_per_gb": 2_604,
        "upload_micro_usd_per_gb": 3_906,
        "min_bid": 120_000,
        "machine_type": MachineType.ON_DEMAND,
        "geolocation": "Sofia, BG",
        "country": "BG",
        "reliability": 0.98,
        "verified": True,
        "static_ip": True,
        "direct_ports": 20,
        "cuda_version": 12.8,
        "dlperf": 87.4,
        "duration_s": 1_400_000.0,
        "as_of": START,
    }
    return Offer(**{**fields, **changes})


@dataclass
class FakeMarketplace:
    """Sells `offers`; raises `failure` while there is one."""

    offers: list[Offer] = field(default_factory=list)
    provider: str = "vast"
    failure: ProviderError | None = None
    credit: int | ProviderCannot = 25_000_000
    bill: tuple[Charge, ...] | ProviderError = ()
    searches: list[OfferFilter] = field(default_factory=list)

    def search(self, wanted: OfferFilter) -> tuple[Offer, ...]:
        self.searches.append(wanted)
        if self.failure is not None:
            raise self.failure
        return matching(self.offers, wanted)[: wanted.limit]

    def credit_micro_usd(self) -> int:
        if self.failure is not None:
            raise self.failure
        if isinstance(self.credit, ProviderCannot):
            raise self.credit
        return self.credit

    def charges(self, since: datetime) -> tuple[Charge, ...]:
        if not isinstance(self.bill, tuple):
            raise self.bill
        return tuple(line for line in self.bill if line.end > since)


@dataclass
class World:
    """As much of Services as the market needs."""

    marketplaces: list[FakeMarketplace]
    clock: FakeClock = field(default_factory=FakeClock)
    by_provider: Mapping[str, FakeMarketplace] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.store = MemoryStore(self.clock)
        self._cache = OfferCache(self.clock, KEEP_S)

    @property
    def services(self) -> Services:
        return cast(
            "Services",
            SimpleNamespace(
                clock=self.clock,
                store=self.store,
                offers_cache=self._cache,
                public_marketplaces=tuple(self.marketplaces),
                marketplace=lambda account: self.by_provider[account.provider],
            ),
        )

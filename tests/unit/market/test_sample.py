"""The memory of prices: what one sample says, and that it is written once."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from shared.app.collections import MARKET_SAMPLES
from shared.app.market.sample import sample_market
from shared.domain.errors import ProviderBusy, ProviderUnknown
from shared.domain.events import MarketSampled
from shared.domain.market.offers import MachineType
from shared.domain.market.sample import GpuPrices, period_of, prices_of, sample_of
from shared.ports.counting import counted
from tests.fakes.clock import START, FakeClock
from tests.unit.market.world import FakeMarketplace, World, an_offer

if TYPE_CHECKING:
    from shared.app.services import Services

SPOT = MachineType.INTERRUPTIBLE


@dataclass
class Heard:
    events: list[MarketSampled] = field(default_factory=list)
    failure: Exception | None = None

    def publish(self, events: list[MarketSampled]) -> None:
        if self.failure is not None:
            raise self.failure
        self.events += events


@dataclass
class Sampling:
    world: World
    bus: Heard = field(default_factory=Heard)

    @property
    def services(self) -> Services:
        told = {**vars(self.world.services), "bus": self.bus}
        return cast("Services", SimpleNamespace(**told))

    def kept(self, sample_id: str) -> Any:
        stored = self.world.store.get(MARKET_SAMPLES, sample_id)
        return stored.value if stored else None


def selling(*marketplaces: FakeMarketplace) -> Sampling:
    return Sampling(World(list(marketplaces)))


def test_each_offer_counts_once_and_its_rate_is_for_one_gpu() -> None:
    offers = [
        an_offer("1", gpu_rate=400_000),
        an_offer("2", gpu_rate=1_200_000, num_gpus=4),
        an_offer("3", gpu_rate=350_000),
        an_offer("4", gpu_rate=900_000, num_gpus=2, gpu_name="RTX_4090"),
        an_offer("5", gpu_rate=2_000_000, gpu_name="H100 SXM"),
    ]

    assert prices_of(offers) == (
        GpuPrices("H100 SXM", 1, 1, 2_000_000, 2_000_000, 2_000_000, 2_000_000),
        GpuPrices("RTX 4090", 4, 8, 300_000, 300_000, 350_000, 400_000),
    )


def test_an_offer_without_a_gpu_says_nothing_of_gpus() -> None:
    assert prices_of([an_offer(num_gpus=0)]) == ()


@pytest.mark.parametrize("late_s", [0, 299])
def test_a_run_stands_for_the_five_minutes_in_which_it_happens(late_s: int) -> None:
    clock = FakeClock()
    begun = period_of(clock.now())
    clock.sleep((begun - clock.now()).total_seconds() + 300 + late_s)

    assert (period_of(clock.now()) - begun).total_seconds() == 300


def test_a_sample_of_both_kinds_is_written_and_told_of() -> None:
    market = FakeMarketplace([an_offer("1"), an_offer("2", machine_type=SPOT, gpu_rate=100_000)])
    sampling = selling(market)

    with counted() as counts:
        missed = sample_market(sampling.services)

    assert missed == 0
    told = {each.machine_type: each for each in sampling.bus.events}
    assert {kind: each.offers for kind, each in told.items()} == {"on-demand": 1, SPOT.value: 1}
    kept = sampling.kept(told[SPOT.value].sample_id)
    assert [each.lowest for each in kept.prices] == [100_000]
    assert (kept.as_of, kept.truncated, kept.provider) == (START, False, "vast")
    assert (counts.reads, counts.writes) == (0, 2)


def test_a_doubled_run_changes_nothing_and_tells_again() -> None:
    market = FakeMarketplace([an_offer("1", gpu_rate=400_000)])
    sampling = selling(market)
    sample_market(sampling.services)
    (first, _) = sampling.bus.events
    market.offers = [an_offer("1", gpu_rate=900_000)]
    sampling.world.clock.sleep(40)

    sample_market(sampling.services)

    assert [each.lowest for each in sampling.kept(first.sample_id).prices] == [400_000]
    assert [each.sample_id for each in sampling.bus.events].count(first.sample_id) == 2


def test_a_provider_that_fails_leaves_a_gap_and_does_not_stop_the_others() -> None:
    deaf = FakeMarketplace(provider="tensordock", failure=ProviderUnknown("no answer"))
    sampling = selling(deaf, FakeMarketplace([an_offer()]))

    missed = sample_market(sampling.services)

    assert missed == len(MachineType)
    assert {each.provider for each in sampling.bus.events} == {"vast"}
    absent = sample_of("tensordock", SPOT, (), START, period_of(START), truncated=False)
    assert sampling.kept(absent.id) is None


def test_where_nobody_answers_the_run_has_failed() -> None:
    sampling = selling(FakeMarketplace(failure=ProviderBusy("slow down", 3.0)))

    with pytest.raises(ProviderBusy):
        sample_market(sampling.services)


def test_a_market_that_is_empty_is_known_to_be_empty() -> None:
    sampling = selling(FakeMarketplace())

    sample_market(sampling.services)

    assert [each.offers for each in sampling.bus.events] == [0, 0]
    assert sampling.kept(sampling.bus.events[0].sample_id).prices == ()


def test_a_sample_that_could_not_be_told_of_is_told_of_by_the_next_run() -> None:
    sampling = selling(FakeMarketplace([an_offer()]))
    sampling.bus.failure = RuntimeError("died here")
    with pytest.raises(RuntimeError):
        sample_market(sampling.services)
    sampling.bus.failure = None

    sample_market(sampling.services)

    assert len(sampling.bus.events) == 2

"""What can be rented: one read of the market for all callers, and failures that stay local."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from shared.app.market import offers as use_case
from shared.app.market.offers import find_offer, market_offers, search_offers
from shared.app.market.offers_cache import OfferCache, OfferKey
from shared.domain.errors import (
    Invalid,
    OfferGone,
    ProviderBusy,
    ProviderError,
    ProviderUnknown,
)
from shared.domain.market.offers import MachineType, OfferFilter
from tests.fakes.clock import START, FakeClock
from tests.unit.market.world import KEEP_S, FakeMarketplace, World, an_offer


def test_offers_of_every_provider_come_in_one_order() -> None:
    world = World(
        [
            FakeMarketplace([an_offer("1", gpu_rate=300_000), an_offer("2", gpu_rate=100_000)]),
            FakeMarketplace([an_offer("9", provider="tensordock", gpu_rate=200_000)], "tensordock"),
        ]
    )

    book = search_offers(world.services, OfferFilter())

    assert [each.offer.offer_id for each in book.offers] == ["2", "9", "1"]
    assert (book.matched, book.as_of, book.warnings, book.hidden_by_default) == (3, START, (), 0)


def test_one_provider_can_be_asked_for() -> None:
    vast, tensordock = FakeMarketplace([an_offer()]), FakeMarketplace([], "tensordock")

    book = search_offers(World([vast, tensordock]).services, OfferFilter(provider="vast"))

    assert book.matched == 1
    assert tensordock.searches == []


def test_a_provider_that_fails_is_named_and_the_others_answer() -> None:
    broken = FakeMarketplace([], "tensordock", failure=ProviderUnknown("no answer"))

    book = search_offers(World([broken, FakeMarketplace([an_offer()])]).services, OfferFilter())

    assert [each.offer.offer_id for each in book.offers] == ["1"]
    assert [(each.provider, each.code) for each in book.warnings] == [
        ("tensordock", "provider_unknown")
    ]


def test_where_nobody_answers_nothing_is_offered_as_of_now() -> None:
    world = World([FakeMarketplace(failure=ProviderUnknown("no answer"))])

    book = search_offers(world.services, OfferFilter())

    assert (book.offers, book.as_of, len(book.warnings)) == ((), START, 1)
    with pytest.raises(ProviderError):
        market_offers(world.services, OfferFilter())


def test_all_callers_share_one_read_until_it_is_old() -> None:
    market = FakeMarketplace([an_offer("1"), an_offer("2", gpu_name="H200")])
    world = World([market])

    for name in (None, "RTX_4090", "h200", "nonsense"):
        search_offers(world.services, OfferFilter(gpu_name=name, min_disk_gb=10))
    assert len(market.searches) == 1

    world.clock.advance(KEEP_S - 1)
    assert search_offers(world.services, OfferFilter()).as_of == START
    world.clock.advance(1)
    assert search_offers(world.services, OfferFilter()).as_of > START
    assert len(market.searches) == 2


def test_bids_are_another_market() -> None:
    bid = an_offer("5", machine_type=MachineType.INTERRUPTIBLE)
    world = World([FakeMarketplace([an_offer("1"), bid])])

    wanted = OfferFilter(machine_type=MachineType.INTERRUPTIBLE)

    assert [each.offer for each in search_offers(world.services, wanted).offers] == [bid]


def test_the_limit_cuts_what_is_shown_and_not_what_is_counted() -> None:
    world = World([FakeMarketplace([an_offer(str(each)) for each in range(1, 8)])])

    book = search_offers(world.services, OfferFilter(limit=3))

    assert (len(book.offers), book.matched) == (3, 7)


def test_an_unknown_region_is_the_callers_mistake() -> None:
    with pytest.raises(Invalid):
        search_offers(World([FakeMarketplace([an_offer()])]).services, OfferFilter(region="Mars"))


def test_a_market_too_large_to_read_whole_is_read_by_gpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(use_case, "MOST_OFFERS", 3)
    market = FakeMarketplace([an_offer(str(each)) for each in range(1, 5)])
    market.offers.append(an_offer("9", gpu_name="H200"))
    world = World([market])

    whole = search_offers(world.services, OfferFilter())
    of_gpu = search_offers(world.services, OfferFilter(gpu_name="h200"))

    assert [each.code for each in whole.warnings] == ["truncated"]
    assert [each.offer.offer_id for each in of_gpu.offers] == ["9"]
    assert of_gpu.warnings == ()


def test_an_offer_is_found_by_its_id_even_where_defaults_hide_it() -> None:
    tiny = an_offer("7", disk_gb=1.0, inet_up_mbps=None, num_gpus=8)
    services = World([FakeMarketplace([an_offer("1"), tiny])]).services

    assert find_offer(services, "7") == tiny


def test_an_offer_that_nobody_lists_is_gone() -> None:
    with pytest.raises(OfferGone):
        find_offer(World([FakeMarketplace([an_offer("1")])]).services, "8")


def test_an_offer_is_not_gone_only_because_its_provider_is_silent() -> None:
    world = World([FakeMarketplace(failure=ProviderUnknown("no answer"))])

    with pytest.raises(ProviderError) as caught:
        find_offer(world.services, "8")
    assert not isinstance(caught.value, OfferGone)


# --- the cache


def key(name: str) -> OfferKey:
    return OfferKey("vast", MachineType.ON_DEMAND, name)


def test_a_provider_that_failed_is_left_alone_for_a_moment() -> None:
    market = FakeMarketplace([an_offer()], failure=ProviderUnknown("no answer"))
    world = World([market])

    for _ in range(3):
        assert len(search_offers(world.services, OfferFilter()).warnings) == 1
    assert len(market.searches) == 1

    market.failure = None
    world.clock.advance(5)
    assert search_offers(world.services, OfferFilter()).warnings == ()


def test_a_busy_provider_is_left_alone_as_long_as_it_asks() -> None:
    market = FakeMarketplace([an_offer()], failure=ProviderBusy("too often", 12))
    world = World([market])

    search_offers(world.services, OfferFilter())
    world.clock.advance(11)
    search_offers(world.services, OfferFilter())
    assert len(market.searches) == 1

    world.clock.advance(1)
    search_offers(world.services, OfferFilter())
    assert len(market.searches) == 2


def test_the_cache_is_bounded_and_forgets_what_was_used_longest_ago() -> None:
    cache = OfferCache(FakeClock(), KEEP_S, most_entries=2)
    loaded: list[str] = []

    def load(name: str) -> tuple[()]:
        loaded.append(name)
        return ()

    for name in ("a", "b", "a", "c", "a", "b"):
        cache.get(key(name), partial(load, name))

    assert loaded == ["a", "b", "c", "b"]


def test_callers_who_come_together_wait_for_one_read() -> None:
    cache = OfferCache(FakeClock(), KEEP_S)
    reads, may_end = [], threading.Event()

    def slow() -> tuple[()]:
        reads.append(1)
        assert may_end.wait(timeout=10)
        return ()

    callers = [threading.Thread(target=cache.get, args=(key("a"), slow)) for _ in range(5)]
    for caller in callers:
        caller.start()
    assert cache.get(key("b"), lambda: (an_offer(),)).offers
    may_end.set()
    for caller in callers:
        caller.join(timeout=10)

    assert reads == [1]

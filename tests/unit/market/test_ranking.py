"""The order of offers, the parts of their score, and who runs in a race."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.market.candidates import candidates
from shared.domain.market.offers import OfferFilter, OfferOrder
from shared.domain.market.ranking import rank
from tests.unit.market.world import an_offer


def order(offers: list[Any], by: OfferOrder) -> list[str]:
    return [each.offer.offer_id for each in rank(offers, by, 50)]


def test_the_price_is_that_of_the_disk_that_was_asked_for() -> None:
    cheap_disk = an_offer("1", gpu_rate=400_000, storage_micro_usd_per_gb_month=0)
    dear_disk = an_offer("2", gpu_rate=390_000, storage_micro_usd_per_gb_month=7_200_000)

    assert [each.price for each in rank([cheap_disk, dear_disk], OfferOrder.PRICE, 10)] == [
        400_000,
        490_000,
    ]


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (OfferOrder.PRICE, ["1", "2", "3"]),
        (OfferOrder.RELIABILITY, ["2", "1", "3"]),
        (OfferOrder.DLPERF_PER_USD, ["3", "2", "1"]),
        (OfferOrder.SCORE, ["1", "2", "3"]),
    ],
)
def test_offers_come_in_the_order_asked_for_and_the_unknown_last(
    by: OfferOrder, expected: list[str]
) -> None:
    offers = [
        an_offer("3", gpu_rate=800_000, reliability=None, dlperf=900.0),
        an_offer("1", gpu_rate=200_000, reliability=0.9, dlperf=None),
        an_offer("2", gpu_rate=400_000, reliability=0.99, dlperf=10.0),
    ]

    assert order(offers, by) == expected


def test_a_score_is_the_weighted_sum_of_its_named_parts() -> None:
    cheapest = an_offer("1", gpu_rate=190_000)
    other = an_offer("2", reliability=0.9, inet_up_mbps=500.0, verified=False, direct_ports=2)

    score = rank([other, cheapest], OfferOrder.PRICE, 50)[1].score

    assert (score.price, score.reliability, score.bandwidth) == (0.5, 0.9, 0.5)
    assert (score.verified, score.direct_ports) == (0.0, 0.5)
    assert score.total == pytest.approx(50 * 0.5 + 25 * 0.9 + 10 * 0.5 + 0 + 5 * 0.5)


def test_an_unknown_part_is_said_to_be_unknown_and_earns_nothing() -> None:
    unknown = an_offer("1", reliability=None, inet_up_mbps=None, direct_ports=None)

    score = rank([unknown], OfferOrder.SCORE, 50)[0].score

    assert (score.reliability, score.bandwidth, score.direct_ports) == (None, None, None)
    assert score.total == 60


offers_of_chance = st.lists(
    st.builds(
        an_offer,
        st.integers(1, 30).map(str),
        gpu_rate=st.integers(1, 10**7),
        reliability=st.none() | st.floats(0, 1),
        inet_up_mbps=st.none() | st.floats(0, 10**4),
        direct_ports=st.none() | st.integers(0, 300),
        dlperf=st.none() | st.floats(0, 10**4),
        machine_id=st.sampled_from(["m1", "m2", "m3", "m4"]),
        host_id=st.sampled_from([None, "h1", "h2"]),
    ),
    max_size=12,
    unique_by=lambda offer: offer.offer_id,
)


@given(offers_of_chance, st.sampled_from(OfferOrder), st.randoms())
def test_a_market_has_one_order_however_it_was_read(
    offers: list[Any], by: OfferOrder, random: Any
) -> None:
    shuffled = list(offers)
    random.shuffle(shuffled)

    assert order(shuffled, by) == order(offers, by)


@given(offers_of_chance)
def test_a_score_is_between_nothing_and_a_hundred(offers: list[Any]) -> None:
    for each in rank(offers, OfferOrder.SCORE, 50):
        assert 0 <= each.score.total <= 100


def test_racers_run_on_machines_and_hosts_of_their_own_first() -> None:
    offers = [
        an_offer("1", machine_id="m1", host_id="h1", gpu_rate=100_000),
        an_offer("2", machine_id="m1", host_id="h1", gpu_rate=110_000),
        an_offer("3", machine_id="m2", host_id="h1", gpu_rate=120_000),
        an_offer("4", machine_id="m3", host_id="h2", gpu_rate=300_000),
        an_offer("5", machine_id="m4", host_id=None, gpu_rate=400_000),
    ]

    def chosen(width: int) -> list[str]:
        return [each.offer_id for each in candidates(offers, OfferFilter(), width)]

    assert chosen(3) == ["1", "4", "5"]
    assert chosen(9) == ["1", "4", "5", "3"]
    assert chosen(1) == ["1"]
    assert chosen(0) == []


@given(offers_of_chance, st.integers(0, 8))
def test_racers_never_share_a_machine_and_all_fit(offers: list[Any], width: int) -> None:
    want = OfferFilter(max_price=5_000_000)

    racers = candidates(offers, want, width)

    machines = [each.machine_id for each in racers]
    assert len(machines) == len(set(machines)) <= width
    assert all(each.price(50) <= 5_000_000 for each in racers)
    fitting = {each.machine_id for each in offers if each.price(50) <= 5_000_000
               and (each.inet_up_mbps or 0) >= 100}  # fmt: skip
    assert len(racers) == min(width, len(fitting))

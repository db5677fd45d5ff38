"""From counts to dollars."""

from __future__ import annotations

import math

import pytest

from tests.bench.cost.bill import AGENT_SHAPES, Load, Month, Shape, bill, cheapest, instance_s
from tests.bench.cost.month import line_through, made_of
from tests.bench.cost.peers import last_below
from tests.bench.cost.prices import MONTH_S

FRACTION = Shape(0.167, 256, 1)
SHAPES = {"agent": FRACTION, "tick": Shape(0.333, 512, 1)}


def a_month(beats: float = 0.0, **counts: float) -> Month:
    """Each beat takes a millisecond of CPU and is billed for a tenth of a second."""
    return Month(loads={"agent": Load(beats, beats * 0.001, beats * 0.1)}, counts=counts, jobs=3)


def test_what_is_within_the_allowances_costs_nothing() -> None:
    month = a_month(2e6, reads=1.5e6, writes=600e3, class_a=5e3)

    assert sum(bill(month, SHAPES, FRACTION).values()) == 0
    assert sum(bill(month, SHAPES, FRACTION, free=False).values()) > 0


@pytest.mark.parametrize(
    ("count", "amount", "item", "usd"),
    [
        ("reads", 1.5e6 + 100e3, "firestore_reads", 0.03),
        ("writes", 600e3 + 100e3, "firestore_writes", 0.09),
        ("deletes", 600e3 + 100e3, "firestore_deletes", 0.01),
        ("expiring", 100e3, "firestore_ttl_deletes", 0.01),
        ("class_a", 5e3 + 10e3, "class_a", 0.05),
        ("class_b", 50e3 + 10e3, "class_b", 0.004),
        ("sent_bytes", 2 * (1 << 30), "egress_gib", 0.12),
    ],
)
def test_beyond_an_allowance_the_list_price_counts(
    count: str, amount: float, item: str, usd: float
) -> None:
    assert bill(a_month(**{count: amount}), SHAPES, FRACTION)[item] == pytest.approx(usd)


def test_a_small_message_is_billed_as_a_thousand_bytes_twice() -> None:
    messages = (10 * (1 << 30) + (1 << 40)) / 2000

    told = bill(a_month(publishes=messages, publish_bytes=messages * 300), SHAPES, FRACTION)

    assert told["pubsub_bytes"] == pytest.approx(40)


def test_one_at_a_time_is_billed_for_the_requests_own_time() -> None:
    assert instance_s(Load(10, 0.01, 1.0), FRACTION) == 1.0


def test_several_at_once_share_an_instance_until_its_cpu_is_used_up() -> None:
    shape = AGENT_SHAPES[0]
    busy = MONTH_S * 5  # five at any moment

    shared = instance_s(Load(1e8, 1e5, busy), shape)
    assert shared == pytest.approx(MONTH_S * (1 - math.exp(-5)))
    assert instance_s(Load(1e8, MONTH_S * 1.2, busy), shape) == pytest.approx(MONTH_S * 2)


def test_an_instance_that_is_always_on_pays_no_requests() -> None:
    always = AGENT_SHAPES[1]

    told = bill(a_month(86.4e6), SHAPES, always)

    assert told["requests"] == 0
    assert told["instance_vcpu_s"] == pytest.approx((MONTH_S - 240e3) * 18e-6)


@pytest.mark.parametrize(
    ("shape", "cpu_s", "reads"),
    [(AGENT_SHAPES[1], 1e3, 0.0), (AGENT_SHAPES[1], 3e6, 1e6), (FRACTION, 1e3, 1e6)],
    ids=["one always on", "several", "by request"],
)
def test_only_where_one_process_answers_every_beat_are_its_reads_spared(
    shape: Shape, cpu_s: float, reads: float
) -> None:
    month = a_month(1e6, reads=1.5e6)
    month.loads["agent"].cpu_s, month.spared = cpu_s, 1e6

    told = bill(month, SHAPES, shape)["firestore_reads"]

    assert told == pytest.approx(reads * 0.03e-5)


def test_the_cheapest_shape_is_the_fraction_for_few_and_the_instance_for_many() -> None:
    few, _ = cheapest(a_month(8.64e5), SHAPES)
    many, items = cheapest(a_month(86.4e6), SHAPES)

    assert few == FRACTION
    assert many.always_on
    assert sum(items.values()) < sum(bill(a_month(86.4e6), SHAPES, FRACTION).values())


def test_between_and_beyond_two_fleets_every_count_is_on_their_line() -> None:
    small, large = a_month(1e6, reads=100.0), a_month(4e6, reads=400.0)

    found = line_through(small, 10, large, 40, 100)

    assert (found.counts["reads"], found.loads["agent"].requests) == (1000.0, 10e6)


def test_what_each_count_is_made_of_is_on_the_line_too_and_told_from_the_most() -> None:
    small, large = Month(), Month()
    small.touched = {("beat", "reads", "leases"): 10.0}
    large.touched = {("beat", "reads", "leases"): 40.0, ("tick", "reads", "looks"): 300.0}

    told = made_of(line_through(small, 10, large, 40, 70))

    assert list(told["reads"].items()) == [("tick: looks", 600), ("beat: leases", 70)]


def test_the_crossover_is_the_last_fleet_that_costs_no_more() -> None:
    assert last_below(lambda machines: machines * 0.1, 17) == 170

"""What rules of sleep would have cost."""

from __future__ import annotations

import pytest

from shared.domain.sleep.replay import Fixed, moments, optimum, replay
from tests.unit.sleep.records import spells


def test_a_fixed_wait_pays_its_wait_and_a_wake_where_the_spell_is_longer() -> None:
    past = moments(spells([30.0, 100.0, 1000.0]))

    outcome = replay(past, Fixed(60.0), 20.0)

    assert (outcome.spells, outcome.wakes) == (3, 2)
    assert outcome.awake_s == 30 + 60 + 60
    assert outcome.cost_s == 150 + 2 * 20
    assert outcome.asleep_s == 40 + 940


def test_nobody_does_better_than_who_knows_each_length() -> None:
    lengths = [10.0, 45.0, 60.0, 61.0, 400.0]
    past = moments(spells(lengths))

    best = optimum(past, 60.0)

    assert best.cost_s == sum(min(each, 60.0) for each in lengths)
    assert all(replay(past, Fixed(wait), 60.0).cost_s >= best.cost_s for wait in range(0, 500, 7))


def test_a_wait_as_long_as_a_wake_costs_is_never_more_than_twice_the_best() -> None:
    past = moments(spells([1.0, 59.0, 60.5, 61.0, 5000.0] * 5))

    assert replay(past, Fixed(60.0), 60.0).cost_s <= 2 * optimum(past, 60.0).cost_s


@pytest.mark.parametrize(("quantile", "waited"), [(0.25, 0.0), (0.5, 0.0), (0.51, 40.0), (1, 40.0)])
def test_work_waits_where_the_instance_slept(quantile: float, waited: float) -> None:
    outcome = replay(moments(spells([10.0, 10.0, 90.0, 90.0])), Fixed(60.0), 40.0)

    assert outcome.wait_s(quantile, 40.0) == waited


def test_a_rule_is_asked_before_it_is_told() -> None:
    """Two instances at once: nothing is known of a spell before it ends."""
    heard: list[str] = []

    class Listening:
        def choose(self, instance: str, at: float) -> float:
            del at
            heard.append(f"begins {instance}")
            return 0.0

        def learn(self, instance: str, idle_s: float) -> None:
            heard.append(f"{instance} rested {idle_s:g}")

    replay(moments(spells([100.0], "a") + spells([50.0, 200.0], "b", 80.0)), Listening(), 1.0)

    assert heard == [
        "begins a",
        "begins b",
        "b rested 50",
        "a rested 100",
        "begins b",
        "b rested 200",
    ]

"""Waiting as long as pays, by what was learnt."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from shared.domain.sleep.adaptive import Learner, learnt
from shared.domain.sleep.replay import Fixed, moments, optimum, replay
from tests.unit.sleep.records import START, spells

if TYPE_CHECKING:
    from shared.domain.sleep.spells import Spell

WAKE_S = 100.0
NOW = START.timestamp() + 1e7


def of_optimum(record: list[Spell], wake_s: float) -> float:
    past = moments(record)
    return replay(past, Learner(wake_s), wake_s).cost_s / optimum(past, wake_s).cost_s


def test_who_knows_nothing_waits_for_as_long_as_a_wake_costs() -> None:
    assert Learner(WAKE_S).choose("inst_a", NOW) == WAKE_S


def test_short_rests_are_waited_out() -> None:
    learner = learnt(spells([150.0] * 20), WAKE_S)

    assert learner.choose("inst_a", NOW) == 0.0
    assert learnt(spells([80.0] * 20), WAKE_S).choose("inst_a", NOW) >= 80.0


def test_long_rests_are_slept_from_the_beginning() -> None:
    assert learnt(spells([4000.0] * 10), WAKE_S).choose("inst_a", NOW) == 0.0


def test_rests_of_two_kinds_are_told_apart_by_waiting_out_the_short_ones() -> None:
    kinds = random.Random(5)
    record = spells([kinds.choice([40.0, 40.0, 40.0, 40.0, 3000.0]) for _ in range(80)])

    waits = learnt(record, WAKE_S).choose("inst_a", NOW)

    assert 40.0 <= waits <= 80.0


def test_what_alternates_is_learnt() -> None:
    """Half of the spells are short, yet nothing is waited for in the long ones."""
    assert of_optimum(spells([40.0, 4000.0] * 100), 120.0) < 1.1


def test_a_new_instance_is_taken_to_be_like_its_owners_others() -> None:
    learner = learnt(spells([4000.0] * 10, "inst_a"), WAKE_S)

    assert learner.choose("inst_new", NOW) == 0.0


def test_an_instance_unlike_its_owners_others_goes_by_its_own_spells() -> None:
    others = spells([4000.0] * 40, "inst_a")
    own = spells([50.0] * 40, "inst_b", 300.0)

    assert learnt(others + own, WAKE_S).choose("inst_b", NOW) >= 50.0


def test_a_change_of_habit_is_followed() -> None:
    learner = learnt(spells([60.0] * 200 + [5000.0] * 12), WAKE_S)

    assert learner.choose("inst_a", NOW) == 0.0


def test_it_says_what_it_weighed() -> None:
    choice = learnt(spells([4000.0] * 10), WAKE_S).explain("inst_a", NOW)

    assert (choice.timeout_s, choice.wake_s) == (0.0, WAKE_S)
    assert (choice.own_spells, choice.shared_spells) == (10, 10)
    assert choice.expected_s == choice.at_once_s < choice.break_even_s
    assert choice.leading


def exponential(draws: random.Random) -> float:
    return draws.expovariate(1 / 300)


def heavy_tailed(draws: random.Random) -> float:
    return 20 * draws.paretovariate(1.1)


def spread(draws: random.Random) -> float:
    return draws.lognormvariate(4.8, 2)


def bursts(draws: random.Random) -> float:
    rest = draws.random() < 0.05
    return draws.lognormvariate(8.9, 0.7) if rest else draws.expovariate(1 / 20)


@pytest.mark.parametrize("draw", [exponential, heavy_tailed, spread, bursts])
@pytest.mark.parametrize("wake_s", [60.0, 300.0])
def test_on_series_of_any_shape_it_is_hardly_worse_than_the_best_fixed_wait(
    draw: object, wake_s: float
) -> None:
    """The best of those known only afterwards, and of a wait for as long as a wake costs."""
    assert callable(draw)
    draws = random.Random(11)
    past = moments(spells([draw(draws) for _ in range(400)]))

    learnt_cost = replay(past, Learner(wake_s), wake_s).cost_s

    fixed = min(replay(past, Fixed(wait), wake_s).cost_s for wait in (wake_s, 180, 300, 900, 3600))
    assert learnt_cost <= 1.06 * fixed

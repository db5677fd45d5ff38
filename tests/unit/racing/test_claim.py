"""The race by odds against the fixed race of five, on the same launches of markets of a seed."""

from __future__ import annotations

import pytest

from shared.domain.racing.experience import Experience
from tests.bench.launches import ALL, LaunchWorld, count_late
from tests.bench.one_race import DEADLINE_S, Race
from tests.bench.race import FIVE, ODDS, Results, play, summary
from tests.bench.rivals import ByOdds


@pytest.fixture(scope="module")
def results() -> Results:
    found = Results()
    for seed in (11, 12):
        play(seed, training=200, tested=120, results=found, ways=(ODDS, FIVE))
    return found


def test_it_is_sooner_ready_and_wastes_less_than_five_at_once(results: Results) -> None:
    odds, five = summary(results.raced[ODDS]), summary(results.raced[FIVE])

    assert odds.p50_s < five.p50_s
    assert odds.p95_s < five.p95_s
    assert odds.waste_usd < five.waste_usd
    assert odds.waste_with_pull_usd < five.waste_with_pull_usd
    assert odds.late_share < five.late_share


def test_the_market_is_the_one_of_the_public_campaign() -> None:
    counts: dict[str, tuple[int, int]] = {}
    for seed in range(24):
        count_late(LaunchWorld(seed), 25, counts, within_s=240.0)
    shares = {kind: late / of for kind, (late, of) in counts.items() if of >= 150}

    assert shares[ALL] == pytest.approx(0.42, abs=0.02)
    assert min(shares.values()) == pytest.approx(0.37, abs=0.05)
    assert max(shares.values()) == pytest.approx(0.75, abs=0.05)


def test_a_seed_decides_everything() -> None:
    def race(number: int) -> object:
        world = LaunchWorld(3)
        return Race(world, world.launch(number), ByOdds(Experience())).run()

    assert [race(number) for number in range(5)] == [race(number) for number in range(5)]


def test_no_race_outlasts_its_deadline_or_has_more_than_five() -> None:
    world = LaunchWorld(4)
    way = ByOdds(Experience())

    for number in range(60):
        raced = Race(world, world.launch(number), way).run()
        assert raced.ready_s is None or raced.ready_s <= DEADLINE_S
        assert raced.waste <= raced.waste_with_pull

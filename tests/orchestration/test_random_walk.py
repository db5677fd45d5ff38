"""Random lives under bad weather: each seed is one, and the same at every run.

Hints are lost, doubled and reordered; the marketplace times out after its effect, limits calls,
lists late, empty or in part, says yes to a destroy and does nothing, makes two contracts for one
order; the store conflicts and loses its answers; processes die; owners order at any moment; the
onstart line runs twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shared.domain.ids import InstanceId
from shared.domain.instances.model import InstanceState
from tests.orchestration.walk import walk

if TYPE_CHECKING:
    from tests.orchestration.cloud import Cloud

PARTS = 8
SEEDS = 104


@pytest.mark.parametrize("part", range(PARTS))
def test_every_storm_ends_in_order(part: int) -> None:
    failed = {}
    for seed in range(part, SEEDS, PARTS):
        try:
            walk(seed)
        except AssertionError as error:
            failed[seed] = str(error)[:500]

    assert not failed


def test_the_storms_are_storms() -> None:
    """They reach what they are for: deaths, faults, several machines, several epochs."""
    clouds: list[Cloud] = [walk(seed) for seed in (1, 7, 8, 12, 14)]

    instances = [each.instance(InstanceId("inst_first")) for each in clouds]
    assert sum(len(each.deaths) for each in clouds) > 4
    assert all(len(each.market.creates) > 1 for each in clouds)
    assert max(each.epoch for each in instances) > 2
    assert {each.state for each in instances} == {InstanceState.DESTROYED}


def test_a_seed_decides_everything() -> None:
    one, other = walk(7), walk(7)

    assert one.market.calls == other.market.calls
    assert one.deaths == other.deaths

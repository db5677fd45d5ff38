"""The process dies before and after every single call to the outside, one run for each point.

What the bus had not delivered is lost with it; the sweeps and the machines go on. Afterwards
all that holds of a quiet run must hold: one create per rental, no two machines at work, no work
lost, nothing of ours left, other people's contracts untouched, the ledger equal to the bill.
"""

from __future__ import annotations

import pytest

from tests.orchestration.cloud import Cloud
from tests.orchestration.fate import CrashAt
from tests.orchestration.job import live_through

PARTS = 8  # so that several workers share the walk


@pytest.fixture(scope="module")
def points() -> list[str]:
    """Every point of a quiet run, by name."""
    fate = CrashAt(None)
    live_through(Cloud(fate))
    return fate.met


@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_at_any_call_changes_nothing_but_the_time(points: list[str], part: int) -> None:
    assert {name.split()[1] for name in points} == {
        "store.write",
        "bus.publish",
        "blobs.call",
        "provider.call",
    }

    failed = {}
    for point in range(part, len(points), PARTS):
        cloud = Cloud(CrashAt(point))
        try:
            live_through(cloud)
        except AssertionError as error:
            failed[point, points[point]] = str(error)[:500]

    assert not failed

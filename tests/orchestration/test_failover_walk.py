"""The process dies before and after every call from a host's death to its recovery.

One failover for each epoch, one create for each rental, nothing held or left behind (rules 1 to
4, 10, 11 and 18).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from shared.app.collections import INSTANCES_OF_OWNER, OPERATIONS
from shared.domain.instances.model import InstanceState
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.fate import CrashAt
from tests.orchestration.job import saved_work
from tests.orchestration.losses import die, end, recovered, saved, story
from tests.orchestration.truth import assert_untouched, watch_for_two_at_work, with_decoys

if TYPE_CHECKING:
    from tests.orchestration.fate import Fate

PARTS = 4  # so that several workers share the walk


class FromDeathOn:
    """Calm until the host dies; then CrashAt counts from there."""

    def __init__(self, point: int | None) -> None:
        self.inner: Fate = CrashAt(None)
        self.walk = CrashAt(point)

    def begin(self) -> None:
        self.inner = self.walk

    def stop(self) -> None:
        self.inner = CrashAt(None)

    def before(self, call: str) -> None:
        self.inner.before(call)

    def after(self, call: str) -> None:
        self.inner.after(call)


def lose_and_recover(fate: FromDeathOn) -> None:
    cloud = Cloud(fate)
    decoys = with_decoys(cloud)
    watch_for_two_at_work(cloud)
    instance_id, machine = saved(cloud)
    before = saved_work(cloud, instance_id)
    fate.begin()
    die(machine)
    recovered(cloud, instance_id, 2400)
    fate.stop()
    assert cloud.machine_of(instance_id).disk.work >= before
    assert cloud.instance(instance_id).epoch == 1
    told = Counter(story(cloud, instance_id))
    assert (told["failover.confirmed"], told["failover.done"]) == (1, 1)
    operation = cloud.store.get(OPERATIONS, f"op_failover_{instance_id}_0")
    assert operation
    assert operation.value.finished_at
    assert_untouched(decoys)
    end(cloud, instance_id)
    page = cloud.store.find(INSTANCES_OF_OWNER, {"owner": OWNER})
    assert [each.value.state for each in page.items] == [InstanceState.DESTROYED]


@pytest.fixture(scope="module")
def points() -> list[str]:
    fate = FromDeathOn(None)
    lose_and_recover(fate)
    return fate.walk.met


@pytest.mark.parametrize("part", range(PARTS))
def test_a_crash_during_a_failover_changes_nothing_but_the_time(
    points: list[str], part: int
) -> None:
    failed = {}
    for point in range(part, len(points), PARTS):
        try:
            lose_and_recover(FromDeathOn(point))
        except AssertionError as error:
            failed[point, points[point]] = str(error)[:500]

    assert not failed

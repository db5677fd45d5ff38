"""What takes an order to sleep back takes none to destroy back, given while it is drained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from shared.domain.instances.decide import next_step
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.steps import AbandonDrain, FinishDrain
from shared.domain.snapshots.model import SnapshotState
from tests.unit.instances.samples import a_drain, a_lease, a_scene, a_snapshot, an_instance
from tests.unit.rentals.samples import TIMING, after

if TYPE_CHECKING:
    from shared.domain.instances.scene import Scene

NOW = after(1000)


def idle_and_drained(wanted: Desired, **changes: Any) -> Scene:
    """For sleep, because nobody worked; its snapshot is acknowledged."""
    drain = a_drain(because_idle=True, deadline=after(1900))
    instance = an_instance(InstanceState.DRAINING, drain=drain, desired=wanted, **changes)
    return a_scene(instance, snapshot=a_snapshot(SnapshotState.ACKED, deadline=after(1900)))


@pytest.mark.parametrize(
    ("wanted", "step"),
    [
        (Desired.ASLEEP, AbandonDrain("work began while it was put to sleep", alarm=False)),
        (Desired.DESTROYED, FinishDrain()),
    ],
)
def test_work_that_begins(wanted: Desired, step: Any) -> None:
    scene = replace(idle_and_drained(wanted), lease=a_lease(10, verdict="busy"))

    assert next_step(scene, NOW, TIMING) == step


@pytest.mark.parametrize(
    ("wanted", "step"),
    [
        (Desired.ASLEEP, AbandonDrain("a lease was opened", alarm=False)),
        (Desired.DESTROYED, FinishDrain()),
    ],
)
def test_a_lease_that_is_opened(wanted: Desired, step: Any) -> None:
    scene = idle_and_drained(wanted, keep_alive_until=after(1001))

    assert next_step(scene, NOW, TIMING) == step

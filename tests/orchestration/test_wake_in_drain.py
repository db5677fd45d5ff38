"""A wake that comes while the machine is still there: its files are newer than any snapshot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.app.collections import INSTANCES
from shared.app.instances import orders
from shared.domain.errors import Conflicting
from shared.domain.ids import SnapshotId
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.losses import S, end, saved
from tests.orchestration.orders import order, until_state, wake


def test_work_since_the_last_snapshot_outlives_a_wake_a_pause_and_a_resume() -> None:
    """The counterexample: the wake named the head, and the resumed machine restored it over
    what had been written since.
    """
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    cloud.run(120)
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, S.DRAINING)
    wake(cloud, instance_id)
    until_state(cloud, instance_id, S.RUNNING)
    cloud.run(120)

    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, S.PAUSED)
    written = machine.disk.work
    order(cloud, instance_id, "resume")
    until_state(cloud, instance_id, S.RUNNING)
    cloud.run(60)

    assert machine.disk.work >= written > 0
    assert machine.disk.restored == ""
    assert cloud.instance(instance_id).restore_from is None
    end(cloud, instance_id)


def test_a_document_that_still_names_a_snapshot_has_nothing_restored_over_what_runs() -> None:
    """As an earlier version left it."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    stale = replace(stored.value, restore_from=stored.value.head)
    cloud.store.save(INSTANCES, instance_id, stale, stored.version)
    cloud.run(120)

    order(cloud, instance_id, "reboot")
    cloud.run(300)

    assert machine.statuses == ["ok", "ok"]
    assert machine.disk.restored == ""
    end(cloud, instance_id)


def test_another_snapshot_is_not_put_over_a_machine_that_drains() -> None:
    cloud = Cloud()
    instance_id, _ = saved(cloud)
    head = cloud.instance(instance_id).head
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, S.DRAINING)

    with pytest.raises(Conflicting, match="once it sleeps"):
        orders.wake(
            cloud.services, OWNER, instance_id, want=None, snapshot_id=SnapshotId(head or "")
        )
    end(cloud, instance_id)

"""The owner turns round while an order's answer is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import SNAPSHOTS_OF_INSTANCE
from shared.domain.instances.model import InstanceState
from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import Cloud
from tests.orchestration.orders import create, destroy, order, until_state
from tests.orchestration.truth import assert_bill, assert_over

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId


def awake(cloud: Cloud) -> InstanceId:
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    return instance_id


def end(cloud: Cloud, instance_id: InstanceId) -> None:
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, InstanceState.DESTROYED)
    assert_over(cloud, instance_id)
    assert_bill(cloud, instance_id)


def test_a_start_that_was_not_answered_is_taken_back_by_a_pause() -> None:
    """Else the machine runs, and is paid for, under an instance that says it is paused."""
    cloud = Cloud()
    instance_id = awake(cloud)
    machine = cloud.machine_of(instance_id)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, InstanceState.PAUSED)
    cloud.market.faults["start"].append(Fault.AFTER)
    order(cloud, instance_id, "resume")
    cloud.deliver()
    assert machine.contract.intended == "running"

    cloud.market.faults["start"].extend([Fault.BUSY] * 3)
    instance = cloud.instance(instance_id)
    assert instance.state is InstanceState.RESUMING
    _want_paused(cloud, instance_id)

    cloud.until(lambda: machine.contract.intended == "stopped", 300)
    until_state(cloud, instance_id, InstanceState.PAUSED)
    end(cloud, instance_id)


def _want_paused(cloud: Cloud, instance_id: InstanceId) -> None:
    """As its outside stop or a failed resume leaves it."""
    from dataclasses import replace

    from shared.app.collections import INSTANCES
    from shared.domain.instances.model import Desired

    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    paused = replace(stored.value, desired=Desired.PAUSED)
    cloud.store.save(INSTANCES, instance_id, paused, stored.version)


def test_a_stop_that_was_not_answered_is_finished_before_a_resume() -> None:
    """Else a machine that stands still is waited for without end."""
    cloud = Cloud()
    instance_id = awake(cloud)
    machine = cloud.machine_of(instance_id)
    cloud.market.faults["stop"].append(Fault.AFTER)
    order(cloud, instance_id, "pause")
    cloud.deliver()
    assert machine.contract.intended == "stopped"

    order(cloud, instance_id, "resume")
    until_state(cloud, instance_id, InstanceState.RUNNING, 300)

    assert machine.contract.intended == "running"
    end(cloud, instance_id)


def test_the_snapshot_of_an_ordered_sleep_says_who_ordered_it() -> None:
    """It said what the instance had last been told of: that its machine was ready."""
    cloud = Cloud()
    instance_id = awake(cloud)

    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, InstanceState.ASLEEP)

    (last,) = cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id}).items
    assert last.value.reason == "put to sleep by its owner"
    end(cloud, instance_id)

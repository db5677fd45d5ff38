"""The main job: what a workspace lives through from its first order to its end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from shared.app.collections import SNAPSHOTS
from shared.domain.instances.model import InstanceState
from tests.orchestration.orders import (
    create,
    destroy,
    order,
    snapshot,
    until_done,
    until_state,
    wake,
)
from tests.orchestration.truth import (
    assert_bill,
    assert_one_create_each,
    assert_over,
    assert_untouched,
    assert_winner_only,
    chain_of,
    ours_standing,
    watch_for_two_at_work,
    with_decoys,
)

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId
    from tests.orchestration.cloud import Cloud

GONE_WITHIN_S = 900.0


def saved_work(cloud: Cloud, instance_id: InstanceId) -> int:
    """How far the user's work is in the head."""
    head = cloud.store.get(SNAPSHOTS, cloud.instance(instance_id).head or "none")
    if head is None:
        raise AssertionError("it has a head")
    return int(json.loads(cloud.blobs.objects[head.value.manifest_key])["work"])


def live_through(cloud: Cloud, width: int = 2) -> None:
    """Race, idle, asleep, wake elsewhere, pause, resume, reboot, snapshot, destroy; with the
    truth checked at every stop.
    """
    decoys = with_decoys(cloud)
    watch_for_two_at_work(cloud)
    instance_id = create(cloud, width)
    first = _race(cloud, instance_id, width)
    _sleep_when_idle(cloud, instance_id)
    second = _wake(cloud, instance_id)
    assert second != first, "a wake goes elsewhere"
    _pause_resume_reboot(cloud, instance_id)
    _snapshot_and_destroy(cloud, instance_id)
    assert_untouched(decoys)
    assert_one_create_each(cloud)
    assert_bill(cloud, instance_id)


def _race(cloud: Cloud, instance_id: InstanceId, width: int) -> str:
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.until(lambda: len(cloud.instance(instance_id).rentals) == 1, GONE_WITHIN_S)
    assert_winner_only(cloud, instance_id)
    return cloud.machine_of(instance_id).contract.offer.machine_id


def _sleep_when_idle(cloud: Cloud, instance_id: InstanceId) -> None:
    machine = cloud.machine_of(instance_id)
    cloud.until(lambda: machine.disk.work >= 10)
    machine.set_busy(0)
    until_state(cloud, instance_id, InstanceState.ASLEEP)
    assert saved_work(cloud, instance_id) == machine.disk.work
    cloud.until(lambda: not cloud.instance(instance_id).rentals, GONE_WITHIN_S)
    assert not ours_standing(cloud)


def _wake(cloud: Cloud, instance_id: InstanceId) -> str:
    before = saved_work(cloud, instance_id)
    wake(cloud, instance_id)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    machine = cloud.machine_of(instance_id)
    assert machine.disk.work >= before, "the work came back"
    cloud.until(lambda: len(cloud.instance(instance_id).rentals) == 1, GONE_WITHIN_S)
    return machine.contract.offer.machine_id


def _pause_resume_reboot(cloud: Cloud, instance_id: InstanceId) -> None:
    machine = cloud.machine_of(instance_id)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, InstanceState.PAUSED)
    assert machine.contract.intended == "stopped"
    work = machine.disk.work
    order(cloud, instance_id, "resume")
    until_state(cloud, instance_id, InstanceState.RUNNING)
    assert cloud.machine_of(instance_id) is machine
    assert machine.disk.work >= work
    boots = machine.contract.boots
    order(cloud, instance_id, "reboot")
    until_done(cloud, instance_id)
    assert machine.contract.boots > boots


def _snapshot_and_destroy(cloud: Cloud, instance_id: InstanceId) -> None:
    machine = cloud.machine_of(instance_id)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)
    assert len(chain_of(cloud, instance_id)) == 2
    destroy(cloud, instance_id)
    until_state(cloud, instance_id, InstanceState.DESTROYED)
    assert saved_work(cloud, instance_id) == machine.disk.work
    assert len(chain_of(cloud, instance_id)) == 3
    assert_over(cloud, instance_id)

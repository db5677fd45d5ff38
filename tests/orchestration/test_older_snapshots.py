"""Brought up from another snapshot than the head: an older one, or another instance's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from shared.app.collections import INSTANCES, SNAPSHOTS, TIMELINE_OF_INSTANCE
from shared.app.instances import orders
from shared.app.instances.read import Within
from shared.app.snapshots.condemn import delete_snapshot, let_go_for
from shared.app.snapshots.restore import restore
from shared.domain.errors import Conflicting, VersionConflict
from shared.domain.ids import InstanceId, SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.instances.policies import SnapshotPolicy
from shared.domain.replacing import replace
from tests.fakes.meanwhile import Meanwhile
from tests.orchestration.cloud import OFFERS, OWNER, Cloud, Process
from tests.orchestration.fate import CrashAt
from tests.orchestration.job import GONE_WITHIN_S
from tests.orchestration.losses import die
from tests.orchestration.orders import create, order, snapshot, until_done, until_state, wake
from tests.orchestration.truth import chain_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.domain.instances.model import Instance
    from shared.domain.timeline import TimelineEvent
    from shared.ports.store import Write
    from tests.fakes.machine import FakeMachine

S = InstanceState


def work_in(cloud: Cloud, snapshot_id: SnapshotId | None) -> int:
    stored = cloud.store.get(SNAPSHOTS, snapshot_id or "none")
    assert stored
    return int(json.loads(cloud.blobs.objects[stored.value.manifest_key])["work"])


def asleep_with_two(cloud: Cloud) -> tuple[InstanceId, SnapshotId, SnapshotId]:
    """The instance, an older snapshot of it, and its head."""
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, S.RUNNING)
    machine = cloud.machine_of(instance_id)
    cloud.until(lambda: machine.disk.work >= 10)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)
    older = cloud.instance(instance_id).head
    cloud.until(lambda: machine.disk.work >= 100)
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, S.ASLEEP)
    cloud.until(lambda: not cloud.instance(instance_id).rentals, GONE_WITHIN_S)
    head = cloud.instance(instance_id).head
    assert older
    assert head
    assert work_in(cloud, older) < 100 <= work_in(cloud, head)
    return instance_id, older, head


def timeline(cloud: Cloud, instance_id: InstanceId) -> list[TimelineEvent]:
    values = Within(None, None).values(instance_id)
    page = cloud.store.find(TIMELINE_OF_INSTANCE, values, limit=500)
    return [each.value for each in page.items]


def let_go(cloud: Cloud, instance: Instance) -> Sequence[Write]:
    """What is condemned as the instance's next snapshot is acknowledged."""
    head = cloud.store.get(SNAPSHOTS, instance.head or "none")
    assert head
    fresh = replace(head.value, id=SnapshotId("snap_next"))
    return let_go_for(cloud.services, replace(instance, head=fresh.id), fresh)


def begin_again(cloud: Cloud, instance_id: InstanceId, older: SnapshotId) -> FakeMachine:
    """Woken from the older one; what it begins with is that, not the head."""
    order(cloud, instance_id, "wake", want=None, snapshot_id=older)
    until_state(cloud, instance_id, S.RUNNING)
    machine = cloud.machine_of(instance_id)
    assert work_in(cloud, older) <= machine.disk.work < 100
    return machine


def lose(cloud: Cloud, instance_id: InstanceId) -> None:
    """Its host dies; until another machine runs it and nothing is held any more."""
    lost = cloud.instance(instance_id).primary
    die(cloud.machine_of(instance_id))

    def is_over() -> bool:
        instance = cloud.instance(instance_id)
        moved = instance.state is S.RUNNING and instance.primary != lost
        return moved and not instance.failover.held

    cloud.until(is_over)


def test_a_named_snapshot_is_what_comes_back_and_the_next_follows_the_head() -> None:
    cloud = Cloud()
    instance_id, older, head = asleep_with_two(cloud)

    begin_again(cloud, instance_id, older)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)

    third = cloud.instance(instance_id).head
    assert chain_of(cloud, instance_id) == [third, head, older]
    assert work_in(cloud, third) < 100


def test_a_launch_from_a_named_snapshot_that_failed_is_tried_again_from_it() -> None:
    cloud = Cloud()
    instance_id, older, _ = asleep_with_two(cloud)
    cloud.market.offers = []
    order(cloud, instance_id, "wake", want=None, snapshot_id=older)
    until_state(cloud, instance_id, S.ASLEEP, 3600)

    cloud.market.offers = list(OFFERS)
    wake(cloud, instance_id)
    until_state(cloud, instance_id, S.RUNNING)

    assert cloud.machine_of(instance_id).disk.work < 100


def test_a_machine_that_is_lost_before_its_first_snapshot_brings_the_named_one_back() -> None:
    cloud = Cloud()
    instance_id, older, _ = asleep_with_two(cloud)
    machine = begin_again(cloud, instance_id, older)
    cloud.run(120)

    lose(cloud, instance_id)

    assert cloud.machine_of(instance_id) is not machine
    assert cloud.machine_of(instance_id).disk.work < 100


def test_the_work_that_is_told_as_lost_begins_where_the_files_came_back() -> None:
    cloud = Cloud()
    instance_id, older, _ = asleep_with_two(cloud)
    cloud.clock.advance(8 * 3600)
    begin_again(cloud, instance_id, older)
    cloud.run(700)

    lose(cloud, instance_id)

    (told,) = (each for each in timeline(cloud, instance_id) if each.kind == "failover.done")
    lost_s = float(told.message.rpartition(" ")[2])
    assert 60 < lost_s < 1000


def test_what_it_was_made_from_is_what_it_wakes_from_though_no_launch_came_of_it() -> None:
    cloud = Cloud()
    _, older, _ = asleep_with_two(cloud)
    cloud.market.offers = []
    made = restore(cloud.services, OWNER, older, new_instance=True, label="")
    copy = InstanceId(made.target)
    until_state(cloud, copy, S.ASLEEP, 3600)

    cloud.market.offers = list(OFFERS)
    wake(cloud, copy)
    until_state(cloud, copy, S.RUNNING)

    assert work_in(cloud, older) <= cloud.machine_of(copy).disk.work < 100
    assert cloud.instance(copy).head is None


def test_a_new_instance_whose_machine_is_lost_comes_back_with_what_it_was_made_from() -> None:
    cloud = Cloud()
    _, older, _ = asleep_with_two(cloud)
    copy = InstanceId(restore(cloud.services, OWNER, older, new_instance=True, label="").target)
    until_state(cloud, copy, S.RUNNING)
    cloud.run(60)

    lose(cloud, copy)

    assert work_in(cloud, older) <= cloud.machine_of(copy).disk.work < 100


def test_what_a_running_workspace_stands_on_cannot_be_deleted_before_its_own_snapshot() -> None:
    cloud = Cloud()
    instance_id, older, _ = asleep_with_two(cloud)
    begin_again(cloud, instance_id, older)

    with pytest.raises(Conflicting, match="wake from"):
        delete_snapshot(cloud.services, OWNER, older)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)

    delete_snapshot(cloud.services, OWNER, older)


def test_what_another_instance_was_made_from_is_not_removed_before_its_own_snapshot() -> None:
    """Found by the fault simulation: the source's policy kept its newest only, and four machines
    were paid for that could not be filled.
    """
    cloud = Cloud()
    source, older, _ = asleep_with_two(cloud)
    copy = InstanceId(restore(cloud.services, OWNER, older, new_instance=True, label="").target)
    newest_only = SnapshotPolicy(interval_minutes=0, keep_last=1)

    weighed = let_go(cloud, replace(cloud.instance(source), snapshots=newest_only))
    with pytest.raises(Conflicting, match="made from it"):
        delete_snapshot(cloud.services, OWNER, older)
    assert older not in [each.key for each in weighed]
    until_state(cloud, copy, S.RUNNING)

    assert work_in(cloud, older) <= cloud.machine_of(copy).disk.work
    snapshot(cloud, copy)
    until_done(cloud, copy)
    delete_snapshot(cloud.services, OWNER, older)


def test_a_policy_that_was_weighed_before_a_wake_does_not_take_what_it_names() -> None:
    """Found by the fault simulation: the process had read it, and then paused for minutes."""
    cloud = Cloud()
    instance_id, older, _ = asleep_with_two(cloud)
    newest_only = SnapshotPolicy(interval_minutes=0, keep_last=1)
    as_it_was = replace(cloud.instance(instance_id), snapshots=newest_only)
    weighed = let_go(cloud, as_it_was)
    assert older in [each.key for each in weighed]

    begin_again(cloud, instance_id, older)
    with pytest.raises(VersionConflict):
        cloud.store.commit(weighed)

    assert work_in(cloud, older) <= cloud.machine_of(instance_id).disk.work
    stored = cloud.store.get(SNAPSHOTS, older)
    assert stored
    assert stored.value.restorable


def test_a_snapshot_that_goes_while_an_instance_is_made_from_it_is_refused() -> None:
    cloud = Cloud()
    _, older, _ = asleep_with_two(cloud)
    quick = Process(cloud, CrashAt(None))
    quick.store = Meanwhile(
        cloud.store, INSTANCES, lambda: delete_snapshot(cloud.services, OWNER, older)
    )

    with pytest.raises(Conflicting, match="cannot be restored"):
        restore(quick, OWNER, older, new_instance=True, label="", idempotency_id="copy")

    assert cloud.store.get(INSTANCES, "inst_copy") is None


def test_no_snapshot_is_named_while_what_runs_is_still_drained() -> None:
    cloud = Cloud()
    instance_id, older, _ = asleep_with_two(cloud)
    begin_again(cloud, instance_id, older)
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, S.DRAINING)

    with pytest.raises(Conflicting, match="once it sleeps"):
        orders.wake(cloud.services, OWNER, instance_id, want=None, snapshot_id=older)

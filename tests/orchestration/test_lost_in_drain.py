"""A machine that dies while its last snapshot is taken: rules 13, 16 and 17 hold for it as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import OPERATIONS
from shared.domain.instances.model import Desired
from shared.domain.rentals.model import RentalState
from tests.orchestration.cloud import Cloud
from tests.orchestration.losses import S, die, end, recovered, saved, story
from tests.orchestration.orders import create, destroy, order, until_state, wake
from tests.orchestration.truth import chain_of, ours_standing, rentals_of

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId
    from tests.fakes.machine import FakeMachine

SOONER_THAN_ITS_DEADLINE_S = 600


def dying_in_its_drain(cloud: Cloud, *, told: bool = True) -> tuple[InstanceId, FakeMachine]:
    instance_id, machine = saved(cloud)
    cloud.run(300)
    die(machine, told=told)
    order(cloud, instance_id, "hibernate")
    return instance_id, machine


def test_what_dies_on_its_way_to_sleep_sleeps_with_its_last_head() -> None:
    cloud = Cloud()
    instance_id, machine = dying_in_its_drain(cloud)
    head = cloud.instance(instance_id).head

    until_state(cloud, instance_id, S.ASLEEP, SOONER_THAN_ITS_DEADLINE_S)

    asleep = cloud.instance(instance_id)
    assert (asleep.head, asleep.restore_from, asleep.desired) == (head, head, Desired.ASLEEP)
    assert asleep.epoch == 1
    assert "alarm.asleep_without_last_work" in story(cloud, instance_id)
    operation = cloud.store.get(OPERATIONS, asleep.operation_id or "")
    assert operation
    assert operation.value.error_code == "machine_lost"
    assert machine.contract.id in ours_standing(cloud)
    end(cloud, instance_id)


def test_its_machine_is_held_for_the_work_that_is_only_there() -> None:
    """Rule 13: not released by any passage of time, and nobody rents another one."""
    cloud = Cloud()
    instance_id, machine = dying_in_its_drain(cloud)
    until_state(cloud, instance_id, S.ASLEEP, SOONER_THAN_ITS_DEADLINE_S)

    cloud.run(6 * 3600)

    (rental,) = rentals_of(cloud, instance_id)
    assert rental.state is not RentalState.RELEASING
    assert cloud.instance(instance_id).failover.holds(rental.id)
    assert machine.contract.destroyed_at is None
    end(cloud, instance_id)


def test_a_wake_brings_the_head_up_elsewhere_and_then_lets_the_machine_go() -> None:
    cloud = Cloud()
    instance_id, machine = dying_in_its_drain(cloud)
    until_state(cloud, instance_id, S.ASLEEP, SOONER_THAN_ITS_DEADLINE_S)

    wake(cloud, instance_id)
    recovered(cloud, instance_id)

    assert cloud.machine_of(instance_id) is not machine
    assert machine.contract.destroyed_at is not None
    assert chain_of(cloud, instance_id)
    end(cloud, instance_id)


def test_a_machine_that_only_was_cut_off_returns_fenced_and_its_snapshot_is_no_head() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    head = cloud.instance(instance_id).head
    machine.cut_off = True
    order(cloud, instance_id, "hibernate")
    cloud.until(lambda: cloud.instance(instance_id).state is not S.RUNNING)
    until_state(cloud, instance_id, S.ASLEEP, 1200)

    machine.cut_off = False
    cloud.run(1200)

    assert cloud.instance(instance_id).state is S.ASLEEP
    assert cloud.instance(instance_id).head == head
    assert not machine.works
    end(cloud, instance_id)


def test_without_a_head_there_is_nothing_to_sleep_with() -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, S.RUNNING)
    cloud.run(60)
    machine = cloud.machine_of(instance_id)
    die(machine)
    order(cloud, instance_id, "hibernate")

    cloud.run(SOONER_THAN_ITS_DEADLINE_S)

    assert cloud.instance(instance_id).state is S.RUNNING
    assert "alarm.drain_failed" in story(cloud, instance_id)
    cloud.run(1200)
    assert "alarm.failover_held_back" in story(cloud, instance_id)
    assert machine.contract.destroyed_at is None
    end(cloud, instance_id)


def test_a_machine_that_dies_before_its_final_snapshot_is_kept_and_its_owner_told() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    die(machine)
    destroy(cloud, instance_id, final_snapshot=True)

    cloud.run(SOONER_THAN_ITS_DEADLINE_S)

    assert "alarm.drain_failed" in story(cloud, instance_id)
    assert machine.contract.destroyed_at is None
    assert len(cloud.market.creates) == 1
    end(cloud, instance_id)


def test_a_machine_that_is_stopped_in_its_drain_is_started_for_its_snapshot() -> None:
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    machine.cut_off = True
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, S.DRAINING)

    machine.contract.stop(cloud.market.now())
    machine.cut_off = False
    until_state(cloud, instance_id, S.ASLEEP)

    assert len(cloud.market.creates) == 1
    assert not cloud.instance(instance_id).failover.held
    end(cloud, instance_id)

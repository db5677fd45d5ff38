"""Serverless over whole lives: each mode does what it says, and leases hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.app.collections import OPERATIONS, RENTALS, TIMELINE_OF_INSTANCE
from shared.app.instances.read import Within
from shared.app.serverless.enable import disable, enable
from shared.app.serverless.history import by_mode, last_wakes
from shared.app.serverless.inference import complete, start
from shared.app.serverless.wake import is_up, wake_up
from shared.domain.errors import Conflicting
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.market.offers import MachineType
from shared.domain.serverless.model import Mode, Serverless
from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import OFFERS, OWNER, Cloud
from tests.orchestration.orders import create, destroy, order, until_done, until_state
from tests.orchestration.truth import assert_over, ours_standing

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId
    from tests.fakes.machine import FakeMachine

S = InstanceState


def serving(cloud: Cloud, mode: Mode = Mode.ECONOMIC, timeout_s: float = 60) -> InstanceId:
    """It runs, and its machine has nothing to do."""
    instance_id = create(cloud, width=1)
    until_state(cloud, instance_id, S.RUNNING)
    cloud.run(30)
    enable(cloud.services, OWNER, instance_id, Serverless(mode, timeout_s))
    cloud.machine_of(instance_id).set_busy(None)
    return instance_id


def resting(cloud: Cloud, instance_id: InstanceId, state: InstanceState) -> FakeMachine:
    """The machine on which it fell asleep."""
    machine = cloud.machine_of(instance_id)
    until_state(cloud, instance_id, state)
    return machine


def woken(cloud: Cloud, instance_id: InstanceId) -> None:
    wake_up(cloud.services, OWNER, instance_id)
    cloud.until(lambda: is_up(cloud.instance(instance_id)))


def kinds(cloud: Cloud, instance_id: InstanceId) -> list[str]:
    values = Within(None, None).values(instance_id)
    return [each.value.kind for each in cloud.store.find(TIMELINE_OF_INSTANCE, values).items]


def end(cloud: Cloud, instance_id: InstanceId) -> None:
    destroy(cloud, instance_id)
    until_done(cloud, instance_id)
    cloud.run(600)
    assert_over(cloud, instance_id)


def test_economic_releases_its_machine_and_wakes_with_its_work_elsewhere() -> None:
    cloud = Cloud()
    instance_id = serving(cloud)
    machine = resting(cloud, instance_id, S.ASLEEP)
    cloud.until(lambda: not ours_standing(cloud))

    woken(cloud, instance_id)

    successor = cloud.machine_of(instance_id)
    assert successor.contract.offer.machine_id != machine.contract.offer.machine_id
    assert successor.disk.work >= machine.disk.work
    end(cloud, instance_id)


def test_fast_keeps_its_machine_stopped_and_starts_it_again() -> None:
    cloud = Cloud()
    instance_id = serving(cloud, Mode.FAST)
    machine = resting(cloud, instance_id, S.PAUSED)

    asleep = cloud.instance(instance_id)
    assert asleep.rested == asleep.head is not None
    assert machine.contract.intended == "stopped"
    operation = cloud.store.get(OPERATIONS, asleep.operation_id or "")
    assert operation
    assert operation.value.state == "succeeded"
    cloud.run(1200)
    assert cloud.instance(instance_id).state is S.PAUSED

    woken(cloud, instance_id)

    assert cloud.machine_of(instance_id) is machine
    assert machine.works
    assert cloud.instance(instance_id).rested is None
    end(cloud, instance_id)


def test_fast_wakes_from_its_snapshot_where_its_machine_cannot_start() -> None:
    cloud = Cloud()
    instance_id = serving(cloud, Mode.FAST)
    machine = resting(cloud, instance_id, S.PAUSED)
    cloud.market.faults["start"].extend([Fault.REFUSED] * 50)

    woken(cloud, instance_id)

    successor = cloud.machine_of(instance_id)
    assert successor.contract.offer.machine_id != machine.contract.offer.machine_id
    assert successor.disk.work >= machine.disk.work
    assert "alarm.standby_failed" in kinds(cloud, instance_id)
    cloud.until(lambda: machine.contract.destroyed_at)
    end(cloud, instance_id)


def test_fast_goes_on_where_its_stop_was_never_taken() -> None:
    cloud = Cloud()
    instance_id = serving(cloud, Mode.FAST)
    cloud.market.faults["stop"].append(Fault.NOOP)
    machine = resting(cloud, instance_id, S.PAUSED)
    assert not machine.works

    wake_up(cloud.services, OWNER, instance_id)
    cloud.until(lambda: machine.works)

    assert is_up(cloud.instance(instance_id))
    end(cloud, instance_id)


@pytest.mark.parametrize("ends", ["hibernate", "destroy"])
def test_what_stands_by_is_let_go_without_being_started(ends: str) -> None:
    cloud = Cloud()
    instance_id = serving(cloud, Mode.FAST)
    resting(cloud, instance_id, S.PAUSED)

    if ends == "hibernate":
        order(cloud, instance_id, "hibernate")
        until_state(cloud, instance_id, S.ASLEEP)
    else:
        destroy(cloud, instance_id)
        until_state(cloud, instance_id, S.DESTROYED)

    assert [call for call, _ in cloud.market.calls if call == "start"] == []
    assert cloud.instance(instance_id).head


def test_spot_bids_anew_at_each_wake_on_an_interruptible_machine() -> None:
    cloud = Cloud()
    instance_id = serving(cloud, Mode.SPOT)
    cloud.market.offers.extend(
        replace(each, machine_type=MachineType.INTERRUPTIBLE, offer_id=f"bid{n}", min_bid=100_000)
        for n, each in enumerate(OFFERS)
    )
    bids = []
    for floor in (100_000, 150_000):
        cloud.market.offers = [
            replace(each, min_bid=floor) if each.min_bid else each for each in cloud.market.offers
        ]
        resting(cloud, instance_id, S.ASLEEP)
        cloud.run(300)
        woken(cloud, instance_id)
        rental = cloud.store.get(RENTALS, cloud.instance(instance_id).primary or "")
        assert rental
        bids.append((rental.value.terms.bid, cloud.machine_of(instance_id).contract.order))
        cloud.machine_of(instance_id).set_busy(None)

    assert [bid for bid, _ in bids] == [110_000, 165_000]
    assert [each.bid_micro_usd_per_hour for _, each in bids] == [110_000, 165_000]
    assert last_wakes(cloud.services, OWNER)[0].mode == "spot"


def test_spot_is_refused_where_it_cannot_be_kept() -> None:
    cloud = Cloud()
    instance_id = create(cloud, width=1)
    until_state(cloud, instance_id, S.RUNNING)
    still = replace(cloud.instance(instance_id).failover_policy, enabled=False)
    order(
        cloud,
        instance_id,
        "configure",
        label=None,
        hibernation=None,
        snapshots=None,
        failover=still,
    )

    with pytest.raises(Conflicting, match="failover"):
        enable(cloud.services, OWNER, instance_id, Serverless(Mode.SPOT))
    assert cloud.instance(instance_id).serverless is None


# --- leases


def held(cloud: Cloud, instance_id: InstanceId, seconds: float) -> None:
    """It stays up for so long although its machine is idle."""
    until = cloud.clock.monotonic_s() + seconds
    while cloud.clock.monotonic_s() < until:
        cloud.run(5)
        assert cloud.instance(instance_id).state is S.RUNNING


def test_no_inference_is_slept_through_and_the_last_one_lets_it_sleep() -> None:
    cloud = Cloud()
    instance_id = serving(cloud)
    start(cloud.services, OWNER, instance_id, "a", 3600)
    start(cloud.services, OWNER, instance_id, "b", 3600)
    held(cloud, instance_id, 600)
    complete(cloud.services, OWNER, instance_id, "a")
    held(cloud, instance_id, 600)

    complete(cloud.services, OWNER, instance_id, "b")

    until_state(cloud, instance_id, S.ASLEEP, limit_s=400)


def test_a_lease_that_is_forgotten_holds_it_until_it_expires() -> None:
    cloud = Cloud()
    instance_id = serving(cloud)
    start(cloud.services, OWNER, instance_id, "a", 300)

    held(cloud, instance_id, 290)

    until_state(cloud, instance_id, S.ASLEEP, limit_s=500)


@pytest.mark.parametrize("mode", [Mode.ECONOMIC, Mode.FAST])
def test_an_inference_that_begins_in_the_drain_ends_the_drain(mode: Mode) -> None:
    """Rule 13: a lease opened before the point of no return."""
    cloud = Cloud()
    instance_id = serving(cloud, mode)
    machine = resting(cloud, instance_id, S.DRAINING)

    start(cloud.services, OWNER, instance_id, "a", 3600)
    cloud.until(lambda: is_up(cloud.instance(instance_id)))
    held(cloud, instance_id, 300)

    assert cloud.machine_of(instance_id) is machine
    assert machine.works


@pytest.mark.parametrize("mode", [Mode.ECONOMIC, Mode.FAST])
def test_an_inference_that_comes_after_it_wakes_it(mode: Mode) -> None:
    """Rule 13: a lease opened after the point of no return."""
    cloud = Cloud()
    instance_id = serving(cloud, mode)
    resting(cloud, instance_id, S.PAUSED if mode is Mode.FAST else S.ASLEEP)

    instance, lease = start(cloud.services, OWNER, instance_id, "a", 3600)

    assert instance.desired is Desired.RUNNING
    assert lease.id == "a"
    cloud.until(lambda: is_up(cloud.instance(instance_id)))


def test_a_lease_costs_one_read_and_one_write() -> None:
    from shared.ports.counting import counted

    cloud = Cloud()
    instance_id = serving(cloud)
    cloud.bus.waiting.clear()

    for act in (
        lambda: start(cloud.services, OWNER, instance_id, "a", 60),
        lambda: complete(cloud.services, OWNER, instance_id, "a"),
    ):
        with counted() as operations:
            act()
        assert (operations.reads, operations.writes) == (1, 1)
    assert list(cloud.bus.waiting) == []


# --- waking


def test_whoever_comes_second_joins_the_wake_of_the_first() -> None:
    cloud = Cloud()
    instance_id = serving(cloud)
    resting(cloud, instance_id, S.ASLEEP)

    first = wake_up(cloud.services, OWNER, instance_id)
    second = wake_up(cloud.services, OWNER, instance_id)

    assert first.operation_id == second.operation_id
    assert first.generation == second.generation


def test_what_is_ordered_to_sleep_and_wanted_before_it_began_runs_on() -> None:
    cloud = Cloud()
    instance_id = serving(cloud)
    order(cloud, instance_id, "hibernate")
    assert cloud.instance(instance_id).state is S.RUNNING

    wake_up(cloud.services, OWNER, instance_id)

    assert is_up(cloud.instance(instance_id))
    start(cloud.services, OWNER, instance_id, "a", 3600)
    held(cloud, instance_id, 300)


def test_switching_it_off_wakes_it_first_and_its_own_policy_holds_again() -> None:
    cloud = Cloud()
    instance_id = serving(cloud)
    resting(cloud, instance_id, S.ASLEEP)

    disable(cloud.services, OWNER, instance_id)

    cloud.until(lambda: is_up(cloud.instance(instance_id)))
    instance = cloud.instance(instance_id)
    assert instance.serverless is None
    assert instance.sleeps_by == instance.hibernation


def test_wake_times_are_those_that_the_operations_tell() -> None:
    cloud = Cloud()
    instance_id = serving(cloud, Mode.FAST)
    took: list[float] = []
    for _ in range(3):
        resting(cloud, instance_id, S.PAUSED)
        began = cloud.clock.monotonic_s()
        woken(cloud, instance_id)
        took.append(cloud.clock.monotonic_s() - began)
        cloud.machine_of(instance_id).set_busy(None)

    times = by_mode(last_wakes(cloud.services, OWNER))

    assert times[Mode.FAST].n == 3
    assert times[Mode.FAST].p50_s == pytest.approx(sorted(took)[1], abs=5)
    assert times[Mode.ECONOMIC].n == 0
    assert times[Mode.ECONOMIC].p50_s is None

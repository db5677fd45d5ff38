"""What a race leaves in the machines' history, with everything real but the outside."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from shared.agent_wire.messages import ENV_TOKEN, BootFailed
from shared.app.collections import ATTEMPTS_TOLD, MACHINE_BOOKS, RENTALS_OF_INSTANCE
from shared.app.history.regard import regard_of
from shared.app.machines.boot_failed import boot_failed
from shared.app.pages import every
from shared.domain.history.attempt import Outcome, Stage
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.contract_status import ContractStatus
from tests.fakes.clock import START
from tests.fakes.marketplace import Fault
from tests.orchestration import orders
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.fate import CrashAt

if TYPE_CHECKING:
    from shared.domain.history.attempt import Attempt

PARTS = 4
READY = (Stage.READY, Outcome.READY)


def recorded(cloud: Cloud) -> list[Attempt]:
    return list(every(cloud.services, ATTEMPTS_TOLD, {"since": START}))


def outcomes(cloud: Cloud) -> Counter[tuple[Stage, Outcome]]:
    return Counter((each.stage, each.outcome) for each in recorded(cloud))


def test_a_race_with_a_host_whose_agent_cannot_start() -> None:
    cloud = Cloud()
    cloud.market.boot_s = 100.0
    instance_id = orders.create(cloud, width=3)
    cloud.until(lambda: len(cloud.market.contracts) == 3)
    broken, _, slow = cloud.market.contracts.values()
    slow.up_at = slow.machine_up_at = slow.up_at.replace(year=slow.up_at.year + 1)

    said = BootFailed(broken.order.env[ENV_TOKEN], "the agent could not be fetched whole")
    cloud.run(20)
    boot_failed(cloud.services, said)
    orders.until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(600)

    assert outcomes(cloud) == {
        READY: 1,
        (Stage.BOOTING, Outcome.FAILED): 1,
        (Stage.LOADING, Outcome.WITHDRAWN): 1,
    }


def test_a_host_that_never_boots_has_failed_at_its_deadline() -> None:
    cloud = Cloud()
    cloud.market.boot_s = 1e9
    orders.create(cloud, width=1)

    cloud.run(1000)

    (first, *_) = recorded(cloud)
    assert (first.stage, first.outcome) == (Stage.LOADING, Outcome.FAILED)
    assert first.seconds >= 900


def test_a_refused_create_is_the_machines_and_a_stolen_offer_too() -> None:
    cloud = Cloud()
    cloud.market.faults["create"].append(Fault.STOLEN)
    instance_id = orders.create(cloud, width=2)
    orders.until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(600)

    assert outcomes(cloud)[(Stage.CREATING, Outcome.FAILED)] == 1
    assert outcomes(cloud)[READY] == 1


def test_a_machine_that_sleeps_and_wakes_is_one_launch_per_rental() -> None:
    cloud = Cloud()
    instance_id = orders.create(cloud, width=1)
    orders.until_state(cloud, instance_id, InstanceState.RUNNING)
    for name in ("pause", "resume", "reboot", "hibernate"):
        orders.order(cloud, instance_id, name)
        orders.until_done(cloud, instance_id)
    orders.wake(cloud, instance_id)
    orders.until_done(cloud, instance_id)
    orders.destroy(cloud, instance_id)
    orders.until_state(cloud, instance_id, InstanceState.DESTROYED)

    assert outcomes(cloud) == {READY: 2}
    book = cloud.store.get(MACHINE_BOOKS, OWNER)
    assert book is not None
    assert sum(len(each.marks) for each in book.value.records.values()) == 2


def test_a_live_machine_that_is_lost_counts_against_its_reliability_once() -> None:
    cloud = Cloud()
    instance_id = orders.create(cloud, width=1)
    orders.until_state(cloud, instance_id, InstanceState.RUNNING)
    orders.snapshot(cloud, instance_id)
    orders.until_done(cloud, instance_id)
    lost_on = cloud.machine_of(instance_id).contract
    lost_on.host_dead = True
    lost_on.host_says = ContractStatus.UNREACHABLE

    cloud.until(
        lambda: (
            cloud.instance(instance_id).epoch > 0
            and cloud.instance(instance_id).state is InstanceState.RUNNING
        )
    )

    first, second = recorded(cloud)
    (ready,) = [each for each in (first, second) if each.lost_at]
    assert ready.machine_id == lost_on.offer.machine_id
    assert outcomes(cloud) == {READY: 2}
    tally = regard_of(cloud.services, OWNER).tally("vast", ready.machine_id)
    assert tally is not None
    assert (tally.ready, tally.lost, tally.reliability) == (1, 1, 0.0)


def race(cloud: Cloud) -> None:
    """One that is decided, with everything about its losers done."""
    instance_id = orders.create(cloud, width=3)
    orders.until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(400)


def assert_told_once(cloud: Cloud) -> None:
    """Every rental that was ordered is one attempt, and in the book when it says something."""
    values = {"instance_id": "inst_first"}
    rentals = list(every(cloud.services, RENTALS_OF_INSTANCE, values))
    attempts = recorded(cloud)
    assert sorted(each.rental_id for each in attempts) == sorted(
        each.id for each in rentals if each.ordered_at
    )
    book = cloud.store.get(MACHINE_BOOKS, OWNER)
    assert book is not None
    marked = {mark.rental_id for each in book.value.records.values() for mark in each.marks}
    decided = {each.rental_id for each in attempts if each.outcome is not Outcome.WITHDRAWN}
    assert marked == decided


@pytest.mark.parametrize("part", range(PARTS))
def test_a_process_that_dies_anywhere_tells_each_launch_once(part: int) -> None:
    quiet = CrashAt(None)
    race(Cloud(quiet))

    for point in range(part, len(quiet.met), 3 * PARTS):
        cloud = Cloud(CrashAt(point))
        race(cloud)
        assert_told_once(cloud)
        assert outcomes(cloud)[READY] == 1, quiet.met[point]


@pytest.mark.parametrize("seed", range(6))
def test_hints_that_are_lost_doubled_and_reordered_tell_each_launch_once(seed: int) -> None:
    cloud = Cloud(seed=seed)
    cloud.shuffle = Random(seed)

    race(cloud)

    assert_told_once(cloud)

"""A random life under bad weather, decided by one seed, and the calm after it."""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from shared.domain.instances.model import InstanceState
from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import Cloud
from tests.orchestration.fate import Weather
from tests.orchestration.orders import create, destroy, try_order
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

FAULTS = {
    "create": [
        Fault.AFTER,
        Fault.BEFORE,
        Fault.BUSY,
        Fault.REFUSED,
        Fault.REFUSED_WITH_CONTRACT,
        Fault.TWICE,
        Fault.STOLEN,
    ],
    "destroy": [Fault.AFTER, Fault.BEFORE, Fault.BUSY, Fault.NOOP],
    "stop": [Fault.AFTER, Fault.BEFORE, Fault.BUSY],
    "start": [Fault.AFTER, Fault.BEFORE, Fault.BUSY],
    "reboot": [Fault.AFTER, Fault.BEFORE, Fault.BUSY],
    "show": [Fault.BEFORE, Fault.BUSY],
    "listing": [Fault.BEFORE, Fault.BUSY, Fault.EMPTY, Fault.PARTIAL],
    "search": [Fault.BEFORE, Fault.BUSY],
}
STORM_S = 1800.0
SETTLED_WITHIN_S = 1500.0
RESTING = frozenset(
    {
        InstanceState.RUNNING,
        InstanceState.ASLEEP,
        InstanceState.PAUSED,
        InstanceState.FAILED,
        InstanceState.DESTROYED,
    }
)
ORDERS = ("pause", "resume", "hibernate", "wake", "reboot", "snapshot", "keep_alive", "nothing")


def walk(seed: int) -> Cloud:
    """Live through the storm of this seed, check the truth, destroy, check again."""
    chance = random.Random(seed)
    weather = Weather(chance, rate=0.02)
    cloud = Cloud(weather, seed)
    cloud.shuffle = chance
    cloud.market.lag_s = chance.choice([0.0, 30.0, 119.0])
    cloud.market.leaving_s = chance.choice([0.0, 20.0, 60.0])
    decoys = with_decoys(cloud)
    watch_for_two_at_work(cloud)
    instance_id = create(cloud, width=chance.choice([1, 2, 3]))
    _storm(cloud, instance_id, chance)
    weather.is_calm = True
    cloud.market.faults.clear()
    cloud.shuffle = None
    _settle(cloud, instance_id)
    destroy(cloud, instance_id, final_snapshot=chance.random() < 0.5)
    cloud.until(
        lambda: cloud.instance(instance_id).state is InstanceState.DESTROYED, SETTLED_WITHIN_S
    )
    assert_over(cloud, instance_id)
    assert_untouched(decoys)
    assert_one_create_each(cloud)
    assert_bill(cloud, instance_id)
    chain_of(cloud, instance_id)
    return cloud


def _storm(cloud: Cloud, instance_id: InstanceId, chance: random.Random) -> None:
    until = cloud.clock.monotonic_s() + STORM_S
    while cloud.clock.monotonic_s() < until:
        call = chance.choice(sorted(FAULTS))
        if chance.random() < 0.5 and len(cloud.market.faults[call]) < 2:
            cloud.market.faults[call].append(chance.choice(FAULTS[call]))
        if chance.random() < 0.3:
            try_order(cloud, instance_id, chance.choice(ORDERS))
        for machine in cloud.machines.values():
            if chance.random() < 0.2:
                machine.set_busy(chance.random() < 0.6)
            if machine.boot and not machine.boot.fenced and chance.random() < 0.1:
                cloud.alive(partial(machine.say_hello, cloud.services))  # onstart ran twice
        cloud.run(chance.choice([5.0, 20.0, 60.0]))


def _settle(cloud: Cloud, instance_id: InstanceId) -> None:
    """The faults have stopped: it comes to rest, and holds what it should hold."""
    for machine in cloud.machines.values():
        machine.set_busy(1)

    def at_rest() -> bool:
        instance = cloud.instance(instance_id)
        wanted = 1 if instance.state in {InstanceState.RUNNING, InstanceState.PAUSED} else 0
        settled = instance.state in RESTING and len(instance.rentals) == wanted
        return settled and len(ours_standing(cloud)) == wanted

    cloud.until(at_rest, SETTLED_WITHIN_S)
    instance = cloud.instance(instance_id)
    if instance.primary:
        assert_winner_only(cloud, instance_id)
        intended = cloud.machine_of(instance_id).contract.intended
        paused = instance.state is InstanceState.PAUSED
        assert intended == ("stopped" if paused else "running")

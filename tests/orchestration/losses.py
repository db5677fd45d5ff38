"""How a machine is lost in virtual time, and what is to be seen of its recovery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import TIMELINE_OF_INSTANCE
from shared.app.instances.read import Within
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.contract_status import ContractStatus
from tests.orchestration.orders import create, destroy, snapshot, until_done, until_state
from tests.orchestration.truth import assert_bill, assert_one_create_each, assert_over

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId
    from tests.fakes.machine import FakeMachine
    from tests.orchestration.cloud import Cloud

S = InstanceState


def story(cloud: Cloud, instance_id: InstanceId) -> list[str]:
    """The kinds of its timeline, the oldest first."""
    values = Within(None, None).values(instance_id)
    page = cloud.store.find(TIMELINE_OF_INSTANCE, values, limit=500)
    return [each.value.kind for each in reversed(page.items)]


def saved(cloud: Cloud) -> tuple[InstanceId, FakeMachine]:
    """One that runs, with a snapshot."""
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, S.RUNNING)
    cloud.run(60)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)
    return instance_id, cloud.machine_of(instance_id)


def die(machine: FakeMachine, *, told: bool = True) -> None:
    """Its host is gone; `told`: the provider knows."""
    machine.contract.host_dead = True
    machine.contract.host_says = ContractStatus.UNREACHABLE if told else None


def recovered(cloud: Cloud, instance_id: InstanceId, limit_s: float = 1800.0) -> float:
    """Until another machine runs it, and the old one is not held any more."""

    def done() -> bool:
        instance = cloud.instance(instance_id)
        again = instance.epoch > 0 and instance.state is S.RUNNING
        return again and not instance.failover.held and len(instance.rentals) == 1

    return cloud.until(done, limit_s)


def end(cloud: Cloud, instance_id: InstanceId) -> None:
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED)
    assert_over(cloud, instance_id)
    assert_one_create_each(cloud)
    assert_bill(cloud, instance_id)

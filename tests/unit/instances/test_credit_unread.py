"""A machine stands still and its provider does not say what credit is left (rule 17)."""

from __future__ import annotations

from dataclasses import replace

from shared.app.collections import INSTANCES, PACES, RENTALS
from shared.domain.accounts import account_id_of
from shared.domain.ids import InstanceId, RentalId
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.model import RentalState
from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.losses import saved, story
from tests.orchestration.orders import until_state
from tests.unit.rentals.samples import a_rental

NEVER = [Fault.BEFORE] * 200


def stopped(cloud: Cloud) -> InstanceId:
    """It runs, and somebody stops its machine."""
    instance_id, machine = saved(cloud)
    machine.contract.stop(cloud.market.now())
    return instance_id


def with_a_racer(cloud: Cloud, instance_id: InstanceId) -> RentalId:
    """One that lost, and has not been let go yet."""
    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    instance = stored.value
    loser = a_rental(
        RentalState.UNKNOWN,
        id=RentalId("rent_loser"),
        owner=OWNER,
        account_id=account_id_of(OWNER, "vast"),
        instance_id=instance_id,
        epoch=instance.epoch,
    )
    cloud.store.add(RENTALS, loser.id, loser)
    both = replace(instance, rentals=(*instance.rentals, loser.id))
    cloud.store.save(INSTANCES, instance_id, both, stored.version)
    return loser.id


def test_what_else_it_has_is_let_go_meanwhile() -> None:
    cloud = Cloud()
    instance_id = stopped(cloud)
    cloud.market.faults["credit"].extend(NEVER)
    loser = with_a_racer(cloud, instance_id)

    cloud.run(400)

    held = cloud.store.get(RENTALS, loser)
    assert held
    assert held.value.state in {RentalState.RELEASING, RentalState.GONE}
    assert cloud.instance(instance_id).state is InstanceState.RUNNING
    asked = [call for call, _ in cloud.market.calls if call == "credit"]
    assert len(asked) < 10, "it is asked for about once a minute"


def test_after_a_while_it_is_not_known_and_never_taken_for_none() -> None:
    cloud = Cloud()
    instance_id = stopped(cloud)
    cloud.market.faults["credit"].extend(NEVER)

    until_state(cloud, instance_id, InstanceState.PAUSED, 1500)

    instance = cloud.instance(instance_id)
    assert instance.failover.halted == "outside"
    assert "not known: cut off" in instance.state_reason
    assert "alarm.credit" not in story(cloud, instance_id)


def test_an_answer_that_comes_in_time_counts() -> None:
    cloud = Cloud()
    instance_id = stopped(cloud)
    cloud.market.credit = 0
    cloud.market.faults["credit"].extend([Fault.BEFORE] * 3)

    until_state(cloud, instance_id, InstanceState.PAUSED, 600)

    assert cloud.instance(instance_id).failover.halted == "credit"
    pace = cloud.store.get(PACES, account_id_of(OWNER, "vast"))
    assert pace
    assert "credit" in pace.value.free_at


def test_one_that_waits_for_credit_goes_on_waiting() -> None:
    cloud = Cloud()
    instance_id = stopped(cloud)
    cloud.market.credit = 0
    until_state(cloud, instance_id, InstanceState.PAUSED, 600)
    cloud.market.faults["credit"].extend([Fault.BEFORE] * 2)
    before = len(cloud.market.calls)

    cloud.run(500)

    asked = [call for call, _ in cloud.market.calls[before:] if call == "credit"]
    assert 1 <= len(asked) <= 2
    assert cloud.instance(instance_id).state is InstanceState.PAUSED
    cloud.market.credit = 5_000_000
    until_state(cloud, instance_id, InstanceState.RUNNING)

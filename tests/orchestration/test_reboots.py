"""A reboot ends its owner's processes: it is done once, and its order has an end."""

from __future__ import annotations

from shared.app.collections import OPERATIONS
from shared.app.rentals.merge import merge
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.transitions import started
from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import Cloud
from tests.orchestration.orders import create, order, until_done, until_state
from tests.orchestration.truth import rentals_of


def test_a_reboot_whose_answer_is_lost_is_not_ordered_again_when_it_took_effect() -> None:
    """It was repeated until an answer came, each time over the owner's running processes."""
    cloud = Cloud()
    instance_id = create(cloud)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    machine = cloud.machine_of(instance_id)
    boots = machine.contract.boots
    cloud.market.faults["reboot"] += [Fault.AFTER, Fault.AFTER, Fault.AFTER]

    order(cloud, instance_id, "reboot")
    until_done(cloud, instance_id)
    cloud.run(600)

    assert [call for call, _ in cloud.market.calls].count("reboot") == 1
    assert machine.contract.boots == boots + 1
    assert not rentals_of(cloud, instance_id)[0].reboot_wanted


def test_a_reboot_that_is_refused_ends_there() -> None:
    # What does not run cannot be rebooted: it was asked again every minute, for ever.
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.market.faults["reboot"] += [Fault.REFUSED]

    order(cloud, instance_id, "reboot")
    until_done(cloud, instance_id, 300)

    operation = cloud.store.get(OPERATIONS, cloud.instance(instance_id).operation_id or "")
    assert operation
    assert operation.value.error_code == "reboot_refused"
    assert not rentals_of(cloud, instance_id)[0].reboot_wanted


def test_what_a_late_answer_says_to_have_started_is_rebooted_all_the_same() -> None:
    """Its process slept over the order: another had sent it, and its machine works since."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    order(cloud, instance_id, "pause")
    until_state(cloud, instance_id, InstanceState.PAUSED)
    order(cloud, instance_id, "resume")
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(400)
    now, timing = cloud.clock.now(), cloud.settings.timing
    primary = rentals_of(cloud, instance_id)[0].id

    merge(cloud.services, primary, lambda fresh: started(fresh, cloud.market.now(), now, timing))
    order(cloud, instance_id, "reboot")
    until_done(cloud, instance_id, 300)

    assert rentals_of(cloud, instance_id)[0].state is RentalState.LIVE
    assert [call for call, _ in cloud.market.calls].count("reboot") == 1

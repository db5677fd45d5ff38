"""What an owner has ordered stands, whatever befalls the machine before it is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.accounts.look import ask_look, look
from shared.app.collections import RENTALS_OF_INSTANCE, SNAPSHOTS_OF_INSTANCE
from shared.domain.accounts import account_id_of
from shared.domain.rentals.model import RentalState
from shared.domain.snapshots.model import SnapshotState
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.losses import S, die
from tests.orchestration.orders import create, destroy, order, snapshot, until_done, until_state

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId


def saved_with_a_bid(cloud: Cloud) -> InstanceId:
    instance_id = create(cloud, 1, bid=500_000)
    until_state(cloud, instance_id, S.RUNNING)
    snapshot(cloud, instance_id)
    until_done(cloud, instance_id)
    return instance_id


def outbid_and_seen(cloud: Cloud, instance_id: InstanceId) -> None:
    """A listing has told the rental, and nobody has looked at the instance since."""
    contract = cloud.machine_of(instance_id).contract
    contract.outbid = True
    contract.stop(cloud.market.now())
    account_id = account_id_of(OWNER, "vast")
    ask_look(cloud.services, account_id, cloud.clock.now())
    look(cloud.services, account_id)
    cloud.bus.waiting.clear()
    page = cloud.store.find(RENTALS_OF_INSTANCE, {"instance_id": instance_id})
    assert [each.value.state for each in page.items] == [RentalState.STOPPED]


def rentals_ever(cloud: Cloud, instance_id: InstanceId) -> int:
    return len(cloud.store.find(RENTALS_OF_INSTANCE, {"instance_id": instance_id}).items)


def test_a_destroy_is_not_forgotten_for_a_machine_that_was_outbid_meanwhile() -> None:
    cloud = Cloud()
    instance_id = saved_with_a_bid(cloud)
    outbid_and_seen(cloud, instance_id)

    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED, 600)

    assert rentals_ever(cloud, instance_id) == 1


def test_who_puts_a_workspace_to_sleep_pays_for_no_other_machine() -> None:
    cloud = Cloud()
    instance_id = saved_with_a_bid(cloud)
    outbid_and_seen(cloud, instance_id)

    order(cloud, instance_id, "hibernate")
    cloud.until(lambda: cloud.instance(instance_id).state in {S.ASLEEP, S.PAUSED}, 3000)

    assert rentals_ever(cloud, instance_id) == 1


def test_a_destroy_without_a_snapshot_does_not_wait_for_one_that_is_being_taken() -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, S.RUNNING)
    die(cloud.machine_of(instance_id), told=False)
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, S.DRAINING)

    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, S.DESTROYED, 600)

    page = cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id})
    assert {each.value.state for each in page.items} == {SnapshotState.ABANDONED}

"""A store that was wiped, or put back to an older state, knows less than its machines.

Rules 5, 9 and 11: production is not ended for it, and the fenced are not revived.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shared.app.collections import (
    INCARNATION,
    INCARNATION_KEY,
    INSTANCES,
    LEASES,
    RENTALS,
    STRAYS_OF_ACCOUNT,
)
from shared.app.incarnation import incarnation_of
from shared.domain.ids import InstanceId
from shared.domain.instances.model import Desired, InstanceState
from tests.orchestration.cloud import Cloud
from tests.orchestration.losses import saved
from tests.orchestration.orders import create, until_state
from tests.orchestration.truth import ours_standing, rentals_of

if TYPE_CHECKING:
    from shared.ports.store import Collection
    from tests.fakes.machine import FakeMachine


FIRST = InstanceId("inst_first")


def forgotten(cloud: Cloud) -> tuple[InstanceId, FakeMachine]:
    """A second workspace of which the store that is put back knows nothing."""
    create(cloud, 1)
    until_state(cloud, FIRST, InstanceState.RUNNING)
    cloud.run(300)
    other = create(cloud, 1, name="second")
    until_state(cloud, other, InstanceState.RUNNING)
    machine = cloud.machine_of(other)
    for rental in rentals_of(cloud, other):
        for collection in (RENTALS, LEASES):
            _delete(cloud, collection, rental.id)
    _delete(cloud, INSTANCES, other)
    return other, machine


def _delete(cloud: Cloud, collection: Collection[Any], key: str) -> None:
    stored = cloud.store.get(collection, key)
    if stored:
        cloud.store.delete(collection, key, stored.version)


def test_a_machine_of_a_later_state_is_neither_fenced_nor_ended() -> None:
    cloud = Cloud()
    _, machine = forgotten(cloud)
    before = incarnation_of(cloud.services).id

    cloud.run(3600)

    assert incarnation_of(cloud.services).id != before
    assert machine.works
    assert machine.contract.destroyed_at is None
    assert len(ours_standing(cloud)) == 2


def test_an_hour_of_proofs_is_one_new_incarnation() -> None:
    cloud = Cloud()
    forgotten(cloud)
    cloud.run(300)
    once = incarnation_of(cloud.services)

    cloud.run(3300)

    assert incarnation_of(cloud.services) == once


def test_a_contract_that_began_before_this_store_is_not_taken_for_forgotten() -> None:
    """A wiped data folder under the same deployment key (rule 5)."""
    cloud = Cloud()
    _, machine = forgotten(cloud)
    machine.cut_off = True
    life = incarnation_of(cloud.services)
    stored = cloud.store.get(INCARNATION, INCARNATION_KEY)
    assert stored
    later = replace(life, since=cloud.clock.now())
    cloud.store.save(INCARNATION, INCARNATION_KEY, later, stored.version)

    cloud.run(3600)

    assert machine.contract.destroyed_at is None
    account = rentals_of(cloud, FIRST)[0].account_id
    assert not cloud.store.find(STRAYS_OF_ACCOUNT, {"account_id": account}).items


def test_an_epoch_that_the_store_has_not_seen_proves_it_older() -> None:
    """A failover is forgotten: the successor works on, and is not called fenced."""
    cloud = Cloud()
    instance_id, machine = saved(cloud)
    for rental in rentals_of(cloud, instance_id):
        for collection in (RENTALS, LEASES):
            _delete(cloud, collection, rental.id)
    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    asleep = replace(stored.value, state=InstanceState.ASLEEP, desired=Desired.ASLEEP)
    before_it = replace(asleep, epoch=asleep.epoch - 1, primary=None, rentals=())
    cloud.store.save(INSTANCES, instance_id, before_it, stored.version)
    before = incarnation_of(cloud.services).id

    cloud.run(400)

    assert machine.works
    assert incarnation_of(cloud.services).id != before

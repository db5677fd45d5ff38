"""What only runs costs the sweep a look at two documents, and nobody else anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from shared.app.accounts.look import ask_look, look_at
from shared.app.collections import INSTANCES, LEASES, LOOKS, RENTALS
from shared.app.instances.scene import load
from shared.app.instances.silent import wake_silent
from shared.app.rentals.standing import as_listed
from shared.app.tick import sweep, tick
from shared.domain.accounts import account_id_of
from shared.domain.errors import StoreError
from shared.domain.events import InstanceChanged
from shared.domain.ids import ContractId, RentalId
from shared.domain.instances.decide import UNTOLD_S
from shared.domain.instances.model import InstanceState
from shared.ports.counting import counted
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.fate import CrashAt
from tests.orchestration.orders import create, order, until_state

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.ids import InstanceId
    from shared.domain.machines.lease import AgentLease

ACCOUNT = account_id_of(OWNER, "vast")


def running(cloud: Cloud, name: str = "first") -> InstanceId:
    """It has run for some minutes, and is due to be looked at."""
    instance_id = create(cloud, width=1, name=name)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(400)
    make_due(cloud, instance_id)
    cloud.bus.waiting.clear()
    return instance_id


def make_due(cloud: Cloud, instance_id: InstanceId, **changes: Any) -> None:
    stored = cloud.store.get(INSTANCES, instance_id)
    assert stored
    due = replace(stored.value, due_at=cloud.clock.now(), **changes)
    cloud.store.save(INSTANCES, instance_id, due, stored.version)


def told_of(cloud: Cloud) -> list[str]:
    return [each.instance_id for each in cloud.bus.waiting if isinstance(each, InstanceChanged)]


def lease_of(cloud: Cloud, instance_id: InstanceId) -> AgentLease:
    stored = cloud.store.get(LEASES, cloud.instance(instance_id).primary or "none")
    assert stored
    return stored.value


def change_lease(cloud: Cloud, lease: AgentLease) -> None:
    stored = cloud.store.get(LEASES, lease.rental_id)
    assert stored
    cloud.store.save(LEASES, lease.rental_id, lease, stored.version)


def due_at(cloud: Cloud, instance_id: InstanceId) -> datetime | None:
    return cloud.instance(instance_id).due_at


def test_the_sweep_lets_rest_on_what_only_runs() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    lease = lease_of(cloud, instance_id)

    swept = sweep(cloud.services)

    assert (swept.told, list(cloud.bus.waiting)) == (0, [])
    assert lease.due_at
    assert lease.due_at.timestamp() == lease.ends_at(cloud.settings.timing.beat_grace_s)
    moved = due_at(cloud, instance_id)
    assert moved
    assert lease.due_at < moved <= cloud.clock.now() + timedelta(seconds=UNTOLD_S)


def test_where_nobody_watches_the_lease_its_end_is_looked_up() -> None:
    """As older code leaves it, which may still run beside this."""
    cloud = Cloud()
    instance_id = running(cloud)
    lease = lease_of(cloud, instance_id)
    change_lease(cloud, replace(lease, due_at=None))

    sweep(cloud.services)

    moved = due_at(cloud, instance_id)
    assert moved
    assert moved.timestamp() == lease.ends_at(cloud.settings.timing.beat_grace_s)


def test_silence_is_found_by_the_lease_alone() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    sweep(cloud.services)
    cloud.machine_of(instance_id).cut_off = True
    lease = lease_of(cloud, instance_id)
    assert lease.due_at
    resting_until = due_at(cloud, instance_id)

    cloud.clock.advance((lease.due_at - cloud.clock.now()).total_seconds() - 1)
    sweep(cloud.services)
    assert list(cloud.bus.waiting) == []
    assert due_at(cloud, instance_id) == resting_until
    cloud.clock.advance(1)
    sweep(cloud.services)

    assert told_of(cloud) == [instance_id]
    assert due_at(cloud, instance_id) == cloud.clock.now()
    assert lease_of(cloud, instance_id).due_at is None


def test_a_lost_word_of_a_silent_machine_is_said_again() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    sweep(cloud.services)
    cloud.machine_of(instance_id).cut_off = True
    cloud.clock.advance(1000)
    sweep(cloud.services)
    cloud.bus.waiting.clear()

    sweep(cloud.services)

    assert told_of(cloud) == [instance_id]


def test_a_lease_whose_machine_is_no_longer_the_primary_ends_without_a_word() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    sweep(cloud.services)
    lease = lease_of(cloud, instance_id)
    former = replace(lease, rental_id=RentalId("rent_former"))
    cloud.store.add(LEASES, former.rental_id, replace(former, due_at=cloud.clock.now()))

    sweep(cloud.services)

    stored = cloud.store.get(LEASES, former.rental_id)
    assert stored
    assert stored.value.due_at is None
    assert list(cloud.bus.waiting) == []


def test_what_speaks_while_its_silence_is_recorded_is_not_silent() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    sweep(cloud.services)
    lease = lease_of(cloud, instance_id)
    late = replace(lease, due_at=cloud.clock.now())
    change_lease(cloud, late)
    store = cloud.store

    class Racing:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def get(self, collection: Any, key: str) -> Any:
            if collection is INSTANCES:
                change_lease(cloud, lease)
            return store.get(collection, key)

    resting_until = due_at(cloud, instance_id)
    cloud.services.store = Racing()
    wake_silent(cloud.services, cloud.clock.now())

    assert lease_of(cloud, instance_id) == lease
    assert due_at(cloud, instance_id) == resting_until


def test_a_machine_whose_lease_has_ended_is_told_of() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    cloud.machine_of(instance_id).cut_off = True
    cloud.clock.advance(1000)

    sweep(cloud.services)

    assert told_of(cloud) == [instance_id]


def test_an_instance_with_something_to_do_is_told_of() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    make_due(cloud, instance_id, keep_alive_until=None, thaw="drain_1")

    swept = sweep(cloud.services)

    assert swept.told == 1
    assert told_of(cloud) == [instance_id]


def test_what_cannot_be_read_here_is_told_of() -> None:
    cloud = Cloud()
    instance_id = running(cloud)

    class Unreadable:
        def __getattr__(self, name: str) -> Any:
            return getattr(cloud.store, name)

        def get_each(self, *_: Any) -> Any:
            raise StoreError("no answer")

    cloud.services.store = Unreadable()

    assert sweep(cloud.services).told == 1
    assert told_of(cloud) == [instance_id]


def test_the_second_pass_is_only_for_what_waits() -> None:
    cloud = Cloud(CrashAt(None))
    instance_id = running(cloud)
    cloud.clock.slept_s.clear()

    tick(cloud.services)
    assert cloud.clock.slept_s == []

    make_due(cloud, instance_id, thaw="drain_1")
    tick(cloud.services)
    assert cloud.clock.slept_s == [cloud.settings.timing.sweep_s / 2]


def test_a_snapshot_under_way_is_given_a_minute() -> None:
    cloud = Cloud(CrashAt(None))
    instance_id = running(cloud)
    order(cloud, instance_id, "snapshot", reason="asked")
    cloud.clock.advance(61)
    make_due(cloud, instance_id)
    cloud.clock.slept_s.clear()

    tick(cloud.services)

    assert told_of(cloud)
    assert cloud.clock.slept_s == []


def test_a_look_at_what_only_runs_is_two_more_reads_and_a_write() -> None:
    cloud = Cloud()
    running(cloud)
    cloud.clock.advance(46)  # the sweep notes itself once in three quarters of a minute
    with counted() as with_one:
        sweep(cloud.services)
    cloud.clock.advance(46)
    with counted() as with_none:
        sweep(cloud.services)

    # Its own document takes the place of the read that a question without an answer costs.
    more = (with_one.reads - with_none.reads, with_one.writes - with_none.writes)
    assert more == (2, 1)
    assert with_one.publishes == 0


def look_now(cloud: Cloud) -> tuple[int, int]:
    """Reads and writes of one listing pass of its only account."""
    ask_look(cloud.services, ACCOUNT, cloud.clock.now())
    stored = cloud.store.get(LOOKS, ACCOUNT)
    assert stored
    with counted() as counts:
        look_at(cloud.services, stored)
    return counts.reads, counts.writes


def test_a_listing_that_says_nothing_new_is_kept_once_for_all_its_rentals() -> None:
    cloud = Cloud()
    ids = [running(cloud, name) for name in ("one", "two", "three")]
    cloud.clock.advance(60)
    look_now(cloud)
    rentals = [cloud.store.get(RENTALS, cloud.instance(each).primary or "") for each in ids]
    cloud.clock.advance(300)
    now = cloud.clock.now()

    spent = look_now(cloud)

    # Its account, and whether any rental has stirred; the claim, and what was seen.
    assert spent == (1 + 1, 2)
    for stored in rentals:
        assert stored
        rental = cloud.store.get(RENTALS, stored.key)
        assert rental == stored
        assert as_listed(cloud.services, stored.value).seen_at == now


def test_whoever_doubts_a_machine_knows_when_it_was_last_listed() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    look_now(cloud)
    cloud.machine_of(instance_id).cut_off = True
    cloud.clock.advance(900)
    look_now(cloud)

    loaded = load(cloud.services, instance_id)

    assert loaded
    (rental,) = loaded.rentals
    assert rental.value.seen_at == cloud.clock.now()
    stored = cloud.store.get(RENTALS, rental.key)
    assert stored
    assert stored.value.seen_at
    assert stored.value.seen_at < cloud.clock.now()


def test_what_a_listing_finds_is_due_though_its_word_is_lost() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    sweep(cloud.services)
    resting_until = due_at(cloud, instance_id)
    assert resting_until
    assert resting_until > cloud.clock.now() + timedelta(seconds=1000)
    cloud.machine_of(instance_id).contract.stop(cloud.market.now())
    cloud.clock.advance(60)

    look_now(cloud)
    cloud.bus.waiting.clear()

    assert due_at(cloud, instance_id) == cloud.clock.now()
    sweep(cloud.services)
    assert told_of(cloud) == [instance_id]


def test_a_contract_beside_its_own_is_due_though_its_word_is_lost() -> None:
    cloud = Cloud()
    instance_id = running(cloud)
    sweep(cloud.services)
    contract = cloud.machine_of(instance_id).contract
    again = replace(contract, id=ContractId("7777777"))
    cloud.market.contracts[again.id] = again
    cloud.clock.advance(60)

    look_now(cloud)
    cloud.bus.waiting.clear()
    cloud.run(120)

    assert ("destroy", again.id) in cloud.market.calls

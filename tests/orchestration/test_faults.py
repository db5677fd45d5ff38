"""One bad thing at a time: what the marketplace, a machine or the bus may do to us."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.agent_wire import messages as wire
from shared.app.collections import LOOKS, OPERATIONS, RENTALS
from shared.app.machines.events import record_events
from shared.app.machines.uploads import uploads
from shared.app.rentals.merge import merge
from shared.app.tick import sweep
from shared.domain.ids import AccountId, RentalId, SnapshotId
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.machines.tokens import MachineToken
from shared.domain.market.look import Look
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.rentals.transitions import bind
from shared.ports.marketplace import CreateOrder
from shared.ports.store import Collection
from tests.fakes.clock import START
from tests.fakes.marketplace import Fault
from tests.orchestration.cloud import Cloud
from tests.orchestration.job import live_through
from tests.orchestration.orders import create, destroy, order, snapshot, until_done, until_state
from tests.orchestration.truth import (
    assert_bill,
    assert_one_create_each,
    assert_over,
    assert_untouched,
    assert_winner_only,
    chain_of,
    ours_standing,
    rentals_of,
    with_decoys,
)

F = Fault


@pytest.mark.parametrize(
    ("call", "faults"),
    [
        ("create", [F.AFTER]),
        ("create", [F.BEFORE]),
        ("create", [F.BUSY]),
        ("create", [F.REFUSED, F.REFUSED]),
        ("create", [F.REFUSED_WITH_CONTRACT]),
        ("create", [F.STOLEN, F.STOLEN]),
        ("create", [F.TWICE, F.TWICE]),
        ("destroy", [F.NOOP, F.NOOP]),
        ("destroy", [F.AFTER, F.AFTER, F.AFTER]),
        ("destroy", [F.BEFORE, F.BUSY, F.REFUSED]),
        ("stop", [F.AFTER]),
        ("stop", [F.BUSY, F.BEFORE]),
        ("start", [F.AFTER]),
        ("start", [F.BEFORE, F.REFUSED]),
        ("reboot", [F.AFTER]),
        ("show", [F.BEFORE, F.BUSY, F.REFUSED]),
        ("listing", [F.BUSY, F.BEFORE, F.PARTIAL]),
        ("listing", [F.EMPTY] * 6),
        ("search", [F.BEFORE, F.BUSY]),
    ],
    ids=str,
)
def test_a_fault_of_the_marketplace_is_lived_through(call: str, faults: list[Fault]) -> None:
    cloud = Cloud()
    cloud.market.faults[call].extend(faults)

    live_through(cloud)

    assert not cloud.market.faults[call]


def test_empty_listings_alone_never_make_a_contract_gone() -> None:
    """Rule 6: an empty listing says that it is complete. The read by id is needed as well."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.market.faults["destroy"].extend([Fault.NOOP] * 3)
    cloud.market.faults["listing"].extend([Fault.EMPTY] * 12)
    destroy(cloud, instance_id, final_snapshot=False)

    until_state(cloud, instance_id, InstanceState.DESTROYED)

    assert_over(cloud, instance_id)


def test_a_contract_that_appears_after_its_rental_was_gone_is_ended() -> None:
    """A create whose answer was lost takes effect later than any listing was waited for."""
    cloud = Cloud()
    cloud.market.faults["create"].append(Fault.AFTER)
    cloud.market.lag_s = 600.0
    cloud.market.boot_s = 10_000.0
    instance_id = create(cloud, 1)
    cloud.run(10)
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, InstanceState.DESTROYED)
    assert len(ours_standing(cloud)) == 1

    cloud.until(lambda: not ours_standing(cloud), 1200)

    cloud.until(lambda: not cloud.instance(instance_id).rentals, 600)
    assert_over(cloud, instance_id)
    assert_one_create_each(cloud)


def test_a_contract_under_our_label_without_a_document_is_ended_and_a_foreign_one_is_not() -> None:
    from shared.domain.rentals.labels import label_of

    cloud = Cloud()
    decoys = with_decoys(cloud)
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    secret = cloud.secrets.signing_keys("label")[0].secret
    label = label_of("test", RentalId("rent_lost"), secret)
    lost = cloud.market.place(
        CreateOrder("9", label, "image", 10, {}, (), "", None), decoys[0].offer
    )
    began = cloud.clock.monotonic_s()

    cloud.until(lambda: lost.destroyed_at is not None, 900)

    assert cloud.clock.monotonic_s() - began >= cloud.settings.timing.orphan_gap_s
    assert_untouched(decoys)
    assert_winner_only(cloud, instance_id)


def test_many_contracts_without_documents_are_an_alarm_and_are_not_touched() -> None:
    """Rule 9: it is our documents that are lost."""
    from shared.domain.rentals.labels import label_of

    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    secret = cloud.secrets.signing_keys("label")[0].secret
    offer = cloud.market.offers[0]
    lost = [
        cloud.market.place(
            CreateOrder(
                "9", label_of("test", RentalId(f"rent_lost{n}"), secret), "i", 10, {}, (), "", None
            ),
            replace(offer, machine_id=f"far{n}"),
        )
        for n in range(3)
    ]

    cloud.run(1800)

    assert [each.destroyed_at for each in lost] == [None, None, None]


def test_a_second_contract_under_one_label_never_wins_and_is_ended() -> None:
    cloud = Cloud()
    cloud.market.faults["create"].append(Fault.TWICE)
    instance_id = create(cloud, 1)

    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.until(lambda: len(ours_standing(cloud)) == 1, 600)

    assert_winner_only(cloud, instance_id)
    (rental,) = rentals_of(cloud, instance_id)
    assert rental.state is RentalState.LIVE
    destroy(cloud, instance_id)
    until_state(cloud, instance_id, InstanceState.DESTROYED)
    assert_over(cloud, instance_id)
    assert_bill(cloud, instance_id)


def test_a_hint_of_idleness_that_is_lost_is_told_again() -> None:
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    machine = cloud.machine_of(instance_id)
    cloud.run(300)
    machine.set_busy(0)
    cloud.until(lambda: machine.boot is not None and machine.boot.told_seq == machine.boot.seq)
    cloud.bus.waiting.clear()

    took_s = until_state(cloud, instance_id, InstanceState.ASLEEP)

    assert took_s < cloud.settings.lease_renewal_s + 180


def test_a_late_snapshot_of_a_drain_that_was_given_up_is_no_head() -> None:
    """And thaw comes only where nothing was let go: the machine works on."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    machine = cloud.machine_of(instance_id)
    order(cloud, instance_id, "hibernate")
    cloud.until(lambda: machine.boot is not None and machine.boot.frozen_by)
    order(cloud, instance_id, "wake", want=None, snapshot_id=None)
    until_state(cloud, instance_id, InstanceState.RUNNING)

    cloud.until(lambda: machine.works, 300)

    assert cloud.instance(instance_id).primary
    assert chain_of(cloud, instance_id) == []
    assert_winner_only(cloud, instance_id)


def test_idleness_during_a_snapshot_leaves_neither_it_nor_its_operation_open() -> None:
    from shared.app.collections import SNAPSHOTS_OF_INSTANCE
    from shared.domain.operations import OperationState
    from shared.domain.snapshots.model import SnapshotState

    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    cloud.run(120)
    snapshot(cloud, instance_id)
    operation_id = cloud.instance(instance_id).operation_id or ""
    cloud.machine_of(instance_id).set_busy(0)

    until_state(cloud, instance_id, InstanceState.ASLEEP)

    operation = cloud.store.get(OPERATIONS, operation_id)
    assert operation
    assert operation.value.state is not OperationState.RUNNING
    page = cloud.store.find(SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id})
    assert SnapshotState.OPEN not in {each.value.state for each in page.items}


def test_a_deleted_machine_token_is_mended_by_another_hello() -> None:
    """An onstart line that runs twice: the same agent says hello again and goes on."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    machine = cloud.machine_of(instance_id)

    again = machine.say_hello(cloud.services)
    other = machine.say_hello(cloud.services, key="another-agent")

    assert (again.status, other.status) == ("ok", "fenced")
    until_done(cloud, instance_id)
    rental = cloud.store.get(RENTALS, cloud.instance(instance_id).primary or "")
    assert rental
    assert rental.value.state is RentalState.LIVE


def test_a_thaw_never_reaches_a_machine_that_was_let_go() -> None:
    """Once its snapshot let the machine go, no order makes its processes run on."""
    from shared.app.collections import MAILBOXES

    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    machine = cloud.machine_of(instance_id)
    let_go = cloud.instance(instance_id).primary or ""
    cloud.market.faults["destroy"].extend([Fault.NOOP] * 2)
    order(cloud, instance_id, "hibernate")
    until_state(cloud, instance_id, InstanceState.ASLEEP)

    order(cloud, instance_id, "wake", want=None, snapshot_id=None)
    until_state(cloud, instance_id, InstanceState.RUNNING)

    assert not machine.works
    stored = cloud.store.get(MAILBOXES, let_go)
    assert stored is None or "thaw" not in {each.kind for each in stored.value.commands}
    assert cloud.machine_of(instance_id) is not machine


def test_a_lease_opened_when_the_snapshot_is_acknowledged_keeps_its_machine() -> None:
    """Rule 13: before the one save that lets go, a lease cancels; the head stays that snapshot."""
    from shared.domain.instances.decide import next_step
    from shared.domain.instances.scene import Scene
    from shared.domain.instances.steps import AbandonDrain, FinishDrain
    from shared.domain.snapshots.model import SnapshotState
    from tests.unit.instances.samples import a_drain, a_snapshot, an_instance
    from tests.unit.rentals.samples import TIMING, after

    drained = an_instance(
        InstanceState.DRAINING, drain=a_drain(), desired=Desired.ASLEEP, head=SnapshotId("snap_1")
    )
    held = replace(drained, keep_alive_until=after(500))

    def step(instance: Instance) -> object:
        scene = Scene(instance, (), None, a_snapshot(SnapshotState.ACKED))
        return next_step(scene, after(100), TIMING)

    assert step(drained) == FinishDrain()
    assert step(held) == AbandonDrain("a lease was opened", alarm=False)


def test_what_a_machine_believes_of_the_time_decides_nothing() -> None:
    """The fakes say 1970 in every message; with another clock everything goes the same way."""
    quiet, wrong = Cloud(), Cloud()
    told: list[list[tuple[str, str]]] = []
    for cloud, clock in ((quiet, 0.0), (wrong, 4e9)):
        cloud.machine_clock = clock
        live_through(cloud)
        told.append(cloud.market.calls)

    assert told[0] == told[1]


def test_an_account_that_cannot_be_read_does_not_hold_up_the_others() -> None:
    """Rule 19: while two versions of the code run, a document may be newer than this one."""
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    (rental,) = rentals_of(cloud, instance_id)
    newer = Collection(RENTALS.name, Rental, schema=2, upcasters=(dict,))
    stored = cloud.store.get(RENTALS, rental.id)
    assert stored
    cloud.store.save(newer, rental.id, rental, stored.version)
    other = AccountId("acct_other")
    cloud.store.add(LOOKS, other, Look(other, cloud.clock.now(), 0))
    mine = cloud.store.get(LOOKS, rental.account_id)
    assert mine
    sooner = replace(mine.value, due_at=START)
    cloud.store.save(LOOKS, mine.key, sooner, mine.version)

    sweep(cloud.services)

    looked = cloud.store.get(LOOKS, other)
    assert looked
    assert looked.value.ended_at == cloud.clock.now()
    assert cloud.market.standing()


def test_an_answer_to_create_that_comes_after_its_rental_was_gone_ends_in_gone_again() -> None:
    # It stood as releasing in nobody's books: no step of anybody's ever ended it.
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    destroy(cloud, instance_id, final_snapshot=False)
    until_state(cloud, instance_id, InstanceState.DESTROYED)
    rental = rentals_of(cloud, instance_id)[0]
    assert rental.contract_id

    late = rental.contract_id
    merge(cloud.services, rental.id, lambda fresh: bind(fresh, late, cloud.clock.now(), None))
    assert rentals_of(cloud, instance_id)[0].state is RentalState.RELEASING

    cloud.until(lambda: rentals_of(cloud, instance_id)[0].state is RentalState.GONE, 1800)


def test_a_machine_whose_files_are_back_too_late_is_told_to_stand_still() -> None:
    # Its user would begin to work on what is about to be destroyed.
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    given_up = MachineToken(RentalId("rent_old"), instance_id, 0, cloud.clock.now())
    event = wire.AgentEvent("rent_old.restored", wire.EVENT_RESTORED, 0.0, snapshot_id="snap_1")

    answer = record_events(cloud.services, given_up, wire.EventsRequest((event,)))

    assert answer.status == wire.FENCED


def test_a_machine_whose_snapshot_was_given_up_is_not_told_to_stand_still() -> None:
    # It asked for a grant after a drain had begun: told that it was fenced, it froze for good.
    cloud = Cloud()
    instance_id = create(cloud, 1)
    until_state(cloud, instance_id, InstanceState.RUNNING)
    instance = cloud.instance(instance_id)
    primary = MachineToken(
        instance.primary or RentalId(""), instance_id, instance.epoch, cloud.clock.now()
    )

    answer = uploads(cloud.services, primary, wire.UploadsRequest("snap_given_up"))

    assert answer.status == wire.CLOSED
    assert answer.write is None

"""A snapshot that nobody waits for: its command stands in the lease of its machine, which is told
it when it renews that.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from shared.agent_wire import messages as wire
from shared.app.collections import INSTANCES, LEASES, MAILBOXES, RENTALS, SNAPSHOTS
from shared.app.instances.advance import advance
from shared.app.machines.beat import beat
from shared.app.machines.events import LITTLE_BYTES, record_events
from shared.app.snapshots.settle import MOST_FILES
from shared.domain.errors import BlobError
from shared.domain.events import InstanceChanged
from shared.domain.instances.decide import LEISURE_S
from shared.domain.instances.model import InstanceState
from shared.domain.machines.tokens import MachineToken
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.counting import OperationCounts, counted
from tests.orchestration.cloud import Cloud, FakeVerifier
from tests.orchestration.orders import create, destroy, order, until_done, until_state

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId, RentalId
    from shared.domain.machines.lease import AgentLease
    from shared.ports.snapshots import VerifiedSnapshot

BUSY = wire.AgentStatus(phase=wire.READY, idle=wire.Idleness(wire.BUSY, 0.0), boot_id="boot-1")


class Asked:
    """An instance whose policy has asked for a snapshot just now; its machine says nothing."""

    def __init__(self) -> None:
        self.cloud = cloud = Cloud()
        self.id: InstanceId = create(cloud, 1)
        until_state(cloud, self.id, InstanceState.RUNNING)
        cloud.run(60)
        self.machine = cloud.machine_of(self.id)
        stored = cloud.store.get(INSTANCES, self.id)
        assert stored
        due = replace(stored.value, next_snapshot_at=cloud.clock.now())
        cloud.store.save(INSTANCES, self.id, due, stored.version)
        with counted() as counts:
            advance(cloud.services, self.id)
        self.writes = counts.writes
        self.told = ""
        assert due.primary
        self.epoch = due.epoch
        self.primary: RentalId = due.primary

    @property
    def snapshot(self) -> Snapshot:
        opened = self.cloud.instance(self.id).open_snapshot
        stored = self.cloud.store.get(SNAPSHOTS, opened or "")
        assert stored
        return stored.value

    @property
    def lease(self) -> AgentLease:
        stored = self.cloud.store.get(LEASES, self.primary)
        assert stored
        return stored.value

    def beat(self, seq: int, *, acks: tuple[str, ...] = (), receipt: str = "") -> tuple[str, ...]:
        """The ids of the commands that it is answered with."""
        ends = self.cloud.clock.now() + timedelta(hours=1)
        token = MachineToken(self.primary, self.id, self.epoch, ends)
        request = wire.HeartbeatRequest(
            state_seq=seq, clock=0.0, status=BUSY, acks=acks, receipt=receipt
        )
        answer = beat(self.cloud.services, token, request)
        self.receipt = answer.receipt
        return tuple(each.id for each in answer.commands)

    def state_of(self, snapshot_id: str) -> SnapshotState:
        stored = self.cloud.store.get(SNAPSHOTS, snapshot_id)
        assert stored
        return stored.value.state

    def tell(self, **changes: Any) -> OperationCounts:
        """Its machine's word that it is whole; the objects lie there. What that took."""
        opened = self.cloud.instance(self.id).open_snapshot or self.told
        self.told = opened
        stored = self.cloud.store.get(SNAPSHOTS, opened)
        assert stored
        key, content = f"{stored.value.prefix}manifests/{opened}", b'{"work": 7}'
        self.cloud.blobs.put(key, content)
        md5 = hashlib.md5(content).hexdigest()
        done = wire.SnapshotDone(opened, "", key, md5, len(content), len(content), 1, (), 1.0)
        event = wire.AgentEvent(
            "evt_1", wire.EVENT_SNAPSHOT_DONE, 0.0, snapshot=replace(done, **changes)
        )
        ends = self.cloud.clock.now() + timedelta(hours=1)
        token = MachineToken(self.primary, self.id, self.epoch, ends)
        with counted() as counts:
            record_events(self.cloud.services, token, wire.EventsRequest((event,)))
        return counts


class Away:
    def verify(self, *_: Any) -> VerifiedSnapshot:
        raise BlobError("away")


def test_it_is_asked_for_in_three_writes_and_no_mailbox() -> None:
    asked = Asked()

    assert asked.writes == 3  # the instance, the snapshot, and the lease that tells its machine
    assert asked.snapshot.commanded
    assert asked.cloud.store.get(MAILBOXES, asked.primary) is None
    assert list(asked.cloud.bus.waiting) == []


def test_nobody_looks_at_it_before_its_machine_can_have_told() -> None:
    asked = Asked()

    due_at = asked.cloud.instance(asked.id).due_at

    assert due_at == asked.snapshot.created_at + timedelta(seconds=LEISURE_S)


def test_it_is_told_with_each_renewal_until_it_is_acknowledged() -> None:
    asked = Asked()
    (told,) = asked.beat(101)
    (again,) = asked.beat(102)

    after = asked.beat(103, acks=(told,))

    assert told == again
    assert after == asked.beat(104) == ()
    assert asked.lease.errand is None


def test_a_steady_beat_that_acknowledges_it_stays_one_and_a_renewal_writes_that_down() -> None:
    asked = Asked()
    (told,) = asked.beat(101)
    receipt = asked.receipt

    with counted() as counts:
        asked.beat(101, acks=(told,), receipt=receipt)

    assert (counts.reads, counts.writes) == (0, 0)
    assert asked.lease.errand
    asked.cloud.clock.advance(asked.cloud.settings.lease_renewal_s)
    assert asked.beat(101, acks=(told,), receipt=receipt) == ()
    assert asked.lease.errand is None


def test_one_that_was_never_fetched_is_not_told_after_its_deadline() -> None:
    asked = Asked()
    asked.cloud.clock.advance(3600)

    assert asked.beat(101) == ()


def test_its_machine_takes_it_at_its_next_renewal() -> None:
    asked = Asked()
    snapshot_id = asked.snapshot.id

    took_s = asked.cloud.until(lambda: asked.cloud.instance(asked.id).head == snapshot_id)

    stored = asked.cloud.store.get(SNAPSHOTS, snapshot_id)
    assert stored
    assert stored.value.state is SnapshotState.ACKED
    assert took_s <= asked.cloud.settings.lease_renewal_s + 60
    asked.cloud.run(asked.cloud.settings.lease_renewal_s + 60)
    assert asked.lease.errand is None
    assert asked.cloud.store.get(MAILBOXES, asked.primary) is None


def test_its_machines_word_is_looked_into_at_once_and_settled_in_one_commit() -> None:
    asked = Asked()
    snapshot_id = asked.snapshot.id

    counts = asked.tell()

    assert asked.cloud.instance(asked.id).head == snapshot_id
    assert asked.state_of(snapshot_id) is SnapshotState.ACKED
    assert counts.writes == 2  # the instance and the snapshot, which says when it was verified
    # The instance, its rental, its lease, the snapshot; how many its policy has.
    assert (counts.reads, counts.class_b) == (4 + 1, 1)
    assert list(asked.cloud.bus.waiting) == []


def test_a_word_that_comes_again_changes_nothing() -> None:
    asked = Asked()
    asked.tell()
    before = asked.cloud.instance(asked.id)

    asked.tell()

    assert asked.cloud.instance(asked.id) == before


def test_where_the_bytes_cannot_be_looked_for_the_word_is_recorded_and_told_of() -> None:
    asked = Asked()
    snapshot_id = asked.snapshot.id
    asked.cloud.services.snapshots = Away()

    asked.tell()

    assert asked.state_of(snapshot_id) is SnapshotState.UPLOADED
    assert [type(each) for each in asked.cloud.bus.waiting] == [InstanceChanged]
    asked.cloud.services.snapshots = FakeVerifier(asked.cloud.blobs)
    asked.cloud.deliver()
    assert asked.cloud.instance(asked.id).head == snapshot_id


@pytest.mark.parametrize(
    "done", [{"files": MOST_FILES + 1}, {"manifest_md5": "0" * 32}], ids=["many files", "another"]
)
def test_what_is_too_much_or_not_whole_is_the_next_handlers(done: dict[str, Any]) -> None:
    asked = Asked()
    snapshot_id = asked.snapshot.id

    asked.tell(**done)

    assert asked.state_of(snapshot_id) is SnapshotState.UPLOADED
    assert [type(each) for each in asked.cloud.bus.waiting] == [InstanceChanged]


def test_the_word_of_a_machine_of_an_older_epoch_settles_nothing() -> None:
    asked = Asked()
    stored = asked.cloud.store.get(INSTANCES, asked.id)
    assert stored
    moved = replace(stored.value, epoch=asked.epoch + 1)
    asked.cloud.store.save(INSTANCES, asked.id, moved, stored.version)

    asked.tell()

    assert asked.cloud.instance(asked.id).head is None


def test_where_somebody_moves_the_instance_meanwhile_the_word_is_recorded() -> None:
    asked = Asked()
    snapshot_id = asked.snapshot.id

    class Slow(FakeVerifier):
        def verify(self, *told: Any) -> VerifiedSnapshot:
            order(asked.cloud, asked.id, "keep_alive", minutes=5)
            return super().verify(*told)

    asked.cloud.services.snapshots = Slow(asked.cloud.blobs)

    asked.tell()

    assert asked.state_of(snapshot_id) is SnapshotState.UPLOADED
    assert asked.cloud.instance(asked.id).keep_alive_until


def sent_of(asked: Asked) -> int:
    """What was counted of the bytes that its machine sent."""
    stored = asked.cloud.store.get(RENTALS, asked.primary)
    assert stored
    return stored.value.meter.sent or 0


def test_little_traffic_is_counted_with_what_follows() -> None:
    asked = Asked()
    first = asked.snapshot.id

    asked.cloud.until(lambda: asked.cloud.instance(asked.id).head == first)

    assert 0 < asked.machine.contract.sent < LITTLE_BYTES
    assert sent_of(asked) == 0
    destroy(asked.cloud, asked.id)
    until_done(asked.cloud, asked.id)
    assert sent_of(asked) == asked.machine.contract.sent


def test_much_traffic_is_counted_at_once() -> None:
    asked = Asked()
    asked.machine.contract.sent += LITTLE_BYTES
    first = asked.snapshot.id

    asked.cloud.until(lambda: asked.cloud.instance(asked.id).head == first)

    assert sent_of(asked) == asked.machine.contract.sent


def test_an_operation_that_is_over_is_not_loaded_for_ever() -> None:
    asked = Asked()

    assert asked.cloud.instance(asked.id).operation_id is None

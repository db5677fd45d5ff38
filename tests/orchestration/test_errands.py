"""A snapshot that nobody waits for: its command stands in the lease of its machine, which is told
it when it renews that.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire import messages as wire
from shared.app.collections import INSTANCES, LEASES, MAILBOXES, RENTALS, SNAPSHOTS
from shared.app.instances.advance import advance
from shared.app.machines.beat import beat
from shared.app.machines.events import LITTLE_BYTES
from shared.domain.instances.decide import LEISURE_S
from shared.domain.instances.model import InstanceState
from shared.domain.machines.tokens import MachineToken
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.counting import counted
from tests.orchestration.cloud import Cloud
from tests.orchestration.orders import create, destroy, until_done, until_state

if TYPE_CHECKING:
    from shared.domain.ids import InstanceId, RentalId
    from shared.domain.machines.lease import AgentLease

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


def test_a_steady_beat_that_acknowledges_it_writes_that_down() -> None:
    asked = Asked()
    (told,) = asked.beat(101)
    receipt = asked.receipt

    with counted() as counts:
        asked.beat(101, acks=(told,), receipt=receipt)

    assert (counts.reads, counts.writes) == (0, 1)
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
    assert asked.lease.errand is None
    assert asked.cloud.store.get(MAILBOXES, asked.primary) is None


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

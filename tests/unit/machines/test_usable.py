"""A user is let in before the last file is back: told, and still restoring until it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.agent_wire import messages as wire
from shared.app.collections import INSTANCES, OPERATIONS, RENTALS
from shared.app.instances.orders import hibernate, snapshot
from shared.app.machines.events import record_events
from shared.domain.accounts import account_id_of
from shared.domain.errors import Conflicting
from shared.domain.ids import OperationId
from shared.domain.instances.model import Instance, InstanceState
from shared.domain.machines.tokens import MachineToken
from shared.domain.operations import Operation, OperationKind, OperationState
from shared.domain.rentals.model import RentalState
from tests.orchestration.cloud import OWNER, Cloud
from tests.orchestration.losses import story
from tests.unit.instances.samples import ME, SNAP, an_instance
from tests.unit.rentals.samples import bound

WAKE = OperationId("op_wake")
USABLE = wire.AgentEvent(
    "r.usable", wire.EVENT_USABLE, 0.0, snapshot_id=SNAP, files=40, bytes=4096, seconds=1.5
)
RESTORED = wire.AgentEvent(
    "r.restored", wire.EVENT_RESTORED, 0.0, snapshot_id=SNAP, files=42, bytes=9 << 20, seconds=9.0
)
FAILED = wire.AgentEvent("r.failed", wire.EVENT_FAILED, 0.0, message="the disk is full")


class Waking:
    """An instance whose machine restores, with the operation of its wake."""

    def __init__(self) -> None:
        self.cloud = Cloud()
        now = self.cloud.clock.now()
        instance = an_instance(
            InstanceState.RESTORING, owner=OWNER, head=SNAP, restore_from=SNAP, operation_id=WAKE
        )
        rental = bound(RentalState.LIVE, owner=OWNER, account_id=account_id_of(OWNER, "vast"))
        begun = Operation.begun(WAKE, OWNER, OperationKind.WAKE, instance.id, now)
        self.id = instance.id
        self.cloud.store.add(INSTANCES, instance.id, instance)
        self.cloud.store.add(RENTALS, rental.id, rental)
        self.cloud.store.add(OPERATIONS, WAKE, begun.enter("restoring", now))

    def tell(self, event: wire.AgentEvent, *, epoch: int = 0) -> str:
        expires_at = self.cloud.clock.now() + timedelta(hours=1)
        token = MachineToken(ME, self.id, epoch, expires_at)
        answer = record_events(self.cloud.services, token, wire.EventsRequest((event,)))
        assert answer.recorded == (event.id,)
        return answer.status

    @property
    def instance(self) -> Instance:
        return self.cloud.instance(self.id)

    @property
    def operation(self) -> Operation:
        stored = self.cloud.store.get(OPERATIONS, WAKE)
        assert stored is not None
        return stored.value


def test_it_is_told_once_and_the_wake_ends_when_every_file_is_back() -> None:
    waking = Waking()

    waking.tell(USABLE)
    waking.tell(USABLE)

    assert waking.instance.state is InstanceState.RESTORING
    assert waking.instance.usable_at == waking.cloud.clock.now()
    assert [phase.name for phase in waking.operation.phases] == ["restoring", "usable"]
    assert waking.operation.state is OperationState.RUNNING

    waking.tell(RESTORED)

    assert waking.instance.state is InstanceState.RUNNING
    assert waking.instance.usable_at is None
    assert waking.operation.state is OperationState.SUCCEEDED
    told = story(waking.cloud, waking.id)
    assert told.count("snapshot.usable") == 1
    assert told.count("snapshot.restored") == 1


def test_meanwhile_nothing_is_saved_or_put_to_sleep() -> None:
    """What is not there yet must not be missing from a snapshot that is acknowledged."""
    waking = Waking()
    waking.tell(USABLE)

    with pytest.raises(Conflicting):
        snapshot(waking.cloud.services, OWNER, waking.id, "by its owner")
    with pytest.raises(Conflicting):
        hibernate(waking.cloud.services, OWNER, waking.id)


def test_a_rest_that_does_not_come_is_told_and_another_machine_is_looked_for() -> None:
    waking = Waking()
    waking.tell(USABLE)

    waking.tell(FAILED)

    assert waking.instance.state is InstanceState.PROVISIONING
    assert waking.instance.restore_from == SNAP
    assert waking.instance.usable_at is None
    assert "machine.failed" in story(waking.cloud, waking.id)


def test_a_machine_that_was_given_up_meanwhile_lets_nobody_in() -> None:
    waking = Waking()

    status = waking.tell(USABLE, epoch=7)

    assert status == wire.FENCED
    assert waking.instance.usable_at is None

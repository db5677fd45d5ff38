"""What is left at the end: machines that nobody wants, work that nobody ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.app.instances.orders import SNAPSHOT_DEADLINE_S
from shared.domain.instances.model import InstanceState
from shared.domain.operations import OperationKind, OperationState
from shared.domain.rentals.model import RentalState
from tests.simulation.judge.findings import LEAKED, STUCK_DOCUMENTS, STUCK_OPERATIONS
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from shared.domain.instances.model import Instance
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site

LONGEST_OPERATION = timedelta(hours=1)
OVERDUE = timedelta(seconds=300)
PATIENCE = timedelta(seconds=1200)  # longer than any deadline of a step: boot and drain, 900 s
# One that runs is given its own deadline: a large disk takes its time, a silent machine may speak.
SNAPSHOT_PATIENCE = timedelta(seconds=SNAPSHOT_DEADLINE_S) + OVERDUE
RESTING = frozenset(
    {
        InstanceState.RUNNING,
        InstanceState.PAUSED,
        InstanceState.ASLEEP,
        InstanceState.DESTROYED,
        InstanceState.FAILED,
    }
)
TRANSIENT = frozenset(
    {RentalState.INTENT, RentalState.CREATING, RentalState.UNKNOWN, RentalState.RELEASING}
)


class EndJudge:
    def __init__(self, world: World, site: Site, documents: Documents, findings: Findings) -> None:
        self._world = world
        self._site = site
        self._documents = documents
        self._findings = findings
        self._lost_at: dict[str, datetime] = {}  # since when its owner was told of the loss
        documents.on("instances", self._instance_changed)

    def _instance_changed(self, key: str, _before: Instance | None, after: Instance | None) -> None:
        if after is None or not after.failover.told:
            self._lost_at.pop(key, None)
        else:
            self._lost_at.setdefault(key, self._world.clock.now())

    def look(self) -> None:
        """What may not wait until the end to be seen: the next order would cover it up. Where
        the control plane was away, perhaps for an hour, nothing has ended in time.
        """
        there = timedelta(seconds=self._world.there_for_s)
        if self._world.faults.calm and there > PATIENCE:
            self._check_operations(timedelta.max)

    def check(self) -> None:
        for contract in self._site.ours():
            if contract.destroyed_at is None and not self._is_wanted(contract):
                text = f"contract {contract.id}, {contract.label}, stands"
                self._findings.add(LEAKED, contract.id, text)
        self._check_operations(LONGEST_OPERATION)
        self._check_documents()

    def _is_wanted(self, contract: Contract) -> bool:
        """An open rental is bound to it, and its instance counts that rental among its own."""
        rental = self._documents.rentals.get(rental_named(contract))
        if rental is None or rental.state is RentalState.GONE:
            return False
        instance = self._documents.instances.get(rental.instance_id)
        return (
            rental.contract_id == str(contract.id)
            and instance is not None
            and rental.id in instance.rentals
        )

    def _check_operations(self, longest: timedelta) -> None:
        now = self._world.clock.now()
        for key, operation in self._documents.operations.items():
            if operation.state is not OperationState.RUNNING:
                continue
            instance = self._documents.instances.get(operation.target)
            current = instance is not None and instance.operation_id == key
            rested = instance is not None and instance.state in RESTING
            rests = rested and instance is not None and now - instance.state_since > PATIENCE
            if instance is not None and instance.failover.final_since:
                continue  # no final snapshot: its owner was told, it is tried for 24 h
            age = now - operation.created_at
            asked = operation.kind is OperationKind.SNAPSHOT
            patience = SNAPSHOT_PATIENCE if asked else PATIENCE
            lost_at = self._lost_at.get(operation.target, now)
            if asked and min(now - lost_at, age) > OVERDUE:
                text = (
                    f"{operation.target} is lost since {now - lost_at}, and a snapshot waited for"
                )
                self._findings.add(STUCK_OPERATIONS, key, text)
            if age > max(longest, patience) or (rests and age > patience) or not current:
                text = f"{operation.kind.value} of {operation.target}, {age} old"
                self._findings.add(STUCK_OPERATIONS, key, text)

    def _check_documents(self) -> None:
        now = self._world.clock.now()
        for key, instance in self._documents.instances.items():
            if instance.due_at is not None and now - instance.due_at > OVERDUE:
                text = f"{key} is due since {now - instance.due_at}"
                self._findings.add(STUCK_DOCUMENTS, key, text)
        for key, rental in self._documents.rentals.items():
            if rental.state in TRANSIENT and now - rental.state_since > LONGEST_OPERATION:
                text = f"{key} is {rental.state.value} since {now - rental.state_since}"
                self._findings.add(STUCK_DOCUMENTS, key, text)

"""After the faults stop: how long until people see the truth, and until the books are closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.ids import InstanceId
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.operations import OperationState
from tests.simulation.judge.findings import LATE
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from tests.simulation.users import Users
    from tests.simulation.world import SimWorld

_STAYS_S = 150.0
# docs, "The numbers": what is later is a hole to look for, however rare.
VISIBLE_WITHIN_S = 120.0
BOOKS_WITHIN_S = 300.0
WANTED = {
    Desired.RUNNING: frozenset({InstanceState.RUNNING}),
    Desired.PAUSED: frozenset({InstanceState.PAUSED}),
    Desired.ASLEEP: frozenset({InstanceState.ASLEEP}),
    Desired.DESTROYED: frozenset({InstanceState.DESTROYED}),
}


class Settling:
    """Seconds after the end of the faults until each instance was, and stayed, settled.

    What begins later by an order of its own (idle, it is put to sleep) is ordinary life.
    """

    def __init__(self, world: SimWorld, users: Users) -> None:
        self._world = world
        self._began_s = world.agenda.now_s
        self._steps = -1
        self._waits = [_Wait(each) for each in users.instances]
        self.visible_s: list[float] = []
        self.books_s: list[float] = []

    def watch(self, within_s: float) -> None:
        """Let time pass until all are settled, and somewhat longer, or it is over."""
        world, end_s = self._world, self._began_s + within_s
        world.agenda.run_until(end_s, self._all_settled)
        world.agenda.run_until(min(end_s, world.agenda.now_s + _STAYS_S), self._look)
        self._look()
        for wait in self._waits:
            self.visible_s.append((wait.visible_at or end_s) - self._began_s)
            self.books_s.append((wait.books_at or end_s) - self._began_s)
            self._judge(wait, self.visible_s[-1], self.books_s[-1])

    def _judge(self, wait: _Wait, visible_s: float, books_s: float) -> None:
        found, name = self._world.judge.findings, wait.instance_id
        if visible_s > VISIBLE_WITHIN_S:
            found.add(LATE, (name, "visible"), f"{name} is what it says after {visible_s:.1f} s")
        if books_s > BOOKS_WITHIN_S:
            found.add(LATE, (name, "books"), f"the books of {name} close after {books_s:.1f} s")

    def _all_settled(self) -> bool:
        self._look()
        return all(each.visible_at and each.books_at for each in self._waits)

    def _look(self) -> bool:
        if self._steps != self._world.fleet.steps:
            self._steps = self._world.fleet.steps
            for wait in self._waits:
                self._look_at(wait)
        return False

    def _look_at(self, wait: _Wait) -> None:
        documents, now_s = self._world.judge.documents, self._world.agenda.now_s
        instance = documents.instances.get(wait.instance_id)
        if instance is None:
            wait.visible_at = wait.books_at = wait.visible_at or now_s
            return
        if wait.operation_id != instance.operation_id and wait.visible_at and wait.books_at:
            return
        wait.operation_id = instance.operation_id
        wait.visible_at = (wait.visible_at or now_s) if self._is_true(instance) else None
        only = set(instance.rentals) <= {instance.primary} | _held(instance)
        wait.books_at = (wait.books_at or now_s) if only else None

    def _is_true(self, instance: Instance) -> bool:
        """What its owner is told is so, and nothing else of it runs; or nobody of us can help."""
        if self._world.judge.convergence.is_excused(instance):
            return True
        documents, machines = self._world.judge.documents, self._world.machines
        operation = documents.operations.get(instance.operation_id or "")
        if operation is not None and operation.state is OperationState.RUNNING:
            return False
        if instance.state not in WANTED[instance.desired] | {InstanceState.FAILED}:
            return False
        primary = documents.rentals.get(instance.primary or "")
        contract_id = int(primary.contract_id) if primary and primary.contract_id else None
        if instance.state is InstanceState.RUNNING:
            host = machines.of.get(contract_id)
            if host is None or not host.works:
                return False
        return all(each == contract_id for each in self._standing(instance))

    def _standing(self, instance: Instance) -> list[int]:
        rentals = self._world.judge.documents.rentals
        found = []
        for contract in self._world.provider.site.ours():
            if contract.destroyed_at is None:
                rental = rentals.get(rental_named(contract))
                mine = rental is not None and rental.instance_id == instance.id
                if rental is not None and mine and rental.id not in _held(instance):
                    found.append(contract.id)
        return found


def _held(instance: Instance) -> set[str]:
    """Lost machines that nobody may let go: there is no successor that has proven itself."""
    if instance.state is InstanceState.RUNNING:
        return set()
    return {each.rental_id for each in instance.failover.held}


@dataclass
class _Wait:
    instance_id: InstanceId
    operation_id: str | None = None
    visible_at: float | None = None
    books_at: float | None = None

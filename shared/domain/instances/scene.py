"""Everything that one decision about an instance may look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.failover.evidence import Fleet
from shared.domain.frozen import dataclass
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.machines.lease import AgentLease
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.decide import Parent
from shared.domain.rentals.model import Rental, RentalState
from shared.domain.snapshots.model import Snapshot

if TYPE_CHECKING:
    from shared.domain.ids import RentalId

HOPEFUL = frozenset({RentalState.INTENT, RentalState.CREATING, RentalState.BOOTING})
ENDING = frozenset({InstanceState.DESTROYING, InstanceState.DESTROYED})
STANDING_STILL = frozenset({InstanceState.PAUSING, InstanceState.PAUSED})


@dataclass(frozen=True, slots=True)
class Scene:
    """`lease` is the primary's. `snapshot` is the drain's, or else the one under way.

    `late` are snapshots that fenced machines had under way. `fleet` is read only where a lease
    has ended or the machine is in doubt.
    """

    instance: Instance
    rentals: tuple[Rental, ...]
    lease: AgentLease | None
    snapshot: Snapshot | None
    fleet: Fleet | None = None
    late: tuple[Snapshot, ...] = ()

    def primary(self) -> Rental | None:
        return next((r for r in self.rentals if r.id == self.instance.primary), None)

    def racers(self) -> tuple[Rental, ...]:
        """Rentals of this epoch that may still become ready."""
        return tuple(
            r for r in self.rentals if r.epoch == self.instance.epoch and r.state in HOPEFUL
        )

    def parent_of(self, rental: Rental) -> Parent:
        """What the instance wants of this rental (rule 10: roles derive from `primary`)."""
        instance = self.instance
        if instance.failover.holds(rental.id) and instance.state not in ENDING:
            return _held(rental)
        why_not = self._why_not(rental.id, rental.epoch)
        return Parent(
            wanted=not why_not,
            why_not=why_not,
            run=instance.state not in STANDING_STILL and not self._stands_unasked(rental),
            primary=rental.id == instance.primary,
        )

    def _stands_unasked(self, rental: Rental) -> bool:
        """Stopped without an order of ours: why is asked before it is started (rule 17)."""
        mine = rental.id == self.instance.primary and rental.state is RentalState.STOPPED
        return mine and self.instance.state is InstanceState.RUNNING

    def _why_not(self, rental_id: RentalId, epoch: int) -> str:
        instance = self.instance
        if epoch != instance.epoch:
            return f"the instance is {instance.state.value}: its machine is let go"
        if instance.primary is not None:
            return "" if rental_id == instance.primary else "another machine was ready first"
        if instance.state is InstanceState.PROVISIONING:
            return "" if instance.desired is Desired.RUNNING else "the order was withdrawn"
        return f"the instance is {instance.state.value}"


def _held(rental: Rental) -> Parent:
    """Kept for the work on its disk. One that runs again is stopped: fenced, it only costs."""
    stands = rental.state in {RentalState.LIVE, RentalState.BOOTING}
    run = stands and rental.provider_status != ContractStatus.RUNNING
    return Parent(wanted=True, why_not="", run=run, primary=True, held=True)

"""Load everything that a decision may look at, with the versions to save against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, LEASES, OPERATIONS, RENTALS, SNAPSHOTS
from shared.domain.instances.model import Instance
from shared.domain.instances.scene import Scene
from shared.domain.machines.lease import AgentLease
from shared.domain.operations import Operation
from shared.domain.rentals.model import Rental
from shared.domain.snapshots.model import Snapshot
from shared.ports.store import Stored

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId


@dataclass(frozen=True, slots=True)
class Loaded:
    instance: Stored[Instance]
    rentals: tuple[Stored[Rental], ...]
    lease: AgentLease | None
    snapshot: Stored[Snapshot] | None
    operation: Stored[Operation] | None

    def scene(self) -> Scene:
        return Scene(
            instance=self.instance.value,
            rentals=tuple(each.value for each in self.rentals),
            lease=self.lease,
            snapshot=self.snapshot.value if self.snapshot else None,
        )

    def rental(self, rental_id: str) -> Stored[Rental]:
        return next(each for each in self.rentals if each.key == rental_id)


def load(services: Services, instance_id: InstanceId) -> Loaded | None:
    """None when there is no such instance. Reads: 1 + open rentals + up to 3."""
    store = services.store
    instance = store.get(INSTANCES, instance_id)
    if instance is None:
        return None
    value = instance.value
    rentals = (store.get(RENTALS, each) for each in value.rentals)
    lease = store.get(LEASES, value.primary) if value.primary else None
    under_way = value.drain.snapshot_id if value.drain else value.open_snapshot
    return Loaded(
        instance=instance,
        rentals=tuple(each for each in rentals if each is not None),
        lease=lease.value if lease else None,
        snapshot=store.get(SNAPSHOTS, under_way) if under_way else None,
        operation=store.get(OPERATIONS, value.operation_id) if value.operation_id else None,
    )

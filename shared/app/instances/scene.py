"""Load everything that a decision may look at, with the versions to save against."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, LEASES, OPERATIONS, RENTALS, SNAPSHOTS
from shared.app.fleet import fleet_of
from shared.app.rentals.standing import as_listed
from shared.domain.failover.evidence import Fleet
from shared.domain.frozen import dataclass
from shared.domain.instances.model import Instance, InstanceState
from shared.domain.instances.scene import Scene
from shared.domain.machines.lease import AgentLease
from shared.domain.operations import Operation
from shared.domain.rentals.model import Rental
from shared.domain.snapshots.model import Snapshot
from shared.ports.store import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.app.services import Services
    from shared.domain.ids import InstanceId

SPEAKING = frozenset({InstanceState.RUNNING, InstanceState.RESTORING, InstanceState.DRAINING})


@dataclass(frozen=True, slots=True)
class Loaded:
    instance: Stored[Instance]
    rentals: tuple[Stored[Rental], ...]
    lease: Stored[AgentLease] | None
    snapshot: Stored[Snapshot] | None
    operation: Stored[Operation] | None
    fleet: Fleet | None = None
    late: tuple[Stored[Snapshot], ...] = ()

    def scene(self) -> Scene:
        return Scene(
            instance=self.instance.value,
            rentals=tuple(each.value for each in self.rentals),
            lease=self.lease.value if self.lease else None,
            snapshot=self.snapshot.value if self.snapshot else None,
            fleet=self.fleet,
            late=tuple(each.value for each in self.late),
        )

    def rental(self, rental_id: str) -> Stored[Rental]:
        return next(each for each in self.rentals if each.key == rental_id)


def load(services: Services, instance_id: InstanceId) -> Loaded | None:
    """None when there is no such instance. Reads: 1 + open rentals + up to 3, and where its
    machine is in doubt one more of each rental's account, 1 and two counts.
    """
    store = services.store
    instance = store.get(INSTANCES, instance_id)
    if instance is None:
        return None
    value = instance.value
    rentals = tuple(each for each in (store.get(RENTALS, key) for key in value.rentals) if each)
    lease = store.get(LEASES, value.primary) if value.primary else None
    doubted = _in_doubt(services, value, lease)
    if doubted:
        rentals = tuple(replace(each, value=as_listed(services, each.value)) for each in rentals)
    under_way = value.drain.snapshot_id if value.drain else value.open_snapshot
    return Loaded(
        instance=instance,
        rentals=rentals,
        lease=lease,
        snapshot=store.get(SNAPSHOTS, under_way) if under_way else None,
        operation=store.get(OPERATIONS, value.operation_id) if value.operation_id else None,
        fleet=fleet_of(services, value) if doubted else None,
        late=tuple(_late(services, value)),
    )


def _in_doubt(services: Services, instance: Instance, lease: Stored[AgentLease] | None) -> bool:
    """Its lease has ended, or it is suspected: then what all machines do matters as well."""
    if instance.state not in SPEAKING:
        return False
    if lease is None or instance.silent_since or instance.failover.suspicion:
        return True
    ends_at = lease.value.ends_at(services.settings.timing.beat_grace_s)
    return services.clock.now().timestamp() >= ends_at


def _late(services: Services, instance: Instance) -> Iterator[Stored[Snapshot]]:
    for held in instance.failover.held:
        stored = services.store.get(SNAPSHOTS, held.snapshot_id) if held.snapshot_id else None
        if stored:
            yield stored

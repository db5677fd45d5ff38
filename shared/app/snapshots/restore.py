"""Bring a snapshot back: into the hibernated instance that it came from, or into a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.instances.create import NewInstance, create_instance
from shared.app.instances.orders import wake
from shared.app.instances.read import owned
from shared.app.snapshots.read import owned_snapshot
from shared.domain.errors import Conflicting
from shared.domain.instances.model import InstanceState

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import SnapshotId, UserId
    from shared.domain.operations import Operation


def restore(
    services: Services,
    owner: UserId,
    snapshot_id: SnapshotId,
    *,
    new_instance: bool | None,
    label: str,
    idempotency_id: str = "",
) -> Operation:
    """`new_instance` None: wake the source when it sleeps, else make a new one.

    Raises NotFound, Conflicting (not restorable; the source does not sleep) and what creating an
    instance raises.
    """
    snapshot = owned_snapshot(services, owner, snapshot_id).value
    if not snapshot.restorable:
        raise Conflicting(f"it is {snapshot.state.value}: it cannot be restored")
    source = owned(services, owner, snapshot.instance_id)
    asleep = source.state is InstanceState.ASLEEP
    if new_instance is False or (new_instance is None and asleep):
        return wake(services, owner, source.id, want=None, snapshot_id=snapshot_id)
    again = NewInstance(
        label=label or f"{source.label} (restored)"[:128],
        spec=source.spec,
        want=source.want,
        offer_id=None,
        bid=source.bid,
        race=source.race,
        hibernation=source.hibernation,
        snapshots=source.snapshots,
        restore_from=snapshot_id,
    )
    _, operation = create_instance(services, owner, again, idempotency_id=idempotency_id)
    return operation

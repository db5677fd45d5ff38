"""Look at snapshots: only ever the caller's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import SNAPSHOTS, SNAPSHOTS_OF_INSTANCE, SNAPSHOTS_OF_OWNER
from shared.app.instances.read import owned
from shared.domain.errors import NotFound

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId, SnapshotId, UserId
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.store import Page, Stored


def snapshots_of_instance(
    services: Services, owner: UserId, instance_id: InstanceId, limit: int, cursor: str | None
) -> Page[Snapshot]:
    owned(services, owner, instance_id)
    values = {"instance_id": instance_id}
    return services.store.find(SNAPSHOTS_OF_INSTANCE, values, limit=limit, cursor=cursor)


def snapshots_of(
    services: Services, owner: UserId, limit: int, cursor: str | None
) -> Page[Snapshot]:
    return services.store.find(SNAPSHOTS_OF_OWNER, {"owner": owner}, limit=limit, cursor=cursor)


def owned_snapshot(services: Services, owner: UserId, snapshot_id: SnapshotId) -> Stored[Snapshot]:
    """Raises NotFound, also for somebody else's."""
    stored = services.store.get(SNAPSHOTS, snapshot_id)
    if stored is None or stored.value.owner != owner:
        raise NotFound("no such snapshot")
    return stored

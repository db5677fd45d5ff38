"""Keep a snapshot for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import SNAPSHOTS
from shared.app.snapshots.read import owned_snapshot
from shared.domain.errors import Conflicting, StoreError, VersionConflict
from shared.domain.replacing import replace
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import SnapshotId, UserId
    from shared.domain.snapshots.model import Snapshot

TRIES = 5


def keep(services: Services, owner: UserId, snapshot_id: SnapshotId) -> Snapshot:
    """Raises NotFound, and Conflicting for one that cannot be restored."""
    for _ in range(TRIES):
        stored = owned_snapshot(services, owner, snapshot_id)
        if not stored.value.restorable:
            raise Conflicting(f"it is {stored.value.state.value}: there is nothing to keep")
        if stored.value.keep:
            return stored.value
        kept = replace(stored.value, keep=True)
        said = entry(
            services,
            owner,
            "ordered.keep",
            "no policy removes this snapshot from now on",
            instance_id=kept.instance_id,
            target=snapshot_id,
        )
        try:
            services.store.commit([Save(SNAPSHOTS, snapshot_id, kept, stored.version), said])
        except VersionConflict:
            continue
        return kept
    raise StoreError("the snapshot is too busy")

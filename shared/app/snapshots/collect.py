"""Remove the bytes of condemned snapshots: mark, grace, sweep. Only the control plane deletes."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import SNAPSHOTS, SNAPSHOTS_CONDEMNED
from shared.app.snapshots.condemn import all_of
from shared.domain.errors import BlobError, SnapshotCorrupt, VersionConflict
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.store import Delete

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId
    from shared.ports.store import Stored

log = logging.getLogger(__name__)
# Longer than the longest backup plus the life of a grant (rule 20).
GRACE = timedelta(hours=24)
AT_ONCE = 100


def collect(services: Services) -> int:
    """Sweep what was condemned long enough ago; how many were swept.

    A snapshot whose objects cannot be read or removed now is left for the next run.
    """
    before = services.clock.now() - GRACE
    page = services.store.find(
        SNAPSHOTS_CONDEMNED,
        {"state": SnapshotState.CONDEMNED.value, "before": before},
        limit=AT_ONCE,
    )
    swept = 0
    for stored in page.items:
        try:
            _sweep(services, stored)
        except (BlobError, SnapshotCorrupt, VersionConflict) as error:
            log.warning("%s is not swept yet: %s", stored.key, error)
            continue
        swept += 1
    return swept


def _sweep(services: Services, stored: Stored[Snapshot]) -> None:
    """Packs that no other snapshot refers to, then the manifest, then the document."""
    snapshot = stored.value
    if services.blobs.stat(snapshot.manifest_key) is not None:
        mine = services.snapshots.packs_of(snapshot.manifest_key)
        for key in sorted(mine - _needed(services, snapshot.instance_id, snapshot)):
            services.blobs.delete(key)
        services.blobs.delete(snapshot.manifest_key)
    told = entry(
        services,
        snapshot.owner,
        "snapshot.deleted",
        f"its bytes are removed; it was condemned at {snapshot.condemned_at:%Y-%m-%d %H:%M} UTC",
        instance_id=snapshot.instance_id,
        target=snapshot.id,
    )
    services.store.commit([Delete(SNAPSHOTS, stored.key, stored.version), told])


def _needed(services: Services, instance_id: InstanceId, but: Snapshot) -> frozenset[str]:
    """Packs of every snapshot that still has a manifest, condemned ones included: they are
    swept one by one, and the last that refers to a pack takes it along.
    """
    needed: set[str] = set()
    for each in all_of(services, instance_id):
        if each.id != but.id and each.manifest_key and each.state is not SnapshotState.ABANDONED:
            needed |= services.snapshots.packs_of(each.manifest_key)
    return frozenset(needed)

"""Remove the bytes of condemned snapshots, and what abandoned ones had written: mark, grace,
sweep. Only the control plane deletes.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import SNAPSHOTS, SNAPSHOTS_CONDEMNED, SNAPSHOTS_LEFT
from shared.app.snapshots.condemn import all_of
from shared.domain.errors import BlobError, SnapshotCorrupt, VersionConflict
from shared.domain.replacing import replace
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.store import Delete, Save

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import InstanceId
    from shared.ports.blobs import BlobStat
    from shared.ports.store import Stored, Write

log = logging.getLogger(__name__)
# Longer than the longest backup plus the life of a grant (rule 20).
GRACE = timedelta(hours=24)
AT_ONCE = 100


def collect(services: Services) -> int:
    """Sweep what was condemned long enough ago; how many were swept.

    A snapshot whose objects cannot be read or removed now is left for the next run.
    """
    before = services.clock.now() - GRACE
    return _sweep_condemned(services, before) + _clear_abandoned(services, before)


def _sweep_condemned(services: Services, before: datetime) -> int:
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


def _clear_abandoned(services: Services, before: datetime) -> int:
    """Nobody may write for a snapshot after its deadline and the life of the last grant; one that
    is still open keeps what it has.
    """
    page = services.store.find(
        SNAPSHOTS_LEFT,
        {"state": SnapshotState.ABANDONED.value, "cleared": False, "before": before},
        limit=AT_ONCE,
    )
    cleared = 0
    for stored in page.items:
        try:
            _clear(services, stored)
        except (BlobError, SnapshotCorrupt, VersionConflict) as error:
            log.warning("what %s left is not removed yet: %s", stored.key, error)
            continue
        cleared += 1
    return cleared


def _clear(services: Services, stored: Stored[Snapshot]) -> None:
    """What it wrote and no other snapshot refers to, the manifest last; the document is kept."""
    snapshot = stored.value
    found = written_by(services, snapshot)
    needed = _needed(services, snapshot.instance_id, snapshot) if found else frozenset()
    gone = [each for each in found if each.key not in needed]
    for each in gone:
        services.blobs.delete(each.key)
    writes: list[Write] = [
        Save(SNAPSHOTS, stored.key, replace(snapshot, cleared=True), stored.version)
    ]
    if gone:
        size_bytes = sum(each.size_bytes for each in gone)
        said = f"it never became whole ({snapshot.failure}): {size_bytes} bytes are removed"
        told = entry(
            services,
            snapshot.owner,
            "snapshot.cleared",
            said,
            instance_id=snapshot.instance_id,
            target=snapshot.id,
        )
        writes.append(told)
    services.store.commit(writes)


def written_by(services: Services, snapshot: Snapshot) -> tuple[BlobStat, ...]:
    """What lies there under its name, the manifest last: one listing, two looks."""
    prefix = snapshot.prefix
    start = f"{prefix}packs/{snapshot.id}-"
    packs = [each for each in services.blobs.list(start) if each.key[len(start) :].isdigit()]
    keys = (f"{prefix}{kind}/{snapshot.id}" for kind in ("index", "manifests"))
    others = [services.blobs.stat(key) for key in keys]
    return (*packs, *(each for each in others if each))


def _sweep(services: Services, stored: Stored[Snapshot]) -> None:
    """Packs that no other snapshot refers to, those among them that its own manifest does not
    name (of a run that was cut off and begun again), then the manifest, then the document.
    """
    snapshot = stored.value
    if services.blobs.stat(snapshot.manifest_key) is not None:
        mine = services.snapshots.packs_of(snapshot.manifest_key)
        mine |= {each.key for each in written_by(services, snapshot)} - {snapshot.manifest_key}
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

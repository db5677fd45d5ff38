"""Remove the bytes of condemned snapshots, and what abandoned ones had written: mark, grace,
sweep. Only the control plane deletes.
"""

from __future__ import annotations

import logging
from collections import Counter
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
    from collections.abc import Mapping
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import InstanceId, SnapshotId
    from shared.ports.blobs import BlobStat
    from shared.ports.store import Stored, Write

log = logging.getLogger(__name__)
# Longer than the longest backup plus the life of a grant (rule 20).
GRACE = timedelta(hours=24)
# To sweep one, every manifest of its instance is read: those of a day are swept at once.
TOGETHER = timedelta(hours=24)
AT_ONCE = 100

Packs = dict["SnapshotId", frozenset[str]]


def collect(services: Services) -> int:
    """Sweep what was condemned long enough ago; how many were swept.

    Where one has waited for its grace and for those of a day after it, all of its instance's
    that are over their grace go. What cannot be read or removed now is left for the next run.
    """
    before = services.clock.now() - GRACE
    return _sweep_condemned(services, before) + _clear_abandoned(services, before)


def _sweep_condemned(services: Services, before: datetime) -> int:
    page = services.store.find(
        SNAPSHOTS_CONDEMNED,
        {"state": SnapshotState.CONDEMNED.value, "before": before - TOGETHER},
        limit=AT_ONCE,
    )
    instances = dict.fromkeys(each.value.instance_id for each in page.items)
    return sum(_sweep_of(services, each, before) for each in instances)


def _sweep_of(services: Services, instance_id: InstanceId, before: datetime) -> int:
    """Oldest first; how many were swept."""
    siblings = all_of(services, instance_id)
    due = {each.id: each for each in siblings if _is_due(each, before)}
    try:
        packs = _packs_of(services, siblings, due)
    except (BlobError, SnapshotCorrupt) as error:
        log.warning("nothing of %s is swept yet: %s", instance_id, error)
        return 0
    needed, swept = Counter(key for keys in packs.values() for key in keys), 0
    for snapshot in sorted(due.values(), key=lambda each: each.created_at):
        mine = packs.get(snapshot.id)
        if mine is not None:
            needed.subtract(mine)
        try:
            _sweep(services, snapshot, mine, needed)
        except (BlobError, VersionConflict) as error:
            log.warning("%s is not swept yet: %s", snapshot.id, error)
            needed.update(mine or ())
            continue
        swept += 1
    return swept


def _is_due(snapshot: Snapshot, before: datetime) -> bool:
    at = snapshot.condemned_at
    return snapshot.state is SnapshotState.CONDEMNED and at is not None and at <= before


def _packs_of(
    services: Services, siblings: tuple[Snapshot, ...], due: Mapping[SnapshotId, Snapshot]
) -> Packs:
    """Of every snapshot that still has a manifest, condemned ones included. One that is due may
    have lost it already, by a run that did not end; else what it wrote and does not name, in a
    run that was cut off and begun again, goes with it.
    """
    packs: Packs = {}
    for each in siblings:
        if not each.manifest_key or each.state is SnapshotState.ABANDONED:
            continue
        if each.id in due and services.blobs.stat(each.manifest_key) is None:
            continue
        packs[each.id] = services.snapshots.packs_of(each.manifest_key)
        if each.id in due:
            written = {blob.key for blob in written_by(services, each)}
            packs[each.id] |= written - {each.manifest_key}
    return packs


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


def _sweep(
    services: Services, snapshot: Snapshot, mine: frozenset[str] | None, needed: Counter[str]
) -> None:
    """Packs that no other snapshot refers to, then the manifest, then the document. `mine` is
    None where the manifest is gone. Raises VersionConflict where somebody has changed it.
    """
    stored = services.store.get(SNAPSHOTS, snapshot.id)
    if stored is None or stored.value != snapshot:
        raise VersionConflict("somebody has changed it meanwhile")
    if mine is not None:
        for key in sorted(each for each in mine if not needed[each]):
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
    """Packs of every snapshot that still has a manifest, condemned ones included."""
    needed: set[str] = set()
    for each in all_of(services, instance_id):
        if each.id != but.id and each.manifest_key and each.state is not SnapshotState.ABANDONED:
            needed |= services.snapshots.packs_of(each.manifest_key)
    return frozenset(needed)

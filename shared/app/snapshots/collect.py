"""Remove the bytes of condemned snapshots, and what abandoned ones had written: mark, grace,
sweep. Only the control plane deletes.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import (
    SNAPSHOTS,
    SNAPSHOTS_CONDEMNED,
    SNAPSHOTS_LEFT,
    SNAPSHOTS_OF_INSTANCE,
)
from shared.domain.errors import BlobError, SnapshotCorrupt, UnknownSchema, VersionConflict
from shared.domain.ids import SnapshotId
from shared.domain.replacing import replace
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.store import LARGEST_COMMIT, Delete, Save

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.ids import InstanceId
    from shared.ports.blobs import BlobStat
    from shared.ports.store import Stored, Write

log = logging.getLogger(__name__)
# Longer than the longest backup plus the life of a grant (rule 20).
GRACE = timedelta(hours=24)
# To sweep one, every manifest of its instance is read: those of a day are swept at once.
TOGETHER = timedelta(hours=24)
AT_ONCE = 100
FORGOTTEN_AT_ONCE = LARGEST_COMMIT - 1  # and the entry that tells of them
PAGE = 200

Packs = dict[SnapshotId, frozenset[str]]


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
    """Oldest first, and as many at once as one commit forgets; how many were swept."""
    try:
        siblings = _all_of(services, instance_id)
        due = sorted(
            (each for each in siblings if _is_due(each, before)), key=lambda each: each.created_at
        )
        packs = _packs_of(services, siblings, due)
    except (BlobError, SnapshotCorrupt, UnknownSchema) as error:
        log.warning("nothing of %s is swept yet: %s", instance_id, error)
        return 0
    needed = Counter(key for keys in packs.values() for key in keys)
    return sum(
        _sweep(services, due[begin : begin + FORGOTTEN_AT_ONCE], packs, needed)
        for begin in range(0, len(due), FORGOTTEN_AT_ONCE)
    )


def _all_of(services: Services, instance_id: InstanceId) -> tuple[Snapshot, ...]:
    """Raises UnknownSchema where newer code has written one: who knows what that refers to."""
    found: list[Snapshot] = []
    cursor: str | None = None
    while True:
        page = services.store.find(
            SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id}, limit=PAGE, cursor=cursor
        )
        if page.unread:
            raise UnknownSchema(f"{page.unread[0].key} is of newer code")
        found += [each.value for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)


def _is_due(snapshot: Snapshot, before: datetime) -> bool:
    at = snapshot.condemned_at
    return snapshot.state is SnapshotState.CONDEMNED and at is not None and at <= before


def _packs_of(services: Services, siblings: Sequence[Snapshot], due: Sequence[Snapshot]) -> Packs:
    """Of every snapshot that still has a manifest, condemned ones included. One that is due may
    have lost it already, by a run that did not end; else what it wrote and does not name, in a
    run that was cut off and begun again, goes with it.
    """
    packs: Packs = {}
    for each in siblings:
        if not each.manifest_key or each.state is SnapshotState.ABANDONED:
            continue
        try:
            packs[each.id] = services.snapshots.packs_of(each.manifest_key)
        except (BlobError, SnapshotCorrupt):
            if each not in due or services.blobs.stat(each.manifest_key) is not None:
                raise
    whole = [each for each in due if each.id in packs]
    for snapshot_id, written in _written_by_each(services, whole).items():
        packs[snapshot_id] |= written
    return packs


def _written_by_each(
    services: Services, snapshots: Sequence[Snapshot]
) -> dict[SnapshotId, set[str]]:
    """Packs that lie there under their names: a listing for all of a prefix. Ids follow time, so
    those of a day begin alike, and little else does. No index lies beside a manifest that does not
    name it: a run that is begun again finds it in its way, and ends without a manifest.
    """
    found: dict[SnapshotId, set[str]] = {each.id: set() for each in snapshots}
    for prefix in dict.fromkeys(each.prefix for each in snapshots):
        alike = _beginning([each.id for each in snapshots if each.prefix == prefix])
        start = f"{prefix}packs/"
        for blob in services.blobs.list(start + alike):
            name, _, number = blob.key.removeprefix(start).rpartition("-")
            if number.isdigit() and name in found:
                found[SnapshotId(name)].add(blob.key)
    return found


def _beginning(names: Sequence[str]) -> str:
    """What all of them begin with: what the first and the last in order do."""
    first, last = min(names), max(names)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    return "".join(character for character, _ in same)


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
        except (BlobError, SnapshotCorrupt, UnknownSchema, VersionConflict) as error:
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


def _sweep(services: Services, due: Sequence[Snapshot], packs: Packs, needed: Counter[str]) -> int:
    """First the bytes of all, then the documents, with one entry for what is one act. Where it
    ends half-way, the next run finds them without manifests; how many were swept.
    """
    emptied: list[Stored[Snapshot]] = []
    try:
        found = services.store.get_each(SNAPSHOTS, [each.id for each in due])
    except UnknownSchema as error:
        log.warning("%s is not swept yet: %s", due[0].id, error)
        return 0
    for snapshot, stored in zip(due, found, strict=True):
        if stored is None or stored.value != snapshot:
            log.warning("%s is not swept: somebody has changed it meanwhile", snapshot.id)
            continue
        mine = packs.get(snapshot.id, frozenset())
        needed.subtract(mine)
        try:
            _remove(services, snapshot, [key for key in sorted(mine) if not needed[key]])
        except BlobError as error:
            log.warning("%s is not swept yet: %s", snapshot.id, error)
            needed.update(mine)
            continue
        emptied.append(stored)
    if not emptied:
        return 0
    gone = [Delete(SNAPSHOTS, each.key, each.version) for each in emptied]
    try:
        services.store.commit([*gone, _told(services, [each.value for each in emptied])])
    except VersionConflict as error:
        log.warning("%s is not forgotten yet: %s", emptied[0].key, error)
        return 0
    return len(emptied)


def _remove(services: Services, snapshot: Snapshot, packs: Sequence[str]) -> None:
    """Packs that no other snapshot refers to, then the manifest."""
    for key in packs:
        services.blobs.delete(key)
    services.blobs.delete(snapshot.manifest_key)


def _told(services: Services, swept: Sequence[Snapshot]) -> Write:
    """Found under each of them."""
    first, *others = swept
    moments = [each.condemned_at for each in swept if each.condemned_at]
    when = " to ".join(dict.fromkeys(f"{f(moments):%Y-%m-%d %H:%M}" for f in (min, max)))
    with_it = f", with those of {len(others)} more" if others else ""
    return entry(
        services,
        first.owner,
        "snapshot.deleted",
        f"its bytes are removed{with_it}: condemned {when} UTC",
        instance_id=first.instance_id,
        target=first.id,
        others=[each.id for each in others],
    )


def _needed(services: Services, instance_id: InstanceId, but: Snapshot) -> frozenset[str]:
    """Packs of every snapshot that still has a manifest, condemned ones included."""
    needed: set[str] = set()
    for each in _all_of(services, instance_id):
        if each.id != but.id and each.manifest_key and each.state is not SnapshotState.ABANDONED:
            needed |= services.snapshots.packs_of(each.manifest_key)
    return frozenset(needed)

"""Read what is kept again, some of it each hour, and say so where it is not as it was written."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.app.alarms import Alarm, raise_alarm
from shared.app.audit.record import entry
from shared.app.collections import INSTANCES, READING, READING_KEY, SNAPSHOTS, SNAPSHOTS_TO_READ
from shared.app.snapshots.condemn import all_of
from shared.app.snapshots.undated import KEPT, date_undated
from shared.domain.errors import (
    BlobError,
    BusUnavailable,
    DocumentExists,
    SnapshotCorrupt,
    VersionConflict,
)
from shared.domain.events import NotificationRequested
from shared.domain.replacing import replace
from shared.domain.snapshots.scrub import (
    EVERY,
    TURN_BYTES,
    Reading,
    fallen_back,
    may_fall_back,
    newest_whole,
)
from shared.ports.store import Save

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.snapshots import StoredObject
    from shared.ports.store import Stored, Write

log = logging.getLogger(__name__)
AGAIN = timedelta(days=1)  # where it could not be read, or its instance not be moved
AT_ONCE = 50  # snapshots that are finished in one turn


def scrub(services: Services) -> int:
    """One turn: at most `TURN_BYTES`, and one object more; how many bytes were read.

    What cannot be read now ends the turn, and comes up again a day later: it must not stand in the
    way of all others. What somebody changed meanwhile is where the next turn goes on.
    """
    date_undated(services)
    read = 0
    for _ in range(AT_ONCE):
        before = services.clock.now() - EVERY
        page = services.store.find(SNAPSHOTS_TO_READ, {"states": KEPT, "before": before}, limit=1)
        if not page.items or read >= TURN_BYTES:
            break
        snapshot = page.items[0].value
        try:
            bytes_read, whole = _read_or_later(services, snapshot, TURN_BYTES - read)
        except (VersionConflict, DocumentExists) as error:
            log.warning("%s is not read to its end yet: %s", snapshot.id, error)
            break
        read += bytes_read
        if not whole:
            break
    return read


def _read_or_later(services: Services, snapshot: Snapshot, most: int) -> tuple[int, bool]:
    try:
        return _read_on(services, snapshot, most)
    except BlobError as error:
        log.warning("%s cannot be read now: %s", snapshot.id, error)
        _read(services, snapshot, services.clock.now() - EVERY + AGAIN)
        return 0, False


def _read_on(services: Services, snapshot: Snapshot, most: int) -> tuple[int, bool]:
    """Bytes read, and whether it is through."""
    stored = services.store.get(READING, READING_KEY)
    mine = stored is not None and stored.value.snapshot_id == snapshot.id
    after, read = stored.value.after if mine and stored else "", 0
    objects = _objects(services, snapshot)
    if objects is None:
        return 0, _read(services, snapshot, services.clock.now() - EVERY + AGAIN)
    for each in objects:
        if each.key <= after:
            continue
        if read >= most:
            _note(services, stored, Reading(snapshot.id, after))
            return read, False
        fault = services.snapshots.fault_of(each)
        read += each.size_bytes
        if fault and not _damaged(services, snapshot, each.key, fault):
            return read, _read(services, snapshot, services.clock.now() - EVERY + AGAIN)
        after = each.key
    return read, _read(services, snapshot, services.clock.now())


def _read(services: Services, snapshot: Snapshot, at: datetime) -> bool:
    """It comes up again when this is long enough ago."""
    fresh = services.store.get(SNAPSHOTS, snapshot.id)
    if fresh:
        done = replace(fresh.value, read_at=at)
        services.store.save(SNAPSHOTS, snapshot.id, done, fresh.version)
    return True


def _objects(services: Services, snapshot: Snapshot) -> tuple[StoredObject, ...] | None:
    """Empty where the list itself is damaged, which is told; None where that is to be later."""
    try:
        return services.snapshots.objects_of(snapshot.manifest_key)
    except SnapshotCorrupt as error:
        if not _damaged(services, snapshot, snapshot.manifest_key, str(error)):
            return None
        return ()


def _note(services: Services, stored: Stored[Reading] | None, reading: Reading) -> None:
    if stored is None:
        services.store.add(READING, READING_KEY, reading)
    elif stored.value != reading:
        services.store.save(READING, READING_KEY, reading, stored.version)


def _damaged(services: Services, snapshot: Snapshot, key: str, why: str) -> bool:
    """Mark all that need the object, and let their instance wake from a whole one. False where
    the instance is on its way to somewhere: it is asked again. Raises VersionConflict.
    """
    siblings = all_of(services, snapshot.instance_id)
    hit = [
        each
        for each in siblings
        if each.restorable and (each.id == snapshot.id or _needs(services, each, key))
    ]
    fresh = [each for each in hit if not each.damage]
    if not fresh:
        return True
    ids = {each.id for each in siblings if each.damage} | {each.id for each in hit}
    writes: list[Write] = []
    instance = services.store.get(INSTANCES, snapshot.instance_id)
    head = next((each for each in hit if instance and each.id == instance.value.head), None)
    if instance and head:
        if not may_fall_back(instance.value):
            return False
        whole = newest_whole((each for each in siblings if each.id not in ids), head)
        moved = fallen_back(instance.value, ids, whole.id if whole else None)
        writes.append(Save(INSTANCES, instance.key, moved, instance.version))
    for each in fresh:
        writes += _marked(services, each, why)
    services.store.commit(writes)
    for each in fresh:
        _tell(services, each, why)
    return True


def _needs(services: Services, snapshot: Snapshot, key: str) -> bool:
    try:
        return key in services.snapshots.packs_of(snapshot.manifest_key)
    except SnapshotCorrupt:
        return False  # that one is told of when its own turn comes


def _marked(services: Services, snapshot: Snapshot, why: str) -> list[Write]:
    stored = services.store.get(SNAPSHOTS, snapshot.id)
    if stored is None or stored.value != snapshot:
        raise VersionConflict("it was changed meanwhile")
    told = entry(
        services,
        snapshot.owner,
        "snapshot.damaged",
        why,
        instance_id=snapshot.instance_id,
        target=snapshot.id,
    )
    marked = replace(snapshot, damage=why[:500])
    return [Save(SNAPSHOTS, snapshot.id, marked, stored.version), told]


def _tell(services: Services, snapshot: Snapshot, why: str) -> None:
    said = f"snapshot {snapshot.id} of {snapshot.created_at:%Y-%m-%d %H:%M} UTC is damaged: {why}"
    raise_alarm(
        Alarm.SNAPSHOT_DAMAGED,
        said,
        snapshot_id=snapshot.id,
        instance_id=snapshot.instance_id,
        user_id=snapshot.owner,
    )
    event = NotificationRequested(
        f"damaged_{snapshot.id}", snapshot.owner, snapshot.instance_id, "snapshot.damaged", said
    )
    try:
        services.bus.publish([event])
    except BusUnavailable as error:
        log.warning("%s is not told of %s: %s", snapshot.owner, snapshot.id, error)

"""Mark snapshots for removal. Their bytes go later, by collection, after a grace."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import (
    INSTANCES,
    SNAPSHOTS,
    SNAPSHOTS_OF_INSTANCE,
    SNAPSHOTS_OF_INSTANCE_IN_STATES,
    SNAPSHOTS_RETAINED,
    SNAPSHOTS_RETAINED_DAMAGED,
)
from shared.app.pages import every
from shared.app.snapshots.lend import borrowed_why
from shared.app.snapshots.read import owned_snapshot
from shared.domain.errors import Conflicting, StoreError, VersionConflict
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.domain.snapshots.retention import (
    UNDER_WAY,
    condemned,
    pinned_why,
    superfluous,
    up_to_whole,
)
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId, SnapshotId, UserId
    from shared.domain.instances.model import Instance
    from shared.ports.store import Scalar, Stored

log = logging.getLogger(__name__)
TRIES = 5
AT_ONCE = 50


def delete_snapshot(services: Services, owner: UserId, snapshot_id: SnapshotId) -> None:
    """Raises NotFound, and Conflicting while something needs it. The owner's word ends a keep."""
    for _ in range(TRIES):
        stored = owned_snapshot(services, owner, snapshot_id)
        snapshot = stored.value
        if snapshot.state is SnapshotState.CONDEMNED:
            return
        instance = services.store.get(INSTANCES, snapshot.instance_id)
        siblings = all_of(services, snapshot.instance_id)
        why = pinned_why(snapshot, instance.value if instance else None, siblings)
        why = why or borrowed_why(services, snapshot)
        if why:
            raise Conflicting(f"it cannot go: {why}")
        try:
            _save(services, stored, "ordered.delete_snapshot", "by its owner")
        except VersionConflict:
            continue
        return
    raise StoreError("the snapshot is too busy")


def let_go_for(
    services: Services, instance: Instance, fresh: Snapshot
) -> tuple[Save[Snapshot], ...]:
    """What the instance's policy keeps no longer once `fresh` is acknowledged as its head: belongs
    into that commit. Best effort: what cannot be asked for now goes with the next one.

    Reads a count and, where there are more than it keeps, how many of them are damaged, those that
    are too many and what is being written: not the many that wait for their bytes to go.
    """
    try:
        going = _superfluous(services, instance, fresh)
    except StoreError as error:
        log.warning("nothing is let go for %s: %s", fresh.id, error)
        return ()
    now = services.clock.now()
    return tuple(
        Save(SNAPSHOTS, each.key, condemned(each.value, now), each.version) for each in going
    )


def _superfluous(services: Services, instance: Instance, fresh: Snapshot) -> list[Stored[Snapshot]]:
    acked: dict[str, Scalar] = {
        "instance_id": instance.id,
        "state": SnapshotState.ACKED.value,
        "keep": False,
    }
    held = services.store.count(SNAPSHOTS_RETAINED, acked) + (not fresh.keep)
    many = held - instance.snapshots.keep_last
    if many <= 0:
        return []
    damaged = services.store.count(SNAPSHOTS_RETAINED_DAMAGED, {**acked, "no_damage": ""})
    if many <= damaged:
        return []
    most = min(many, AT_ONCE)
    oldest = services.store.find(SNAPSHOTS_RETAINED, acked, limit=most, more=False).items
    beyond = up_to_whole((stored.value for stored in oldest), many - damaged)
    written: dict[str, Scalar | tuple[Scalar, ...]] = {
        "instance_id": instance.id,
        "states": tuple(each.value for each in UNDER_WAY),
    }
    under_way = every(services, SNAPSHOTS_OF_INSTANCE_IN_STATES, written)
    on_top = tuple(each for each in under_way if each.id != fresh.id)
    free = superfluous(beyond, instance, on_top)
    return [
        each for each in oldest if each.value in free and not borrowed_why(services, each.value)
    ]


def condemn_all(services: Services, instance: Instance) -> None:
    """The owner wants nothing of a destroyed instance kept, but for what was kept for ever, and
    what another instance was made from and still needs.
    """
    for each in all_of(services, instance.id):
        if each.restorable and not each.keep:
            _condemn(services, each, "its instance was destroyed with its snapshots")


def all_of(services: Services, instance_id: InstanceId) -> tuple[Snapshot, ...]:
    return tuple(every(services, SNAPSHOTS_OF_INSTANCE, {"instance_id": instance_id}))


def _condemn(services: Services, snapshot: Snapshot, why: str) -> None:
    stored = services.store.get(SNAPSHOTS, snapshot.id)
    if stored is None or stored.value != snapshot:
        return  # somebody kept or changed it meanwhile
    if borrowed_why(services, snapshot):
        return
    try:
        _save(services, stored, "snapshot.condemned", why)
    except VersionConflict:
        return


def _save(services: Services, stored: Stored[Snapshot], kind: str, why: str) -> None:
    snapshot = stored.value
    gone = condemned(snapshot, services.clock.now())
    told = entry(
        services,
        snapshot.owner,
        kind,
        f"{why}: its bytes go one to two days later",
        instance_id=snapshot.instance_id,
        target=snapshot.id,
    )
    services.store.commit([Save(SNAPSHOTS, snapshot.id, gone, stored.version), told])

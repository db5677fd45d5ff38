"""Look for every byte of an uploaded snapshot, then acknowledge it as head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.audit.record import entry
from shared.app.collections import OPERATIONS, SNAPSHOTS
from shared.app.instances.save import note, save
from shared.app.snapshots.condemn import let_go_for
from shared.domain.errors import SnapshotCorrupt, VersionConflict
from shared.domain.instances.transitions import acknowledged
from shared.domain.operations import OperationKind
from shared.domain.replacing import replace
from shared.domain.snapshots.acknowledge import becomes_head
from shared.domain.snapshots.keys import SealedKey, strangers
from shared.domain.snapshots.model import Snapshot, SnapshotState
from shared.ports.store import Save, Stored, Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import Verify
    from shared.ports.snapshots import VerifiedSnapshot


def verify_snapshot(services: Services, loaded: Loaded, step: Verify) -> bool:
    """Uploaded -> acknowledged, or abandoned with the reason. Whether nothing is left to do.

    Raises BlobError when the store is away: the snapshot stays uploaded and is tried again.
    """
    known = (loaded.snapshot, *loaded.late)
    stored = next((each for each in known if each and each.key == step.snapshot_id), None)
    if stored is None:
        return False
    if stored.value.state is not SnapshotState.UPLOADED:
        return acknowledge(services, loaded, stored)
    found = looked_for(services, stored.value)
    if found.state is not SnapshotState.VERIFIED:
        services.store.save(SNAPSHOTS, found.id, found, stored.version)
        return False
    try:
        return acknowledge(services, loaded, Stored(stored.key, found, stored.version))
    except VersionConflict:
        # The instance has moved meanwhile. What was looked for is not looked for again.
        services.store.save(SNAPSHOTS, found.id, found, stored.version)
        return False


def looked_for(services: Services, snapshot: Snapshot) -> Snapshot:
    """Not yet saved: verified, or abandoned with the reason. Raises BlobError."""
    proven = [snapshot.parent_manifest_key] if snapshot.parent_manifest_key else []
    try:
        found = services.snapshots.verify(snapshot.manifest_key, snapshot.manifest_md5, proven)
        keys = _keys(snapshot, found)
    except SnapshotCorrupt as error:
        return replace(snapshot, state=SnapshotState.ABANDONED, failure=str(error))
    return replace(
        snapshot,
        state=SnapshotState.VERIFIED,
        verified_at=services.clock.now(),
        read_at=services.clock.now(),
        size_bytes=found.size_bytes,
        files=found.files,
        keys=keys,
    )


def _keys(snapshot: Snapshot, found: VerifiedSnapshot) -> tuple[SealedKey, ...]:
    """Those that a restore needs. Raises SnapshotCorrupt where one was never handed to its
    machine: whoever restores is given what stands here.
    """
    named = tuple(SealedKey(*each) for each in found.keys)
    if strange := strangers(named, snapshot.keys):
        raise SnapshotCorrupt(f"it is sealed with a key that its machine was not given: {strange}")
    return named


def acknowledge(services: Services, loaded: Loaded, stored: Stored[Snapshot]) -> bool:
    """Head, snapshot and what its policy lets go for it in one commit; what came too late is kept
    as a branch (rule 11). One that was waited for is told of: of those that come by policy, each
    says itself when it was verified, and is told of when its bytes go. `stored` is verified, at
    the version that was read. Whether nothing is left to do. Raises VersionConflict.
    """
    instance, snapshot = loaded.instance.value, stored.value
    if not becomes_head(instance, snapshot):
        branch = replace(snapshot, state=SnapshotState.BRANCH)
        open_snapshot = instance.open_snapshot
        left = None if open_snapshot == snapshot.id else open_snapshot
        return save(
            services,
            loaded,
            replace(instance, open_snapshot=left),
            [
                Save(SNAPSHOTS, branch.id, branch, stored.version),
                note(services, instance, "snapshot.branch", "it came late: kept, not the head"),
            ],
        )
    acked = replace(snapshot, state=SnapshotState.ACKED)
    after = acknowledged(instance, acked.id)
    let_go = let_go_for(services, after, acked)
    writes: list[Write] = [
        Save(SNAPSHOTS, acked.id, acked, stored.version),
        *let_go,
    ]
    if not acked.at_leisure:
        writes.append(_told(services, instance, acked, [each.value for each in let_go]))
    if loaded.operation and loaded.operation.value.kind is OperationKind.SNAPSHOT:
        done = loaded.operation.value.succeed(services.clock.now())
        writes.append(Save(OPERATIONS, done.id, done, loaded.operation.version))
    return save(services, loaded, after, writes)


def _told(
    services: Services, instance: Instance, acked: Snapshot, gone: Sequence[Snapshot]
) -> Write:
    """Found under what goes for it, too."""
    said = f"{acked.size_bytes} bytes are safe"
    if gone:
        names = ", ".join(each.id for each in gone)
        said += f"; its policy keeps {names} no longer: the bytes go one to two days later"
    return entry(
        services,
        instance.owner,
        "snapshot.verified",
        said,
        instance_id=instance.id,
        target=acked.id,
        others=[each.id for each in gone],
    )

"""Look into a machine's word that its snapshot is whole, and acknowledge it, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.snapshots.verify import acknowledge, looked_for
from shared.domain.errors import BlobError, DocumentExists, VersionConflict
from shared.domain.instances.rest import can_wait
from shared.domain.snapshots.model import SnapshotState
from shared.domain.snapshots.report import reported
from shared.ports.store import Stored

if TYPE_CHECKING:
    from shared.agent_wire.messages import SnapshotDone
    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.machines.tokens import MachineToken
    from shared.domain.snapshots.model import Snapshot

# Of so many files the manifest is some MiB: it is read where beats are answered.
MOST_FILES = 100_000


def settle(services: Services, loaded: Loaded, token: MachineToken, done: SnapshotDone) -> bool:
    """Whether nothing is left to do. Only where the instance merely runs: a drain, and whatever
    cannot be settled here, is recorded first, and then is the next handler's. Raises StoreError.
    """
    stored = loaded.snapshot
    if stored is None or not _may_be_settled(loaded, stored.value, token, done):
        return False
    told = reported(stored.value, done, services.clock.now())
    if told.state is not SnapshotState.UPLOADED:
        return False
    try:
        found = looked_for(services, told)
        whole = found.state is SnapshotState.VERIFIED
        return whole and acknowledge(services, loaded, Stored(stored.key, found, stored.version))
    except (BlobError, VersionConflict, DocumentExists):
        return False


def _may_be_settled(
    loaded: Loaded, snapshot: Snapshot, token: MachineToken, done: SnapshotDone
) -> bool:
    instance = loaded.instance.value
    mine = (instance.primary, instance.epoch) == (token.rental_id, token.epoch)
    named = (snapshot.id, snapshot.rental_id) == (done.snapshot_id, token.rental_id)
    runs = can_wait(instance) and bool(loaded.rentals)
    return mine and named and runs and done.files <= MOST_FILES

"""What an instance is brought up from, when it is not its head: nobody removes it meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import INSTANCES, SNAPSHOTS
from shared.domain.errors import Conflicting, NotFound, UnknownSchema
from shared.domain.replacing import replace
from shared.domain.snapshots.retention import needed_by
from shared.ports.store import Save

if TYPE_CHECKING:
    from shared.app.services import Services
    from shared.domain.ids import InstanceId, SnapshotId
    from shared.domain.snapshots.model import Snapshot
    from shared.ports.store import Write


def lent(services: Services, snapshot_id: SnapshotId, borrower: InstanceId) -> Write:
    """Belongs into the commit that makes the borrower, or wakes it from this one: that, and
    whoever condemns the snapshot meanwhile, cannot both succeed.

    Raises NotFound, and Conflicting for one that cannot be restored any more.
    """
    stored = services.store.get(SNAPSHOTS, snapshot_id)
    if stored is None:
        raise NotFound("no such snapshot")
    snapshot = stored.value
    if not snapshot.restorable:
        raise Conflicting(f"it is {snapshot.state.value}: it cannot be restored")
    known = replace(snapshot, lent_to=(*snapshot.lent_to, borrower))
    return Save(SNAPSHOTS, snapshot_id, known, stored.version)


def borrowed_why(services: Services, snapshot: Snapshot) -> str:
    """Why an instance still needs it, as of now; "" when none does. A read for each that was
    ever made or woken from it.
    """
    if not snapshot.lent_to:
        return ""
    try:
        borrowers = services.store.get_each(INSTANCES, tuple(dict.fromkeys(snapshot.lent_to)))
    except UnknownSchema:
        return "newer code knows whether an instance that was made from it needs it"
    for stored in borrowers:
        if stored and needed_by(snapshot, stored.value):
            return f"{stored.key} was made from it, and has no newer one of its own yet"
    return ""

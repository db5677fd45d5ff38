"""Open a snapshot: its document exists before a byte is written, and pins its parent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import SNAPSHOTS
from shared.domain.ids import SnapshotId
from shared.domain.replacing import replace
from shared.domain.snapshots.keys import handed_out
from shared.domain.snapshots.model import Snapshot, SnapshotState, prefix_of
from shared.ports.store import Save, Stored, Write

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental


def opened(
    services: Services,
    instance: Instance,
    rental: Rental,
    reason: str,
    drain_id: str,
    deadline: datetime,
) -> Snapshot:
    """A snapshot on top of the instance's head, not yet saved."""
    parent = services.store.get(SNAPSHOTS, instance.head) if instance.head else None
    prefix = prefix_of(instance.id, instance.epoch, rental.id)
    return Snapshot(
        id=SnapshotId(services.ids.new("snap")),
        instance_id=instance.id,
        owner=instance.owner,
        rental_id=rental.id,
        epoch=instance.epoch,
        parent=instance.head,
        drain_id=drain_id,
        state=SnapshotState.OPEN,
        reason=reason,
        prefix=prefix,
        created_at=services.clock.now(),
        deadline=deadline,
        # On top of a damaged one, what is damaged would be missing from the new one as well.
        parent_manifest_key=parent.value.manifest_key if parent and not parent.value.damage else "",
        keys=handed_out(prefix, rental.data_key, parent.value.keys if parent else ()),
    )


def given_up(stored: Stored[Snapshot] | None, why: str) -> list[Write]:
    """Nobody waits for it any more; nothing to write where its agent does not write it either."""
    if stored is None or stored.value.state is not SnapshotState.OPEN:
        return []
    ended = replace(stored.value, state=SnapshotState.ABANDONED, failure=why)
    return [Save(SNAPSHOTS, ended.id, ended, stored.version)]

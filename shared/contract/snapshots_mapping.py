"""Snapshots as the wire shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.contract import snapshots as wire

if TYPE_CHECKING:
    from shared.domain.snapshots.model import Snapshot


def snapshot_wire(snapshot: Snapshot) -> wire.SnapshotWire:
    return wire.SnapshotWire(
        id=snapshot.id,
        instance_id=snapshot.instance_id,
        state=snapshot.state.value,
        reason=snapshot.reason,
        parent=snapshot.parent,
        size_bytes=snapshot.size_bytes,
        new_bytes=snapshot.new_bytes,
        files=snapshot.files,
        torn=snapshot.torn,
        created_at=snapshot.created_at,
        verified_at=snapshot.verified_at,
        failure=snapshot.failure or None,
        damage=snapshot.damage or None,
        keep=snapshot.keep,
    )

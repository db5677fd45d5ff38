"""Whether a verified snapshot becomes the instance's head (rule 11). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.snapshots.model import Snapshot


def becomes_head(instance: Instance, snapshot: Snapshot) -> bool:
    """Written by the primary of this epoch, on top of today's head."""
    return (
        snapshot.rental_id == instance.primary
        and snapshot.epoch == instance.epoch
        and snapshot.parent == instance.head
    )

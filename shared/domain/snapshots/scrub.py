"""Re-reading what is kept: where the reading is, and what damage does to an instance. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.ids import SnapshotId
from shared.domain.instances.model import Instance, InstanceState
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from shared.domain.snapshots.model import Snapshot

EVERY = timedelta(days=30)  # each kept snapshot is read again this long after it was last
TURN_BYTES = 256 << 20  # an hour: some 180 GiB a month
# What these wake from is chosen by nobody else at this moment.
_SETTLED = frozenset({InstanceState.ASLEEP, InstanceState.RUNNING, InstanceState.DESTROYED})


@dataclass(frozen=True, slots=True)
class Reading:
    """One document: the snapshot that is being read, and the key of its last object that was."""

    snapshot_id: SnapshotId
    after: str


@dataclass(frozen=True, slots=True)
class Dating:
    """One document: where the walk is that looks for kept snapshots of which nobody has written
    down when they were read, "" at its beginning, and when it goes on.
    """

    cursor: str
    due_at: datetime


def newest_whole(snapshots: Iterable[Snapshot], older_than: Snapshot) -> Snapshot | None:
    """The newest acknowledged one of before it that is not known to be damaged."""
    whole = (
        each
        for each in snapshots
        if each.acknowledged and not each.damage and each.created_at < older_than.created_at
    )
    return max(whole, key=lambda each: each.created_at, default=None)


def may_fall_back(instance: Instance) -> bool:
    """What is being written, restored or put to sleep leans on today's head."""
    return instance.state in _SETTLED and not instance.open_snapshot and not instance.rested


def fallen_back(
    instance: Instance, damaged: Collection[SnapshotId], whole: SnapshotId | None
) -> Instance:
    """Its head is the newest whole one; where there is none, the damaged one stays: most of its
    files may come back all the same.
    """
    if whole is None or instance.head not in damaged:
        return instance
    wakes_from = whole if instance.restore_from in damaged else instance.restore_from
    return replace(instance, head=whole, restore_from=wakes_from)

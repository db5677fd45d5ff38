"""A workspace at a moment."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.frozen import dataclass
from shared.domain.ids import InstanceId, RentalId, SnapshotId, UserId
from shared.domain.snapshots.keys import SealedKey


class SnapshotState(StrEnum):
    OPEN = "open"  # may be written; pins its parent
    UPLOADED = "uploaded"  # the agent says that it is whole
    VERIFIED = "verified"  # we found every referenced byte in place
    ACKED = "acked"  # it became head
    BRANCH = "branch"  # whole, but the instance had moved on: kept, never head
    CONDEMNED = "condemned"  # to be removed: not restorable any more
    ABANDONED = "abandoned"  # never finished, failed or not whole


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Sizes are bytes; None until the agent told. `parent` is the head it was based on."""

    id: SnapshotId
    instance_id: InstanceId
    owner: UserId
    rental_id: RentalId
    epoch: int
    parent: SnapshotId | None
    drain_id: str  # "" unless the processes were frozen for it
    state: SnapshotState
    reason: str
    prefix: str
    created_at: datetime
    deadline: datetime
    parent_manifest_key: str = ""
    manifest_key: str = ""
    manifest_md5: str = ""
    size_bytes: int | None = None
    new_bytes: int | None = None
    files: int | None = None
    torn: tuple[str, ...] = ()
    uploaded_at: datetime | None = None
    verified_at: datetime | None = None
    failure: str = ""
    commanded: bool = False  # the agent was told
    at_leisure: bool = False  # it is told when it renews its lease
    keep: bool = False
    lent_to: tuple[InstanceId, ...] = ()  # instances that were made from it
    condemned_at: datetime | None = None
    read_at: datetime | None = None  # when every byte of it was last read, or first found in place
    damage: str = ""  # what was not as it was written when it was read again
    cleared: bool = False  # of an abandoned one: what it had written is removed
    keys: tuple[SealedKey, ...] = ()  # handed to its machine; once verified, those that it needs

    @property
    def acknowledged(self) -> bool:
        return self.state is SnapshotState.ACKED

    @property
    def restorable(self) -> bool:
        return self.state in {SnapshotState.ACKED, SnapshotState.BRANCH}


def prefix_of(instance_id: InstanceId, epoch: int, rental_id: RentalId) -> str:
    """Where one rental of one epoch may write; the slash ends it."""
    return f"snapshots/{instance_id}/{epoch}-{rental_id}/"


def read_prefix_of(instance_id: InstanceId) -> str:
    """Where parents lie."""
    return f"snapshots/{instance_id}/"

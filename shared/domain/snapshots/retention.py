"""Which snapshots may go (rule 20). Pure.

Never the head, nor what is being restored, nor the parent of one that is being written: its packs
are referenced by what is not acknowledged yet. A policy never takes what its owner keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.instances.model import Instance, InstanceState
from shared.domain.replacing import replace
from shared.domain.snapshots.model import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

UNDER_WAY = frozenset({SnapshotState.OPEN, SnapshotState.UPLOADED, SnapshotState.VERIFIED})


def pinned_why(snapshot: Snapshot, instance: Instance | None, siblings: Iterable[Snapshot]) -> str:
    """Why it must stay; "" when it may go."""
    if snapshot.state in UNDER_WAY:
        return "it is being written"
    alive = instance is not None and instance.state is not InstanceState.DESTROYED
    woken_from = (instance.head, instance.restore_from, instance.source) if instance else ()
    if alive and snapshot.id in woken_from:
        return "it is what the instance would wake from"
    if any(each.parent == snapshot.id and each.state in UNDER_WAY for each in siblings):
        return "another snapshot is being written on top of it"
    return ""


def needed_by(snapshot: Snapshot, borrower: Instance) -> bool:
    """An instance that was made from another's has nothing else until one of its own is
    acknowledged.
    """
    ended = borrower.state is InstanceState.DESTROYED
    return not ended and snapshot.id in {borrower.restore_from, borrower.source}


def up_to_whole(oldest: Iterable[Snapshot], many: int) -> tuple[Snapshot, ...]:
    """Of these, the oldest first, as many whole ones and the damaged ones of their time: none of
    those takes the place of one that a fallback could wake from.
    """
    found: list[Snapshot] = []
    for each in oldest:
        if many <= 0:
            break
        found.append(each)
        many -= not each.damage
    return tuple(found)


def superfluous(
    beyond: Iterable[Snapshot], instance: Instance, under_way: Collection[Snapshot]
) -> tuple[Snapshot, ...]:
    """Of the acknowledged ones that are `beyond` those which a policy keeps, what may go: not
    what is pinned, by one that is under way too.
    """
    return tuple(each for each in beyond if not pinned_why(each, instance, under_way))


def condemned(snapshot: Snapshot, now: datetime) -> Snapshot:
    """It is not restorable from now on; its bytes go after the grace."""
    return replace(snapshot, state=SnapshotState.CONDEMNED, condemned_at=now)

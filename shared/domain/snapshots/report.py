"""What the agent says about a snapshot. Pure: only an open one takes a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.replacing import replace
from shared.domain.snapshots.model import Snapshot, SnapshotState

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Protocol

    class Done(Protocol):
        """agent_wire.messages.SnapshotDone, as far as it is read here."""

        @property
        def drain_id(self) -> str: ...
        @property
        def manifest_key(self) -> str: ...
        @property
        def manifest_md5(self) -> str: ...
        @property
        def size_bytes(self) -> int: ...
        @property
        def new_bytes(self) -> int: ...
        @property
        def files(self) -> int: ...
        @property
        def torn(self) -> tuple[str, ...]: ...


MAX_TORN = 100


def reported(snapshot: Snapshot, done: Done, now: datetime) -> Snapshot:
    """Uploaded; a report of another drain, or of objects elsewhere, is a failure."""
    if snapshot.state is not SnapshotState.OPEN:
        return snapshot
    if done.drain_id != snapshot.drain_id:
        return failed(snapshot, "it was taken for another drain")
    if done.manifest_key != manifest_key_of(snapshot):
        return failed(snapshot, "its manifest lies where it may not")
    return replace(
        snapshot,
        state=SnapshotState.UPLOADED,
        uploaded_at=now,
        manifest_key=done.manifest_key,
        manifest_md5=done.manifest_md5[:32],
        size_bytes=max(0, done.size_bytes),
        new_bytes=max(0, done.new_bytes),
        files=max(0, done.files),
        torn=tuple(path[:500] for path in done.torn[:MAX_TORN]),
    )


def failed(snapshot: Snapshot, why: str) -> Snapshot:
    if snapshot.state is not SnapshotState.OPEN:
        return snapshot
    return replace(snapshot, state=SnapshotState.ABANDONED, failure=why)


def manifest_key_of(snapshot: Snapshot) -> str:
    return f"{snapshot.prefix}manifests/{snapshot.id}"

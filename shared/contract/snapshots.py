"""/api/snapshots on the wire."""

from __future__ import annotations

from pydantic import Field

from shared.contract.model import Wire
from shared.contract.paging import PageQuery
from shared.contract.times import UtcTime


class SnapshotWire(Wire):
    """`state`: open, uploaded, verified, acked (it was head), branch, abandoned. `damage` says what
    was found not to be as it was written when it was read again; null where nothing was.
    """

    id: str
    instance_id: str
    state: str
    reason: str
    parent: str | None
    size_bytes: int | None
    new_bytes: int | None
    files: int | None
    torn: tuple[str, ...]
    created_at: UtcTime
    verified_at: UtcTime | None
    failure: str | None
    damage: str | None
    keep: bool


class SnapshotsQuery(PageQuery):
    instance_id: str | None = Field(
        default=None, min_length=1, max_length=64, description="Only those of this instance."
    )


class TakeSnapshotBody(Wire):
    instance_id: str = Field(min_length=1, max_length=64)


class RestoreBody(Wire):
    """Into the hibernated instance it came from, or a new one."""

    label: str = Field(default="", max_length=128)
    new_instance: bool | None = Field(
        default=None, description="Left out: wake the source when it sleeps, else a new instance."
    )

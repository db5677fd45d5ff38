"""The `/api/snapshots` area."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from frontend.client.models.base import read
from frontend.client.models.history import Snapshot
from frontend.client.models.instances import Accepted
from frontend.client.paging import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from frontend.client.transport import Transport

_ROOT = "/api/snapshots"


class Snapshots:
    """What is kept of every instance of the caller."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def all(self, instance_id: str | None = None) -> Iterator[Snapshot]:
        """All snapshots, or those of one instance, page by page."""
        return walk(self._transport, _ROOT, Snapshot, {"instance_id": instance_id})

    def keep(self, snapshot_id: str) -> None:
        """Never expire it."""
        self._transport.spend("POST", f"{_ROOT}/{quote(snapshot_id, safe='')}/keep", {})

    def delete(self, snapshot_id: str) -> None:
        """Let it go. Raises Conflict while something needs it."""
        self._transport.spend("DELETE", f"{_ROOT}/{quote(snapshot_id, safe='')}")

    def restore(
        self, snapshot_id: str, *, new_instance: bool = True, label: str | None = None
    ) -> Accepted:
        """Restore it into a new instance, or into the sleeping one that it came from."""
        path = f"{_ROOT}/{quote(snapshot_id, safe='')}/restore"
        body: dict[str, object] = {"new_instance": new_instance}
        if label is not None:
            body["label"] = label
        return read(Accepted, self._transport.spend("POST", path, body))

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

    def keep(self, snapshot_id: str) -> Snapshot:
        """Never expire it."""
        return read(Snapshot, self._transport.spend("POST", _path(snapshot_id, "keep"), {}))

    def restore(self, snapshot_id: str) -> Accepted:
        """Wake the sleeping instance that it came from, as it was then.

        Raises Conflict where it does not sleep.
        """
        return read(Accepted, self._transport.spend("POST", _path(snapshot_id, "restore"), {}))


def _path(snapshot_id: str, verb: str) -> str:
    return f"{_ROOT}/{quote(snapshot_id, safe='')}/{verb}"

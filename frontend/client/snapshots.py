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
        """Never expire it. Raises Conflict for one that cannot be restored."""
        return read(Snapshot, self._transport.spend("POST", _path(snapshot_id, "keep"), {}))

    def restore(
        self, snapshot_id: str, *, new_instance: bool | None = None, label: str | None = None
    ) -> Accepted:
        """Bring it back: True makes a new instance, named `label`; False wakes the one it came
        from. Left out, the server wakes that one when it sleeps and else makes a new one.

        Raises Conflict for one that cannot be restored, and where a source to wake does not sleep.
        """
        asked = {"new_instance": new_instance, "label": label}
        body = {name: value for name, value in asked.items() if value is not None}
        return read(Accepted, self._transport.spend("POST", _path(snapshot_id, "restore"), body))

    def delete(self, snapshot_id: str) -> None:
        """It can no longer be restored; its bytes go one to two days later. Raises Conflict while
        something needs it.
        """
        self._transport.spend("DELETE", _path(snapshot_id))


def _path(snapshot_id: str, verb: str = "") -> str:
    path = f"{_ROOT}/{quote(snapshot_id, safe='')}"
    return f"{path}/{verb}" if verb else path

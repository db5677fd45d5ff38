"""The blob store of a seed: what it holds is the truth, and grants are enforced as on real ones.

The control plane's own calls meet their faults in the engine; a machine's calls meet theirs here.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import BlobError, BlobMissing, BlobPrecondition, BlobRefused
from shared.ports.blobs import BlobGrant, BlobStat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.ports import World

URL = "http://127.0.0.1/blobs"
WAY_S = (0.02, 0.4)


class SimulatedBlobs:
    """Implements Blobs. `deleted` remembers every key that the control plane removed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._chance = world.chance("blobs")
        self.objects: dict[str, bytes] = {}
        self.deleted: set[str] = set()
        self._stats: dict[str, BlobStat] = {}
        self._grants: dict[str, BlobGrant] = {}
        self._generation = 0

    # --- the control plane's side

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        if key not in self.objects:
            raise BlobMissing(key)
        return self.objects[key][start : None if length is None else start + length]

    def stat(self, key: str) -> BlobStat | None:
        return self._stats.get(key)

    def put_new(self, key: str, content: bytes) -> BlobStat:
        if key in self.objects:
            raise BlobPrecondition(key)
        return self._write(key, content)

    def put(self, key: str, content: bytes, *, generation: int | None = None) -> BlobStat:
        known = self._stats.get(key)
        if generation is not None and (known is None or known.generation != generation):
            raise BlobPrecondition(key)
        return self._write(key, content)

    def list(self, prefix: str) -> Iterator[BlobStat]:
        yield from (self._stats[key] for key in sorted(self.objects) if key.startswith(prefix))

    def delete(self, key: str, *, generation: int | None = None) -> None:
        known = self._stats.get(key)
        if known and generation not in {None, known.generation}:
            raise BlobPrecondition(key)
        if known:
            self.deleted.add(key)
        self.objects.pop(key, None)
        self._stats.pop(key, None)

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        token = f"grant-{len(self._grants) + 1}"
        expires_at = self._world.clock.now() + timedelta(seconds=seconds)
        made = BlobGrant(URL, token, prefix, write, max_object_bytes, expires_at)
        self._grants[token] = made
        return made

    def check(self) -> None:
        """It always answers."""

    # --- a machine's side

    def write_with(self, token: str, key: str, content: bytes) -> None:
        """As the blob server does. Raises BlobRefused, BlobPrecondition, BlobError."""
        faults, call = self._world.faults, "machine.put"
        if faults.strikes("blob_cut", call):
            raise BlobError("the connection broke")
        if faults.strikes("blob_refused", call):
            raise BlobRefused("not now")
        self._allow(token, key, len(content))
        if faults.strikes("blob_stored_cut", call):
            content = content[: len(content) // 2]
        self.put_new(key, content)
        if faults.strikes("blob_doubled", call):
            raise BlobPrecondition(f"{key}: the request came twice")
        if faults.strikes("blob_answer_lost", call):
            raise BlobError("the answer was lost")

    def read_with(self, token: str, key: str) -> bytes:
        """Raises BlobRefused, BlobMissing, BlobError."""
        faults, call = self._world.faults, "machine.get"
        if faults.strikes("blob_cut", call):
            raise BlobError("the connection broke")
        if faults.strikes("blob_refused", call):
            raise BlobRefused("not now")
        self._allow(token, key, None)
        return self.get(key)

    def _allow(self, token: str, key: str, written_bytes: int | None) -> None:
        """Method, prefix, expiry and size, as the embedded grants have them."""
        grant = self._grants[token]
        if not key.startswith(grant.prefix) or self._world.clock.now() >= grant.expires_at:
            raise BlobRefused(f"no right to {key}")
        if written_bytes is not None and (
            not grant.write or written_bytes > grant.max_object_bytes
        ):
            raise BlobRefused(f"no right to write {key}")

    def _write(self, key: str, content: bytes) -> BlobStat:
        self._generation += 1
        self.objects[key] = content
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        now = self._world.clock.now()
        self._stats[key] = BlobStat(key, len(content), md5, self._generation, now)
        return self._stats[key]

"""Objects in memory, with grants that are enforced."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing, BlobPrecondition, BlobRefused
from shared.ports.blobs import BlobGrant, BlobStat
from shared.ports.counting import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.ports.clock import Clock

URL = "http://127.0.0.1/blobs"


class FakeBlobs:
    """Implements Blobs. `granted` holds every right that was ever handed out, by its token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.objects: dict[str, bytes] = {}
        self._stats: dict[str, BlobStat] = {}
        self.granted: dict[str, BlobGrant] = {}

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        record(class_b=1)
        if key not in self.objects:
            raise BlobMissing(key)
        found = self.objects[key][start : None if length is None else start + length]
        record(get_bytes=len(found))
        return found

    def stat(self, key: str) -> BlobStat | None:
        record(class_b=1)
        return self._stats.get(key)

    def put_new(self, key: str, content: bytes) -> BlobStat:
        record(class_a=1)
        if key in self.objects:
            raise BlobPrecondition(key)
        return self._write(key, content)

    def put(self, key: str, content: bytes, *, generation: int | None = None) -> BlobStat:
        record(class_a=1)
        known = self._stats.get(key)
        if generation is not None and (known is None or known.generation != generation):
            raise BlobPrecondition(key)
        return self._write(key, content)

    def list(self, prefix: str) -> Iterator[BlobStat]:
        record(class_a=1)
        yield from (self._stats[key] for key in sorted(self.objects) if key.startswith(prefix))

    def delete(self, key: str, *, generation: int | None = None) -> None:
        known = self._stats.get(key)
        if known and generation not in {None, known.generation}:
            raise BlobPrecondition(key)
        self.objects.pop(key, None)
        self._stats.pop(key, None)

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        token = f"grant-{len(self.granted) + 1}"
        expires_at = self._clock.now() + timedelta(seconds=seconds)
        grant = BlobGrant(URL, token, prefix, write, max_object_bytes, expires_at)
        self.granted[token] = grant
        return replace(grant)

    def check(self) -> None:
        """It always answers."""

    def write_with(self, token: str, key: str, content: bytes) -> None:
        """As the blob server does for a machine. Raises BlobRefused, BlobPrecondition."""
        grant = self._good(token, key)
        if not grant.write:
            raise BlobRefused("this grant may only read")
        self.put_new(key, content)

    def read_with(self, token: str, key: str) -> bytes:
        self._good(token, key)
        return self.get(key)

    def _good(self, token: str, key: str) -> BlobGrant:
        grant = self.granted[token]
        if not key.startswith(grant.prefix) or self._clock.now() >= grant.expires_at:
            raise BlobRefused(f"no right to {key}")
        return grant

    def _write(self, key: str, content: bytes) -> BlobStat:
        record(put_bytes=len(content))
        known = self._stats.get(key)
        self.objects[key] = content
        self._stats[key] = BlobStat(
            key,
            len(content),
            hashlib.md5(content).hexdigest(),
            known.generation + 1 if known else 1,
            self._clock.now(),
        )
        return self._stats[key]

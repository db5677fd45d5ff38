"""Another blob store behind our own grants and server, where its own grants cannot be used.

fake-gcs-server takes no plain PUT and checks no token; behind this gateway a machine reaches it
as it would reach Cloud Storage. Objects pass through memory: for the local stack only.
"""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, BinaryIO

from shared.adapters.embedded.grants import GrantDesk
from shared.domain.errors import BlobMissing, Invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shared.ports.blobs import BlobGrant, Blobs, BlobStat
    from shared.ports.clock import Clock
    from shared.ports.secrets import Secrets


class BlobGateway:
    """The Blobs port over another one; `base_url` is where a BlobServer serves this gateway."""

    def __init__(self, behind: Blobs, clock: Clock, secrets: Secrets, base_url: str) -> None:
        self._behind = behind
        self._desk = GrantDesk(clock, secrets, base_url)

    def get(self, key: str, *, start: int = 0, length: int | None = None) -> bytes:
        return self._behind.get(key, start=start, length=length)

    def stat(self, key: str) -> BlobStat | None:
        return self._behind.stat(key)

    def put_new(self, key: str, content: bytes) -> BlobStat:
        return self._behind.put_new(key, content)

    def put(self, key: str, content: bytes, *, generation: int | None = None) -> BlobStat:
        return self._behind.put(key, content, generation=generation)

    def list(self, prefix: str) -> Iterator[BlobStat]:
        return self._behind.list(prefix)

    def delete(self, key: str, *, generation: int | None = None) -> None:
        self._behind.delete(key, generation=generation)

    def check(self) -> None:
        self._behind.check()

    def grant(self, prefix: str, *, write: bool, seconds: int, max_object_bytes: int) -> BlobGrant:
        return self._desk.grant(
            prefix, write=write, seconds=seconds, max_object_bytes=max_object_bytes
        )

    def open(self, key: str) -> tuple[BlobStat, BinaryIO]:
        stat = self._behind.stat(key)
        if stat is None:
            raise BlobMissing(f"there is no object {key!r}")
        return stat, io.BytesIO(self._behind.get(key))

    def create(self, key: str, chunks: Iterable[bytes], *, md5: str | None) -> BlobStat:
        content = b"".join(chunks)
        if md5 is not None and hashlib.md5(content, usedforsecurity=False).hexdigest() != md5:
            raise Invalid(f"the bytes do not have the MD5 {md5}")
        return self._behind.put_new(key, content)

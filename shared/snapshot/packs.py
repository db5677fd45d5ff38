"""Chunks become blocks, blocks become packs, packs are uploaded: each step bounded in memory."""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.snapshot.manifest import (
    CODEC_RAW,
    CODEC_ZLIB,
    DIGEST_BYTES,
    Block,
    Chunk,
    Pack,
    pack_key,
)
from shared.snapshot.objects import md5_of, put_once

if TYPE_CHECKING:
    from types import TracebackType

    from shared.ports.blobs import BlobClient, BlobStat
    from shared.snapshot.catalogue import Catalogue
    from shared.snapshot.tuning import Tuning

_PROBE_BYTES = 64 << 10
_PROBE_WORTH = 0.97
_BLOCKS_IN_FLIGHT = 8


def digest_of(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()


def compress(content: bytes) -> tuple[str, bytes]:
    """The codec and the bytes to store; what a probe of its beginning cannot shrink stays raw."""
    probe = content[:_PROBE_BYTES]
    if len(zlib.compress(probe, 1)) > _PROBE_WORTH * len(probe):
        return CODEC_RAW, content
    stored = zlib.compress(content, 1)
    return (CODEC_ZLIB, stored) if len(stored) < len(content) else (CODEC_RAW, content)


class PackWriter:
    """Stores chunks that the catalogue does not have. For one thread; used as a context.

    `finish` must be called for anything to be complete; leaving the context without it abandons
    what was not uploaded yet. A failed upload is raised by a later call.
    """

    def __init__(
        self,
        blobs: BlobClient,
        prefix: str,
        snapshot_id: str,
        catalogue: Catalogue,
        tuning: Tuning,
    ) -> None:
        self._blobs = blobs
        self._prefix = prefix
        self._snapshot_id = snapshot_id
        self._catalogue = catalogue
        self._tuning = tuning
        self._compressors = ThreadPoolExecutor(tuning.compress_threads, "compress")
        self._uploaders = ThreadPoolExecutor(tuning.upload_threads, "upload")
        self._compressing: deque[tuple[int, int, Future[tuple[str, bytes]]]] = deque()
        self._uploading: deque[Future[BlobStat]] = deque()
        self._group_block: int | None = None
        self._group = bytearray()
        self._pack_number: int | None = None
        self._pack = bytearray()
        self.new_packs: list[Pack] = []

    def __enter__(self) -> PackWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for pool in (self._compressors, self._uploaders):
            pool.shutdown(wait=True, cancel_futures=True)

    def add(self, content: bytes) -> int:
        """The number of the chunk with this content, stored now unless it was before."""
        digest = digest_of(content)
        number = self._catalogue.find(digest)
        if number is not None:
            return number
        if len(content) < self._tuning.group_bytes:
            block, offset = self._group_in(content)
        else:
            block, offset = self._catalogue.reserve_block(), 0
            self._compress(block, content)
        return self._catalogue.add_chunk(Chunk(digest, block, offset, len(content)))

    def finish(self) -> None:
        """Return when every pack is stored and acknowledged. Raises BlobError, SnapshotCorrupt."""
        self._close_group()
        while self._compressing:
            self._append_oldest()
        self._close_pack()
        while self._uploading:
            self._uploading.popleft().result()

    def _group_in(self, content: bytes) -> tuple[int, int]:
        if len(self._group) + len(content) > self._tuning.block_bytes:
            self._close_group()
        if self._group_block is None:
            self._group_block = self._catalogue.reserve_block()
        offset = len(self._group)
        self._group += content
        return self._group_block, offset

    def _close_group(self) -> None:
        if self._group_block is not None:
            self._compress(self._group_block, bytes(self._group))
            self._group_block = None
            self._group.clear()

    def _compress(self, block: int, content: bytes) -> None:
        while len(self._compressing) >= _BLOCKS_IN_FLIGHT:
            self._append_oldest()
        job = self._compressors.submit(compress, content)
        self._compressing.append((block, len(content), job))

    def _append_oldest(self) -> None:
        number, size_bytes, job = self._compressing.popleft()
        codec, stored = job.result()
        if self._pack_number is None:
            self._pack_number = self._catalogue.reserve_pack()
        place = Block(self._pack_number, len(self._pack), len(stored), size_bytes, codec)
        self._catalogue.place_block(number, place)
        self._pack += stored
        if len(self._pack) >= self._tuning.pack_bytes:
            self._close_pack()

    def _close_pack(self) -> None:
        if self._pack_number is None:
            return
        content = bytes(self._pack)
        key = pack_key(self._prefix, self._snapshot_id, len(self.new_packs))
        pack = Pack(key, len(content), md5_of(content))
        self._catalogue.place_pack(self._pack_number, pack)
        self.new_packs.append(pack)
        self._pack_number = None
        self._pack.clear()
        self._upload(key, content)

    def _upload(self, key: str, content: bytes) -> None:
        while len(self._uploading) >= self._tuning.upload_threads:
            self._uploading.popleft().result()
        patience = self._tuning.patience
        self._uploading.append(
            self._uploaders.submit(put_once, self._blobs, key, content, patience)
        )

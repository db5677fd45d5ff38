"""Chunks by number, fetched in runs of neighbouring blocks and verified one by one."""

from __future__ import annotations

import zlib
from collections import OrderedDict, defaultdict
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.manifest import CODEC_RAW
from shared.snapshot.objects import get_exactly
from shared.snapshot.packs import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.ports.blobs import BlobReader
    from shared.snapshot.manifest import Block, Chunk, Manifest
    from shared.snapshot.tuning import Patience

_BLOCKS_PER_RUN = 8
_BLOCKS_KEPT = 16


class ChunkReader:
    """Reads what it was told will be needed. For one thread; holds some 24 MiB."""

    def __init__(
        self,
        manifest: Manifest,
        blobs: BlobReader,
        patience: Patience,
        needed_chunks: Iterable[int],
    ) -> None:
        self._manifest = manifest
        self._blobs = blobs
        self._patience = patience
        self._runs = _runs(manifest, {manifest.chunks[n].block for n in needed_chunks})
        self._kept: OrderedDict[int, bytes] = OrderedDict()

    def chunk(self, number: int) -> bytes:
        """The chunk's content. Raises SnapshotCorrupt, BlobRefused, BlobError."""
        chunk = self._manifest.chunks[number]
        if chunk.block not in self._kept:
            self._fetch(chunk.block)
        self._kept.move_to_end(chunk.block)
        content = cut(chunk, self._kept[chunk.block])
        if content is None:
            key = self._manifest.packs[self._manifest.blocks[chunk.block].pack].key
            raise SnapshotCorrupt(f"{key} holds other bytes than were written")
        return content

    def _fetch(self, wanted: int) -> None:
        run = self._runs[wanted]
        blocks = [self._manifest.blocks[number] for number in run]
        pack = self._manifest.packs[blocks[0].pack]
        start, end = blocks[0].offset, blocks[-1].offset + blocks[-1].stored_bytes
        stored = get_exactly(self._blobs, pack.key, start, end - start, self._patience)
        for number, block in zip(run, blocks, strict=True):
            at = block.offset - start
            content = inflate(block, stored[at : at + block.stored_bytes])
            if content is None:
                raise SnapshotCorrupt(f"{pack.key} holds other bytes than were written")
            self._kept[number] = content
            if len(self._kept) > _BLOCKS_KEPT:
                self._kept.popitem(last=False)


def inflate(block: Block, stored: bytes) -> bytes | None:
    """The block's content, or None when these are not its bytes. Never more than it promises."""
    if block.codec == CODEC_RAW:
        return stored
    inflater = zlib.decompressobj()
    try:
        content = inflater.decompress(stored, block.size_bytes + 1)
    except zlib.error:
        return None
    whole = len(content) == block.size_bytes and inflater.eof and not inflater.unused_data
    return content if whole else None


def cut(chunk: Chunk, block_content: bytes) -> bytes | None:
    """The chunk out of its block, or None when its digest says otherwise."""
    content = block_content[chunk.offset : chunk.offset + chunk.size_bytes]
    return content if digest_of(content) == chunk.digest else None


def _runs(manifest: Manifest, needed: set[int]) -> dict[int, list[int]]:
    """For each block from which a fetch may start: it, and the needed ones right behind it."""
    by_pack: defaultdict[int, list[int]] = defaultdict(list)
    for number in needed:
        by_pack[manifest.blocks[number].pack].append(number)
    runs: dict[int, list[int]] = {}
    for numbers in by_pack.values():
        numbers.sort(key=lambda number: manifest.blocks[number].offset)
        for at, number in enumerate(numbers):
            runs[number] = _touching(manifest, numbers[at : at + _BLOCKS_PER_RUN])
    return runs


def _touching(manifest: Manifest, numbers: list[int]) -> list[int]:
    run = numbers[:1]
    for number in numbers[1:]:
        last = manifest.blocks[run[-1]]
        if last.offset + last.stored_bytes != manifest.blocks[number].offset:
            break
        run.append(number)
    return run

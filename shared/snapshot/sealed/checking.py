"""Read every byte of a snapshot again: down to its chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.objects import fault_of, get_exactly, md5_of
from shared.snapshot.sealed.sealing import decompressed, digest_of, place_of

if TYPE_CHECKING:
    from shared.ports.blobs import BlobReader
    from shared.snapshot.sealed.index import KeyedPack
    from shared.snapshot.sealed.manifest import SealedManifest
    from shared.snapshot.tuning import Tuning


class DeepCheck:
    """Opens each block of a pack that the tree needs, and compares each chunk's digest."""

    def __init__(self, manifest: SealedManifest, blobs: BlobReader, tuning: Tuning) -> None:
        self._manifest = manifest
        self._blobs = blobs
        self._tuning = tuning
        chunks = manifest.sources.chunks
        self._chunks_of: dict[int, list[int]] = {}
        self.by_pack: dict[KeyedPack, list[int]] = {}
        for number, block in enumerate(chunks.chunk_block):
            self._chunks_of.setdefault(block, []).append(number)
        for block, pack in enumerate(chunks.block_pack):
            self.by_pack.setdefault(manifest.sources.packs[pack], []).append(block)

    def fault_of(self, keyed: KeyedPack) -> str | None:
        pack = keyed.pack
        fault = fault_of(self._blobs, pack, self._tuning.patience)
        if fault is not None:
            return fault
        content = get_exactly(self._blobs, pack.key, 0, pack.size_bytes, self._tuning.patience)
        try:
            if md5_of(content) == pack.md5:
                self._open_all(keyed, content)
                return None
        except SnapshotCorrupt:
            pass
        return f"{pack.key} holds other bytes than were written"

    def chunks_in(self, keyed: KeyedPack) -> int:
        return sum(len(self._chunks_of.get(block, ())) for block in self.by_pack.get(keyed, ()))

    def _open_all(self, keyed: KeyedPack, content: bytes) -> None:
        chunks = self._manifest.sources.chunks
        sealer = self._manifest.sealers.of(keyed.key)
        for block in self.by_pack.get(keyed, ()):
            at = chunks.block_offset[block]
            sealed = memoryview(content)[at : at + chunks.block_stored[block]]
            plain = sealer.open(sealed, place_of(keyed.pack.key, at))
            opened = decompressed(chunks.block_codec[block], plain, chunks.block_size[block])
            for number in self._chunks_of.get(block, ()):
                start = chunks.chunk_offset[number]
                chunk = memoryview(opened)[start : start + chunks.chunk_size[number]]
                if digest_of(chunk) != chunks.digests[number]:
                    raise SnapshotCorrupt("a chunk holds other bytes than were written")

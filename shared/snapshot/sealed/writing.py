"""The last two objects of a backup: its index, and the manifest that makes it one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.snapshot.manifest import Pack
from shared.snapshot.objects import put_once
from shared.snapshot.sealed import index
from shared.snapshot.sealed.head import Head
from shared.snapshot.sealed.manifest import encode, files_of
from shared.snapshot.sealed.model import (
    MAX_INDEXING_PACK_BYTES,
    IndexObject,
    SealedObject,
    WrappedKey,
    index_key,
)
from shared.snapshot.sealed.sealing import place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.ports.blobs import BlobClient
    from shared.snapshot.manifest import Skipped
    from shared.snapshot.results import BackupTarget
    from shared.snapshot.sealed.index import KeyedPack
    from shared.snapshot.sealed.keys import DataKey
    from shared.snapshot.sealed.model import Chunks, Tree
    from shared.snapshot.sealed.sealing import Sealer
    from shared.snapshot.sealed.sources import Sources
    from shared.snapshot.tuning import Tuning


class Writer:
    def __init__(
        self,
        blobs: BlobClient,
        target: BackupTarget,
        key: DataKey,
        sealer: Sealer,
        tuning: Tuning,
    ) -> None:
        self._blobs = blobs
        self._target = target
        self._key = key
        self._sealer = sealer
        self._patience = tuning.patience

    def write(
        self,
        tree: Tree,
        skipped: Sequence[Skipped],
        sources: Sources,
        new_packs: Sequence[KeyedPack],
        fresh: Chunks,
        parent_key: str | None,
    ) -> tuple[str, Head]:
        """The manifest's MD5 and head, once it is acknowledged. `fresh` chunks lie in new packs."""
        used = {chunk for chunks in tree.chunks for chunk in chunks}
        anew = sources.wants_one_index(used)
        indexes, kept = ([], used) if anew else sources.needed(used)
        if anew or len(kept) < len(sources.chunks.digests):
            sources, numbers = sources.compacted(kept)
            tree.chunks = [tuple(numbers[chunk] for chunk in each) for each in tree.chunks]
            used = {numbers[chunk] for chunk in used}
        if anew:
            new_packs, fresh = sources.packs, sources.chunks
        if fresh.digests:
            alone = not anew and _indexes_itself(new_packs)
            made = _named_as_index(new_packs[0].pack, fresh) if alone else None
            indexes.append((made or self._write_index(new_packs, fresh), self._key.stored))
        head = self._head(tree, sources.used_packs(used), indexes, parent_key)
        content = encode(head, tree, skipped, self._sealer)
        return put_once(self._blobs, head.key, content, self._patience).md5, head

    def _write_index(self, packs: Sequence[KeyedPack], chunks: Chunks) -> IndexObject:
        key = index_key(self._target.prefix, self._target.snapshot_id)
        content = index.encode(packs, chunks, self._sealer, place_of(key, 0))
        stat = put_once(self._blobs, key, content, self._patience)
        return _named_as_index(Pack(key, stat.size_bytes, stat.md5), chunks)

    def _head(
        self,
        tree: Tree,
        packs: Sequence[KeyedPack],
        indexes: Sequence[tuple[IndexObject, WrappedKey]],
        parent_key: str | None,
    ) -> Head:
        keys = dict.fromkeys([self._key.stored])
        keys.update(dict.fromkeys(each.key for each in packs))
        keys.update(dict.fromkeys(key for _, key in indexes))
        numbers = {key: number for number, key in enumerate(keys)}
        return Head(
            snapshot_id=self._target.snapshot_id,
            created_at=self._target.created_at,
            prefix=self._target.prefix,
            parent_key=parent_key,
            size_bytes=sum(tree.sizes),
            files=files_of(tree),
            keys=tuple(keys),
            key_number=0,
            packs=tuple(SealedObject(each.pack, numbers[each.key]) for each in packs),
            indexes=tuple(
                IndexObject(SealedObject(each.sealed.pack, numbers[key]), each.chunks)
                for each, key in indexes
            ),
            body_bytes=0,
        )


def _indexes_itself(new_packs: Sequence[KeyedPack]) -> bool:
    """Whether its footer tells all that an index would, and is not dear to read."""
    return len(new_packs) == 1 and new_packs[0].pack.size_bytes <= MAX_INDEXING_PACK_BYTES


def _named_as_index(pack: Pack, chunks: Chunks) -> IndexObject:
    """Which key opens it is numbered by the head."""
    return IndexObject(SealedObject(pack, 0), len(chunks.digests))

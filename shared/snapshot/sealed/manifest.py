"""A snapshot of format 2 in memory; reading one and writing one."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing, SnapshotCorrupt
from shared.snapshot.manifest import Pack, Skipped
from shared.snapshot.objects import md5_of, patiently
from shared.snapshot.sealed import body, index, packing
from shared.snapshot.sealed import head as heads
from shared.snapshot.sealed.head import Head
from shared.snapshot.sealed.model import FOLDER, FORMAT, TORN, Tree, WrappedKey, is_pack_key
from shared.snapshot.sealed.sealing import Sealer, place_of
from shared.snapshot.sealed.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.ports.blobs import BlobReader
    from shared.snapshot.sealed.index import KeyedPack
    from shared.snapshot.sealed.keys import Keys
    from shared.snapshot.sealed.model import Chunks, IndexObject
    from shared.snapshot.tuning import Tuning

_READERS = 8


class Sealers:
    """One for each data key, made when first needed."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._made: dict[WrappedKey, Sealer] = {}

    def of(self, key: WrappedKey) -> Sealer:
        """Raises SnapshotKeyMissing."""
        if key not in self._made:
            self._made[key] = Sealer(self._keys.secret_of(key))
        return self._made[key]

    def secret_of(self, key: WrappedKey) -> bytes:
        return self._keys.secret_of(key)


@dataclass(frozen=True, slots=True)
class SealedManifest:
    """What `shared.snapshot.manifest.Manifest` is to format 1, with the same names for the same."""

    head: Head
    tree: Tree
    skipped: tuple[Skipped, ...]
    sources: Sources
    sealers: Sealers
    format: int = FORMAT

    @property
    def key(self) -> str:
        return self.head.key

    @property
    def prefix(self) -> str:
        return self.head.prefix

    @property
    def snapshot_id(self) -> str:
        return self.head.snapshot_id

    @property
    def created_at(self) -> datetime:
        return self.head.created_at

    @property
    def parent_key(self) -> str | None:
        return self.head.parent_key

    @property
    def files(self) -> int:
        return self.head.files

    @property
    def size_bytes(self) -> int:
        return self.head.size_bytes

    @property
    def packs(self) -> tuple[Pack, ...]:
        """Every object that a restore needs beside the manifest: packs and indexes."""
        return self.head.objects

    @property
    def torn(self) -> tuple[bytes, ...]:
        return torn_paths(self.tree)


def torn_paths(tree: Tree) -> tuple[bytes, ...]:
    if not any(flags & TORN for flags in tree.flags):
        return ()
    return tuple(p for p, flags in zip(tree.paths(), tree.flags, strict=True) if flags & TORN)


def files_of(tree: Tree) -> int:
    """Names that are neither folders nor the root."""
    return len(tree) - tree.kinds.count(FOLDER)


def encode(head: Head, tree: Tree, skipped: Sequence[Skipped], sealer: Sealer) -> bytes:
    """The manifest's object; `head.body_bytes` is filled in here."""
    plain = body.encode_tree(tree, skipped)
    line = heads.encode(_with_body(head, len(plain)))
    return heads.enclose(line, index.seal_plain(plain, sealer, line))


def _with_body(head: Head, body_bytes: int) -> Head:
    return replace(head, body_bytes=body_bytes)


def decode(
    content: bytes, key: str, blobs: BlobReader, keys: Keys, tuning: Tuning
) -> SealedManifest:
    """Reads the indexes too. Raises SnapshotCorrupt, SnapshotKeyMissing, BlobRefused, BlobError."""
    head, line, sealed = heads.decode(content)
    if head.key != key:
        raise SnapshotCorrupt(f"{key} holds the manifest of {head.key}")
    sealers = Sealers(keys)
    sources = _read_sources(head, blobs, sealers, tuning)
    plain = index.open_plain(sealed, sealers.of(head.keys[head.key_number]), line)
    tree, skipped = body.decode_tree(plain, sources.chunks.chunk_size)
    _check_head(head, tree, sources)
    return SealedManifest(head, tree, skipped, sources, sealers)


def _read_sources(head: Head, blobs: BlobReader, sealers: Sealers, tuning: Tuning) -> Sources:
    sources = Sources()
    if not head.indexes:
        return sources

    def read(each: IndexObject) -> bytes:
        pack = each.sealed.pack
        try:
            content = patiently(lambda: blobs.get(pack.key), tuning.patience)
        except BlobMissing as error:
            raise SnapshotCorrupt(f"{pack.key} is missing") from error
        if (len(content), md5_of(content)) != (pack.size_bytes, pack.md5):
            raise SnapshotCorrupt(f"{pack.key} holds other bytes than were written")
        return content

    with ThreadPoolExecutor(_READERS, "index") as pool:
        contents = list(pool.map(read, head.indexes))
    for each, content in zip(head.indexes, contents, strict=True):
        key = head.keys[each.sealed.key_number]
        packs, chunks = _listed(each.sealed.pack, content, key, sealers.of(key))
        if len(chunks.digests) != each.chunks:
            raise SnapshotCorrupt(f"{each.sealed.pack.key} has another number of chunks")
        sources.add(packs, chunks)
        sources.indexes.append((each, key))
    return sources


def _listed(
    pack: Pack, content: bytes, key: WrappedKey, sealer: Sealer
) -> tuple[list[KeyedPack], Chunks]:
    """By an index, or by the footer of a pack that is its own. Raises SnapshotCorrupt."""
    if not is_pack_key(pack.key):
        return index.decode(content, sealer, place_of(pack.key, 0))
    return [index.KeyedPack(pack, key)], packing.footer_of(content, pack.key, sealer)


def _check_head(head: Head, tree: Tree, sources: Sources) -> None:
    """What was verified by the head is what the tree needs."""
    used = set(itertools.chain.from_iterable(tree.chunks))
    named = {each.pack for each in head.packs}
    needed: list[KeyedPack] = sources.used_packs(used)
    if not {each.pack for each in needed} <= named:
        raise SnapshotCorrupt("the manifest's head does not name every pack that its tree needs")
    if (head.files, head.size_bytes) != (files_of(tree), sum(tree.sizes)):
        raise SnapshotCorrupt("the manifest's head tells of another tree")

"""Snapshots in the real format, made of a disk that is only numbers.

A workspace here is one file, `work`, that holds how far its user has come. Its bytes lie in one
pack, named by a manifest that the real codec writes and reads.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing, SnapshotCorrupt
from shared.ports.snapshots import StoredObject, VerifiedSnapshot
from shared.snapshot import codec
from shared.snapshot.manifest import (
    CODEC_RAW,
    DIGEST_BYTES,
    Attributes,
    Block,
    Chunk,
    Folder,
    Manifest,
    Pack,
    Piece,
    Regular,
    pack_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.ports.blobs import BlobReader

FILE = b"work"


@dataclass(frozen=True, slots=True)
class Image:
    """What is to be written: the pack first, then the manifest that names it."""

    manifest_key: str
    manifest: bytes
    manifest_md5: str
    pack_key: str
    pack: bytes


def image_of(work: str, prefix: str, snapshot_id: str, parent_key: str) -> Image:
    content = work.encode()
    key = pack_key(prefix, snapshot_id, 0)
    pack = Pack(key, len(content), _md5(content))
    block = Block(0, 0, len(content), len(content), CODEC_RAW)
    digest = hashlib.blake2b(content, digest_size=DIGEST_BYTES).digest()
    file = Regular(FILE, Attributes(0o644, 0, 0, 1), len(content), 0, 1, (Piece(0, 0),))
    manifest = Manifest(
        snapshot_id=snapshot_id,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        prefix=prefix,
        parent_key=parent_key or None,
        packs=(pack,),
        blocks=(block,),
        chunks=(Chunk(digest, 0, 0, len(content)),),
        entries=(Folder(b"", Attributes(0o755, 0, 0, 1)), file),
    )
    encoded = codec.encode(manifest)
    return Image(manifest.key, encoded, _md5(encoded), key, content)


def pack_of(manifest: bytes) -> Pack:
    """Raises SnapshotCorrupt."""
    return codec.decode(manifest).packs[0]


def work_in(manifest: bytes, pack: bytes) -> str:
    """What a restore brings back. Raises SnapshotCorrupt unless every byte is what was written."""
    decoded = codec.decode(manifest)
    if hashlib.blake2b(pack, digest_size=DIGEST_BYTES).digest() != decoded.chunks[0].digest:
        raise SnapshotCorrupt("the pack holds other bytes than were written")
    return pack.decode()


class ImageVerifier:
    """Implements SnapshotVerifier: as the engine's, without its threads and its patience."""

    def __init__(self, blobs: BlobReader) -> None:
        self._blobs = blobs

    def verify(
        self, manifest_key: str, manifest_md5: str, proven_manifests: Iterable[str]
    ) -> VerifiedSnapshot:
        content = self._manifest(manifest_key)
        manifest = codec.decode(content)
        if manifest.key != manifest_key or (manifest_md5 and _md5(content) != manifest_md5):
            raise SnapshotCorrupt(f"{manifest_key} is not the manifest that was reported")
        proven = {
            pack for key in proven_manifests for pack in codec.decode(self._manifest(key)).packs
        }
        for pack in manifest.packs:
            if pack not in proven:
                self._require(pack)
        return VerifiedSnapshot(size_bytes=manifest.size_bytes, files=manifest.files)

    def packs_of(self, manifest_key: str) -> frozenset[str]:
        return frozenset(pack.key for pack in codec.decode(self._manifest(manifest_key)).packs)

    def objects_of(self, manifest_key: str) -> tuple[StoredObject, ...]:
        packs = codec.decode(self._manifest(manifest_key)).packs
        return tuple(StoredObject(each.key, each.size_bytes, each.md5) for each in packs)

    def fault_of(self, stored: StoredObject) -> str:
        try:
            same = _md5(self._blobs.get(stored.key)) == stored.md5
        except BlobMissing:
            return f"{stored.key} is missing"
        return "" if same else f"{stored.key} holds other bytes than were written"

    def _manifest(self, key: str) -> bytes:
        try:
            return self._blobs.get(key)
        except BlobMissing as error:
            raise SnapshotCorrupt(f"{key} is missing") from error

    def _require(self, pack: Pack) -> None:
        stat = self._blobs.stat(pack.key)
        if stat is None or stat.size_bytes != pack.size_bytes or stat.md5 != pack.md5:
            raise SnapshotCorrupt(f"{pack.key} is missing or another")


def _md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()

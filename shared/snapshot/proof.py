"""What a manifest needs, and whether the store has it: for the control plane, without any key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing, SnapshotCorrupt
from shared.snapshot import codec
from shared.snapshot.manifest import Pack
from shared.snapshot.objects import fault_of, get_exactly, md5_of, patiently
from shared.snapshot.sealed import head as heads
from shared.snapshot.tuning import DEFAULT_TUNING, Tuning
from shared.snapshot.verify import look_up

if TYPE_CHECKING:
    from collections.abc import Collection

    from shared.ports.blobs import BlobReader
    from shared.snapshot.manifest import Manifest


@dataclass(frozen=True, slots=True)
class References:
    """What a manifest says to whoever has no key. `objects` are all that a restore needs beside
    the manifest: packs, and in format 2 indexes. `wrapped_keys` are the data keys that open
    it, each as prefix and wrapped secret.
    """

    key: str
    md5: str
    format: int
    created_at: datetime
    size_bytes: int
    files: int
    objects: frozenset[Pack]
    wrapped_keys: tuple[tuple[str, bytes], ...] = ()


def references(blobs: BlobReader, key: str, tuning: Tuning = DEFAULT_TUNING) -> References:
    """What the manifest under this key needs; reads nothing else, and needs no key.

    Raises SnapshotCorrupt when it is missing, altered, or another's; BlobRefused, BlobError.
    """
    content = read_manifest(blobs, key, tuning)
    md5 = md5_of(content)
    if heads.is_ours(content):
        head, _, _ = heads.decode(content)
        if head.key != key:
            raise SnapshotCorrupt(f"{key} holds the manifest of {head.key}")
        wrapped = tuple((each.prefix, each.wrapped) for each in head.keys)
        objects = frozenset(head.objects)
        return References(
            key, md5, 2, head.created_at, head.size_bytes, head.files, objects, wrapped
        )
    plain = plain_manifest(content, key)
    packs = frozenset(plain.packs)
    return References(key, md5, 1, plain.created_at, plain.size_bytes, plain.files, packs)


def verify(
    manifest_key: str,
    blobs: BlobReader,
    known: Collection[Pack] = frozenset(),
    tuning: Tuning = DEFAULT_TUNING,
) -> References:
    """Look up every object that the manifest refers to: there, of its size, with its checksum.

    `known` ones (those of a verified parent) are not asked for again when key, size and checksum
    are the same. Needs no key. Raises SnapshotCorrupt that names what is wrong, BlobRefused,
    BlobError.
    """
    found = references(blobs, manifest_key, tuning)
    look_up(manifest_key, found.objects - frozenset(known), blobs, tuning)
    return found


def reread(
    objects: Collection[Pack], blobs: BlobReader, tuning: Tuning = DEFAULT_TUNING
) -> dict[Pack, str]:
    """Read every byte of these objects; what is wrong with those that are not as written.

    Needs no key: it compares size and checksum of what was read. Raises BlobRefused, BlobError.
    """
    faults: dict[Pack, str] = {}
    for pack in sorted(objects, key=lambda each: each.key):
        fault = fault_of(blobs, pack, tuning.patience)
        if fault is None:
            try:
                content = get_exactly(blobs, pack.key, 0, pack.size_bytes, tuning.patience)
            except SnapshotCorrupt as error:
                fault = str(error)
            else:
                same = md5_of(content) == pack.md5
                fault = None if same else f"{pack.key} holds other bytes than were written"
        if fault is not None:
            faults[pack] = fault
    return faults


def read_manifest(blobs: BlobReader, key: str, tuning: Tuning) -> bytes:
    """The object's bytes, whichever format they have. Raises SnapshotCorrupt, BlobError."""
    most = heads.MAX_MANIFEST_BYTES
    try:
        content = patiently(lambda: blobs.get(key, length=most + 1), tuning.patience)
    except BlobMissing as error:
        raise SnapshotCorrupt(f"{key} is missing") from error
    if len(content) > most:
        raise SnapshotCorrupt(f"{key} is too big for a manifest")
    return content


def plain_manifest(content: bytes, key: str) -> Manifest:
    """Of format 1. Raises SnapshotCorrupt."""
    manifest = codec.decode(content)
    if manifest.key != key:
        raise SnapshotCorrupt(f"{key} holds the manifest of {manifest.key}")
    return manifest

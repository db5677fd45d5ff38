"""Prove that a snapshot can be restored: by what the store says (verify), or by reading (scrub)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.errors import BlobMissing, SnapshotCorrupt
from shared.snapshot import codec
from shared.snapshot.fetch import cut, inflate
from shared.snapshot.manifest import Manifest, Pack
from shared.snapshot.objects import fault_of, get_exactly, md5_of, patiently
from shared.snapshot.tuning import DEFAULT_TUNING, Tuning

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from shared.ports.blobs import BlobReader

_NAMED_FAULTS = 5
_ASKING_THREADS = 8


@dataclass(frozen=True, slots=True)
class VerifiedSnapshot:
    """A manifest all of whose packs are in the store. `packs` may be passed on as `known`."""

    manifest: Manifest
    manifest_md5: str
    packs: frozenset[Pack]


@dataclass(frozen=True, slots=True)
class Scrubbed:
    packs: int
    chunks: int
    bytes_read: int


def load_manifest(blobs: BlobReader, key: str, tuning: Tuning = DEFAULT_TUNING) -> Manifest:
    """The manifest under this key, checked whole against its own hash.

    Raises SnapshotCorrupt when it is missing, altered, of another format, or another's.
    """
    return _load(blobs, key, tuning)[0]


def verify(
    manifest_key: str,
    blobs: BlobReader,
    known: Collection[Pack] = frozenset(),
    tuning: Tuning = DEFAULT_TUNING,
) -> VerifiedSnapshot:
    """Look up every pack that the manifest refers to: there, of its size, with its checksum.

    `known` packs (those of a verified parent) are not asked for again when key, size and
    checksum are the same. Raises SnapshotCorrupt that names what is wrong, BlobRefused, BlobError.
    """
    manifest, md5 = _load(blobs, manifest_key, tuning)
    packs = frozenset(manifest.packs)
    look_up(manifest_key, packs - frozenset(known), blobs, tuning)
    return VerifiedSnapshot(manifest, md5, packs)


def look_up(manifest_key: str, packs: Collection[Pack], blobs: BlobReader, tuning: Tuning) -> None:
    """Raises SnapshotCorrupt that names what the store does not have as it was written."""
    asked = sorted(packs, key=lambda pack: pack.key)
    with ThreadPoolExecutor(_ASKING_THREADS, "verify") as pool:
        answers = pool.map(lambda pack: fault_of(blobs, pack, tuning.patience), asked)
        faults = [fault for fault in answers if fault is not None]
    if faults:
        raise SnapshotCorrupt(told(manifest_key, faults))


def scrub(
    manifest: Manifest,
    blobs: BlobReader,
    progress: Callable[[Scrubbed], None] = lambda _: None,
    tuning: Tuning = DEFAULT_TUNING,
) -> Scrubbed:
    """Read every byte of every pack and check it against checksum and digests.

    Holds one pack at a time. Raises SnapshotCorrupt that names every bad pack, after all were
    read; BlobRefused, BlobError.
    """
    chunks = _chunks_by_pack(manifest)
    done = Scrubbed(0, 0, 0)
    faults: list[str] = []
    for number, pack in enumerate(manifest.packs):
        fault = _scrub_pack(manifest, pack, chunks[number], blobs, tuning)
        if fault is not None:
            faults.append(fault)
        checked = done.chunks + len(chunks[number])
        done = Scrubbed(done.packs + 1, checked, done.bytes_read + pack.size_bytes)
        progress(done)
    if faults:
        raise SnapshotCorrupt(told(manifest.key, faults))
    return done


def _load(blobs: BlobReader, key: str, tuning: Tuning) -> tuple[Manifest, str]:
    stat = patiently(lambda: blobs.stat(key), tuning.patience)
    if stat is None:
        raise SnapshotCorrupt(f"{key} is missing")
    if stat.size_bytes > codec.MAX_MANIFEST_BYTES:
        raise SnapshotCorrupt(f"{key} is too big for a manifest")
    try:
        content = patiently(lambda: blobs.get(key), tuning.patience)
    except BlobMissing as error:
        raise SnapshotCorrupt(f"{key} is missing") from error
    manifest = codec.decode(content)
    if manifest.key != key:
        raise SnapshotCorrupt(f"{key} holds the manifest of {manifest.key}")
    return manifest, md5_of(content)


def _chunks_by_pack(manifest: Manifest) -> list[list[int]]:
    by_pack: list[list[int]] = [[] for _ in manifest.packs]
    for number, chunk in enumerate(manifest.chunks):
        by_pack[manifest.blocks[chunk.block].pack].append(number)
    for numbers in by_pack:
        numbers.sort(key=lambda number: manifest.chunks[number].block)
    return by_pack


def _scrub_pack(
    manifest: Manifest, pack: Pack, chunks: list[int], blobs: BlobReader, tuning: Tuning
) -> str | None:
    fault = fault_of(blobs, pack, tuning.patience)
    if fault is not None:
        return fault
    content = get_exactly(blobs, pack.key, 0, pack.size_bytes, tuning.patience)
    if md5_of(content) != pack.md5 or not _chunks_hold(manifest, chunks, content):
        return f"{pack.key} holds other bytes than were written"
    return None


def _chunks_hold(manifest: Manifest, chunks: list[int], content: bytes) -> bool:
    """`chunks` come ordered by block, so that each block is decompressed once."""
    last: tuple[int, bytes | None] = (-1, None)
    for number in chunks:
        chunk = manifest.chunks[number]
        if chunk.block != last[0]:
            block = manifest.blocks[chunk.block]
            stored = content[block.offset : block.offset + block.stored_bytes]
            last = (chunk.block, inflate(block, stored))
        if last[1] is None or cut(chunk, last[1]) is None:
            return False
    return True


def told(key: str, faults: list[str]) -> str:
    more = len(faults) - _NAMED_FAULTS
    named = "; ".join(faults[:_NAMED_FAULTS])
    return f"{key}: {named}" + (f"; and {more} more" if more > 0 else "")

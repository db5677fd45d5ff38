"""The snapshot engine: one interface, whatever format a snapshot has.

A manifest says its format, and what reads it is chosen by that. What is written is format 2
(`shared.snapshot.sealed`) where keys are given, and format 1 (nothing encrypted, standard library
alone) where there are none. The libraries of format 2 are loaded with its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt, SnapshotKeyMissing
from shared.snapshot.manifest import Manifest
from shared.snapshot.proof import plain_manifest, read_manifest
from shared.snapshot.results import (
    DEFAULT_OPTIONS,
    BackupResult,
    BackupTarget,
    RestoreOptions,
    RestoreResult,
    check_target,
)
from shared.snapshot.sealed import head as heads
from shared.snapshot.tuning import DEFAULT_TUNING, Tuning
from shared.snapshot.verify import Scrubbed, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.ports.blobs import BlobClient, BlobReader
    from shared.snapshot.sealed.keys import Keys
    from shared.snapshot.sealed.manifest import SealedManifest
    from shared.snapshot.tuning import Progress

    AnyManifest = Manifest | SealedManifest


def backup(
    tree: Path,
    blobs: BlobClient,
    target: BackupTarget,
    parent: AnyManifest | None,
    progress: Callable[[Progress], None],
    tuning: Tuning = DEFAULT_TUNING,
    keys: Keys | None = None,
) -> BackupResult:
    """Store the tree as it is now; return once the manifest is acknowledged.

    A file that has the size, times and inode of the parent's record is not read again; after a
    move to another machine (the parent has another prefix) size and mtime decide. A parent of
    another workspace or format is of no use here and is passed over. Nothing is ever overwritten.
    After a crash, format 2 takes up what a run with the same snapshot id had uploaded; format 1
    needs another id. Raises SnapshotError when the tree cannot be read, SnapshotCorrupt,
    SnapshotKeyMissing, BlobRefused, BlobError.
    """
    check_target(target)
    if keys is None:
        from shared.snapshot import backup as plain_backup

        plain = parent if isinstance(parent, Manifest) else None
        return plain_backup.backup(tree, blobs, target, plain, progress, tuning)
    from shared.snapshot.sealed import backup as sealed_backup

    sealed = None if isinstance(parent, Manifest) else parent
    return sealed_backup.backup(tree, blobs, target, sealed, progress, tuning, keys)


def restore(
    manifest: AnyManifest,
    blobs: BlobReader,
    into: Path,
    progress: Callable[[Progress], None],
    options: RestoreOptions = DEFAULT_OPTIONS,
) -> RestoreResult:
    """Make the folder hold the snapshot's tree.

    Format 2 makes folders and links first, then what the user's programs had read (`usable` in
    the progress tells when), then the rest. A file of more than one chunk appears under its name
    when it is whole and verified; a smaller one is verified before it is begun. What is there
    already and has the right content is kept, so that an interrupted restore goes on where it
    was. Survives the death of the process, but is not flushed against that of the machine. Raises
    SnapshotCorrupt (nothing outside the folder is touched, whatever the manifest says), DiskFull,
    SnapshotError, BlobRefused, BlobError.
    """
    if isinstance(manifest, Manifest):
        from shared.snapshot import restore as plain_restore

        return plain_restore.restore(manifest, blobs, into, progress, options)
    from shared.snapshot.sealed import restore as sealed_restore

    return sealed_restore.restore(manifest, blobs, into, progress, options)


def load_manifest(
    blobs: BlobReader, key: str, tuning: Tuning = DEFAULT_TUNING, keys: Keys | None = None
) -> AnyManifest:
    """The manifest under this key, checked whole, whichever format it has.

    Raises SnapshotCorrupt when it is missing, altered, of another format, or another's;
    SnapshotKeyMissing for format 2 without its keys; BlobRefused, BlobError.
    """
    content = read_manifest(blobs, key, tuning)
    if not heads.is_ours(content):
        return plain_manifest(content, key)
    if keys is None:
        raise SnapshotKeyMissing(f"{key} is encrypted")
    from shared.snapshot.sealed import manifest as sealed_manifest

    return sealed_manifest.decode(content, key, blobs, keys, tuning)


def scrub(
    manifest: AnyManifest,
    blobs: BlobReader,
    progress: Callable[[Scrubbed], None] = lambda _: None,
    tuning: Tuning = DEFAULT_TUNING,
) -> Scrubbed:
    """Read every byte of every pack and check it down to the digests of its chunks.

    Raises SnapshotCorrupt that names every bad object, after all were read; BlobRefused, BlobError.
    """
    if isinstance(manifest, Manifest):
        from shared.snapshot import verify as plain_verify

        return plain_verify.scrub(manifest, blobs, progress, tuning)
    from shared.snapshot.sealed.checking import DeepCheck

    check = DeepCheck(manifest, blobs, tuning)
    done = Scrubbed(0, 0, 0)
    faults: list[str] = []
    needed = set(manifest.packs)
    for keyed in manifest.sources.packs:
        if keyed.pack not in needed:
            continue
        needed.discard(keyed.pack)
        fault = check.fault_of(keyed)
        faults.extend([fault] if fault else [])
        chunks = done.chunks + check.chunks_in(keyed)
        done = Scrubbed(done.packs + 1, chunks, done.bytes_read + keyed.pack.size_bytes)
        progress(done)
    if faults:
        raise SnapshotCorrupt(told(manifest.key, faults))
    return done

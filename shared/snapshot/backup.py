"""Take a snapshot of a tree: new content in packs, and a manifest that is written last."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot import codec
from shared.snapshot.catalogue import Catalogue
from shared.snapshot.manifest import Manifest, Pack, workspace_root
from shared.snapshot.objects import put_once
from shared.snapshot.packs import PackWriter
from shared.snapshot.results import BackupResult, BackupTarget, check_target
from shared.snapshot.tree import TreeReader
from shared.snapshot.tuning import DEFAULT_TUNING, Meter, Progress, Tuning

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.ports.blobs import BlobClient


def backup(
    tree: Path,
    blobs: BlobClient,
    target: BackupTarget,
    parent: Manifest | None,
    progress: Callable[[Progress], None],
    tuning: Tuning = DEFAULT_TUNING,
) -> BackupResult:
    """Store the tree as it is now; return once the manifest is acknowledged.

    A file that has the size, times and inode of the parent's record is not read again; after a
    move to another machine (the parent has another prefix) size and mtime decide. A parent of
    another workspace is of no use here and is passed over. Nothing is ever overwritten: after a
    crash another run with another snapshot id succeeds, and what the first left is unreferenced.
    Raises SnapshotError when the tree cannot be read, SnapshotCorrupt, BlobRefused, BlobError.
    """
    check_target(target)
    parent = _usable(parent, target)
    catalogue = Catalogue(parent)
    meter = Meter(progress, "backup")
    with PackWriter(blobs, target.prefix, target.snapshot_id, catalogue, tuning) as packs:
        reader = TreeReader(packs, catalogue, parent, target.prefix, target.exclude, tuning, meter)
        try:
            reader.read(tree)
        except OSError as error:
            reason = errno.errorcode.get(error.errno or 0, "unknown")
            raise SnapshotError(f"the tree cannot be read: {reason}") from error
        packs.finish()
        new_packs = tuple(packs.new_packs)
    meter.finish()
    manifest = _manifest(target, parent, catalogue, reader)
    content = codec.encode(manifest)
    stored = put_once(blobs, manifest.key, content, tuning.patience)
    return _result(manifest, stored.md5, new_packs)


def _usable(parent: Manifest | None, target: BackupTarget) -> Manifest | None:
    if parent and workspace_root(parent.prefix) == workspace_root(target.prefix):
        return parent
    return None


def _manifest(
    target: BackupTarget, parent: Manifest | None, catalogue: Catalogue, reader: TreeReader
) -> Manifest:
    return Manifest(
        snapshot_id=target.snapshot_id,
        created_at=target.created_at,
        prefix=target.prefix,
        parent_key=parent.key if parent else None,
        packs=catalogue.packs(),
        blocks=catalogue.blocks(),
        chunks=catalogue.chunks(),
        entries=tuple(reader.entries),
        skipped=tuple(reader.skipped),
    )


def _result(manifest: Manifest, md5: str, new_packs: tuple[Pack, ...]) -> BackupResult:
    return BackupResult(
        manifest_key=manifest.key,
        manifest_md5=md5,
        size_bytes=manifest.size_bytes,
        new_bytes=sum(pack.size_bytes for pack in new_packs),
        files=manifest.files,
        new_packs=new_packs,
        torn=manifest.torn,
        skipped=manifest.skipped,
    )

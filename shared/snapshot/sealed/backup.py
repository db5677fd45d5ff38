"""Take a snapshot of a tree: new content in packs, an index of it, and a manifest at the end."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot.manifest import workspace_root
from shared.snapshot.results import BackupResult
from shared.snapshot.sealed.crew import Alone, Processes, Task, workers_for
from shared.snapshot.sealed.gather import Gathered
from shared.snapshot.sealed.manifest import torn_paths
from shared.snapshot.sealed.model import Chunks
from shared.snapshot.sealed.plan import jobs
from shared.snapshot.sealed.resuming import take_up
from shared.snapshot.sealed.sealing import Sealer
from shared.snapshot.sealed.sources import Sources, numbered
from shared.snapshot.sealed.upload import Uploads
from shared.snapshot.sealed.walk import Walk, wanted_bytes
from shared.snapshot.sealed.writing import Writer
from shared.snapshot.tuning import Meter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.ports.blobs import BlobClient
    from shared.snapshot.results import BackupTarget
    from shared.snapshot.sealed.crew import Crew
    from shared.snapshot.sealed.keys import DataKey, Keys
    from shared.snapshot.sealed.manifest import SealedManifest
    from shared.snapshot.tuning import Progress, Tuning


def backup(
    tree: Path,
    blobs: BlobClient,
    target: BackupTarget,
    parent: SealedManifest | None,
    progress: Callable[[Progress], None],
    tuning: Tuning,
    keys: Keys,
) -> BackupResult:
    """See shared.snapshot.engine.backup."""
    if parent and workspace_root(parent.prefix) != workspace_root(target.prefix):
        parent = None
    run = _Backup(tree, blobs, target, parent, tuning, keys.own(target.prefix))
    try:
        return run.run(progress)
    finally:
        run.close()


class _Backup:
    def __init__(
        self,
        tree: Path,
        blobs: BlobClient,
        target: BackupTarget,
        parent: SealedManifest | None,
        tuning: Tuning,
        key: DataKey,
    ) -> None:
        self._tree = tree
        self._blobs = blobs
        self._target = target
        self._parent = parent
        self._tuning = tuning
        self._key = key
        self._sealer = Sealer(key.secret)
        self._uploads = Uploads(blobs, target.prefix, target.snapshot_id, tuning)
        self._crew: Crew | None = None

    def close(self) -> None:
        if self._crew:
            self._crew.close()
        self._uploads.close()

    def run(self, progress: Callable[[Progress], None]) -> BackupResult:
        first_number = self._take_up() if self._target.begun_before else 0
        if self._parent is None and self._tuning.workers is None:
            self._start(first_number, None)
        walk = self._walked()
        size_bytes = wanted_bytes(walk.wanted)
        crew = self._crew or self._start(first_number, size_bytes)
        sources = self._known(crew, anything_wanted=bool(walk.wanted))
        totals = (len(walk.wanted), size_bytes)
        meter = Meter(progress, "backup", files_total=totals[0], bytes_total=totals[1])
        gathered = Gathered(walk, self._tree, self._tuning, meter)
        waiting = walk.wanted
        while waiting:
            planned = jobs(
                waiting, walk.tree.flags, self._tuning.group_bytes, self._tuning.block_bytes
            )
            crew.run(planned, gathered.take)
            waiting = gathered.again()
        crew.finish()
        self._uploads.finish()
        meter.finish()
        return self._write(sources, gathered)

    def _take_up(self) -> int:
        target = self._target
        return take_up(
            self._blobs,
            target.prefix,
            target.snapshot_id,
            self._sealer,
            self._uploads,
            self._tuning,
        )

    def _walked(self) -> Walk:
        parent = self._parent
        same = parent is not None and parent.prefix == self._target.prefix
        before = parent.tree if parent else None
        walk = Walk(before, self._target.exclude, self._tuning, same_machine=same)
        try:
            walk.read(self._tree)
        except OSError as error:
            reason = errno.errorcode.get(error.errno or 0, "unknown")
            raise SnapshotError(f"the tree cannot be read: {reason}") from error
        return walk

    def _start(self, first_number: int, size_bytes: int | None) -> Crew:
        """With no size known, as many processes as the machine is good for."""
        tuning = self._tuning
        task = Task(
            self._tree,
            self._target.prefix,
            self._target.snapshot_id,
            self._key.secret,
            first_number,
            tuning.pack_bytes,
            tuning.block_bytes,
            tuning.read_attempts,
        )
        count = workers_for(size_bytes, tuning.workers)
        known = len(self._parent.sources.chunks.digests) if self._parent else 0
        crew: Crew
        uploads = self._uploads
        crew = Processes(task, uploads, count, known) if count else Alone(task, uploads)
        self._crew = crew
        return crew

    def _known(self, crew: Crew, *, anything_wanted: bool) -> Sources:
        """The parent's chunks and those taken up, which nobody has to store again."""
        sources = Sources()
        if self._parent:
            sources.packs.extend(self._parent.sources.packs)
            sources.indexes.extend(self._parent.sources.indexes)
            numbers = list(range(len(sources.packs)))
            sources.chunks.extend(self._parent.sources.chunks, numbers)
        if anything_wanted:
            for digest in sources.chunks.digests:
                crew.claims.claim(digest)
            for chunks in self._uploads.chunks.values():
                for digest in chunks.digests:
                    crew.claims.claim(digest)
        return sources

    def _write(self, sources: Sources, gathered: Gathered) -> BackupResult:
        """The index, if there is anything new to list, then the manifest."""
        new_packs, at = numbered(self._uploads.packs, self._key.stored)
        fresh = Chunks()
        for number, chunks in sorted(self._uploads.chunks.items()):
            fresh.extend(chunks, [at[number]])
        sources.add(new_packs, fresh)
        tree, skipped = gathered.finished(sources)
        writer = Writer(self._blobs, self._target, self._key, self._sealer, self._tuning)
        parent_key = self._parent.key if self._parent else None
        manifest_md5, head = writer.write(tree, skipped, sources, new_packs, fresh, parent_key)
        return BackupResult(
            manifest_key=head.key,
            manifest_md5=manifest_md5,
            size_bytes=head.size_bytes,
            new_bytes=sum(each.pack.size_bytes for each in new_packs),
            files=head.files,
            new_packs=tuple(each.pack for each in new_packs),
            torn=torn_paths(tree),
            skipped=skipped,
        )

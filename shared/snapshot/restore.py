"""Bring a snapshot back into a folder, verified chunk by chunk; it may be begun again any time."""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.snapshot import layout, placing
from shared.snapshot.fetch import ChunkReader
from shared.snapshot.folders import Folders
from shared.snapshot.manifest import Folder, HardLink, Pipe, Symlink
from shared.snapshot.preparing import prepare_folders
from shared.snapshot.results import DEFAULT_OPTIONS, RestoreOptions, RestoreResult, translated
from shared.snapshot.shares import Numbered, shares
from shared.snapshot.tuning import Meter, Progress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.ports.blobs import BlobReader
    from shared.snapshot.manifest import Manifest


def restore(
    manifest: Manifest,
    blobs: BlobReader,
    into: Path,
    progress: Callable[[Progress], None],
    options: RestoreOptions = DEFAULT_OPTIONS,
) -> RestoreResult:
    """Make the folder hold the snapshot's tree.

    A file appears under its name only when it is whole and every chunk of it was verified. What
    is there already and has the right content is kept, so that an interrupted restore goes on
    where it was. Survives the death of the process, but is not flushed against that of the
    machine. Raises SnapshotCorrupt (nothing outside the folder is touched, whatever the manifest
    says), DiskFull, SnapshotError, BlobRefused, BlobError.
    """
    layout.check(manifest)
    with translated():
        into.mkdir(parents=True, exist_ok=True)
        run = _Restore(manifest, blobs, into, progress, options)
        with Folders(into) as folders:
            removed = prepare_folders(manifest, folders, prune=options.prune)
            run.place_regular_files()
            run.place_the_rest(folders)
            run.finish_folders(folders)
    run.meter.finish()
    incomplete = tuple(sorted(run.incomplete))
    return RestoreResult(manifest.files, manifest.size_bytes, run.kept, removed, incomplete)


class _Restore:
    """One run. Regular files are placed by several threads, the rest by the caller's."""

    def __init__(
        self,
        manifest: Manifest,
        blobs: BlobReader,
        into: Path,
        progress: Callable[[Progress], None],
        options: RestoreOptions,
    ) -> None:
        self._manifest = manifest
        self._blobs = blobs
        self._into = into
        self._tuning = options.tuning
        self._names = Counter(e.target for e in manifest.entries if isinstance(e, HardLink))
        self.meter = Meter(
            progress, "restore", files_total=manifest.files, bytes_total=manifest.size_bytes
        )
        # lists: threads may append to one without a lock, but not add to a number
        self.incomplete: list[bytes] = []
        self._kept: list[bytes] = []

    @property
    def kept(self) -> int:
        return len(self._kept)

    def place_regular_files(self) -> None:
        """Raises the first error of any thread, after which no new share is begun."""
        pool = ThreadPoolExecutor(self._tuning.restore_threads, "restore")
        try:
            for job in [pool.submit(self._place_share, share) for share in shares(self._manifest)]:
                job.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _place_share(self, share: list[Numbered]) -> None:
        needed = (piece.chunk for numbered in share for piece in numbered.entry.pieces)
        chunks = ChunkReader(self._manifest, self._blobs, self._tuning.patience, needed)
        with Folders(self._into) as folders:
            for numbered in share:
                self._place_regular(folders, numbered, _Metered(chunks, self.meter))

    def _place_regular(self, folders: Folders, numbered: Numbered, chunks: _Metered) -> None:
        entry = numbered.entry
        fd, name = folders.parent_of(entry.path)
        names = 1 + self._names[entry.path]
        complete = placing.keep_regular(fd, name, entry, self._manifest, names)
        if complete is None:
            complete = placing.write_regular(fd, name, numbered.number, entry, chunks)
        else:
            self._kept.append(entry.path)
            self.meter.add(size_bytes=entry.size_bytes)
        self._note(entry.path, complete=complete)

    def place_the_rest(self, folders: Folders) -> None:
        """Symlinks and pipes, then the other names of everything."""
        for number, entry in enumerate(self._manifest.entries):
            if isinstance(entry, Symlink):
                self._place_symlink(folders, number, entry)
            elif isinstance(entry, Pipe):
                self._place_pipe(folders, number, entry)
        for number, entry in enumerate(self._manifest.entries):
            if isinstance(entry, HardLink):
                self._place_link(folders, number, entry)

    def _place_symlink(self, folders: Folders, number: int, entry: Symlink) -> None:
        fd, name = folders.parent_of(entry.path)
        placing.place(fd, name, number, lambda side: os.symlink(entry.target, side, dir_fd=fd))
        complete = placing.set_attributes_by_name(fd, name, entry.attributes, mode=False)
        self._note(entry.path, complete=complete)

    def _place_pipe(self, folders: Folders, number: int, entry: Pipe) -> None:
        fd, name = folders.parent_of(entry.path)
        placing.place(fd, name, number, lambda side: os.mkfifo(side, 0o600, dir_fd=fd))
        complete = placing.set_attributes_by_name(fd, name, entry.attributes, mode=True)
        self._note(entry.path, complete=complete)

    def _place_link(self, folders: Folders, number: int, entry: HardLink) -> None:
        target_fd, target = folders.parent_of(entry.target)
        fd, name = folders.parent_of(entry.path)
        if not _same_file(target_fd, target, fd, name):

            def link(side: bytes) -> None:
                os.link(target, side, src_dir_fd=target_fd, dst_dir_fd=fd, follow_symlinks=False)

            placing.place(fd, name, number, link)
        self._note(entry.path, complete=True)

    def finish_folders(self, folders: Folders) -> None:
        """Modes and times of folders, the deepest first: nothing is placed in them any more."""
        for entry in reversed(self._manifest.entries):
            if isinstance(entry, Folder):
                complete = placing.set_attributes(folders.at(entry.path), entry.attributes)
                if not complete:
                    self.incomplete.append(entry.path)

    def _note(self, path: bytes, *, complete: bool) -> None:
        if not complete:
            self.incomplete.append(path)
        self.meter.add(files=1)


class _Metered:
    def __init__(self, chunks: ChunkReader, meter: Meter) -> None:
        self._chunks = chunks
        self._meter = meter

    def chunk(self, number: int) -> bytes:
        content = self._chunks.chunk(number)
        self._meter.add(size_bytes=len(content))
        return content


def _same_file(target_fd: int, target: bytes, fd: int, name: bytes) -> bool:
    wanted = os.stat(target, dir_fd=target_fd, follow_symlinks=False)
    try:
        present = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (wanted.st_dev, wanted.st_ino) == (present.st_dev, present.st_ino)

"""What the workers found out, put into the tree; what must be read once more."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot.folders import Folders
from shared.snapshot.manifest import Skipped
from shared.snapshot.sealed.jobs import Missed, ReadFile, ReadStretch, WantedFile
from shared.snapshot.sealed.model import FILE, HOT, TORN, Tree
from shared.snapshot.sealed.plan import stretch_bytes
from shared.snapshot.sealed.reading import seen_of

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

    from shared.snapshot.sealed.jobs import Result, Seen
    from shared.snapshot.sealed.model import Xattrs
    from shared.snapshot.sealed.sources import Sources
    from shared.snapshot.sealed.walk import Walk
    from shared.snapshot.tuning import Meter, Tuning


class Gathered:
    """For one thread at a time."""

    def __init__(self, walk: Walk, root: Path, tuning: Tuning, meter: Meter) -> None:
        self._walk = walk
        self._root = root
        self._tuning = tuning
        self._meter = meter
        self._wanted = {file.number: file for file in walk.wanted}
        self._digests: dict[int, tuple[bytes, ...]] = {}
        self._stretches: defaultdict[int, list[ReadStretch]] = defaultdict(list)
        self._attempts: defaultdict[int, int] = defaultdict(int)
        self._unsteady: list[int] = []
        self._missing: dict[int, str] = {}

    def take(self, results: list[Result]) -> None:
        """Raises SnapshotError for a fault for which no single file is to blame."""
        for result in results:
            if isinstance(result, ReadFile):
                self._take_file(result)
            elif isinstance(result, ReadStretch):
                self._take_stretch(result)
            else:
                self._take_missed(result)

    def _take_file(self, read: ReadFile) -> None:
        self._settle(read.number, read.seen, read.xattrs, torn=read.torn)
        self._digests[read.number] = read.digests
        if read.offsets is not None and read.digests:
            self._walk.tree.offsets[read.number] = read.offsets
        self._meter.add(files=1, size_bytes=read.seen.size)

    def _take_missed(self, missed: Missed) -> None:
        if missed.fatal:
            raise SnapshotError(f"the tree cannot be read: {os.strerror(missed.fatal)}")
        self._missing[missed.number] = missed.reason

    def _take_stretch(self, read: ReadStretch) -> None:
        file = self._wanted[read.number]
        parts = self._stretches[read.number]
        parts.append(read)
        length = stretch_bytes(self._tuning.block_bytes)
        self._meter.add(size_bytes=min(length, file.seen.size - read.start))
        if len(parts) * length < file.seen.size:
            return
        del self._stretches[read.number]
        steady = all(part.steady for part in parts)
        self._attempts[read.number] += 1
        if not steady and self._attempts[read.number] < self._tuning.read_attempts:
            self._unsteady.append(read.number)
            return
        self._join(file, sorted(parts, key=lambda part: part.start), torn=not steady)

    def _join(self, file: WantedFile, parts: list[ReadStretch], *, torn: bool) -> None:
        self._settle(file.number, file.seen, parts[0].xattrs, torn=torn)
        pieces = [piece for part in parts for piece in part.pieces]
        self._digests[file.number] = tuple(digest for _, _, digest in pieces)
        if sum(size for _, size, _ in pieces) != file.seen.size and pieces:
            self._walk.tree.offsets[file.number] = tuple(offset for offset, _, _ in pieces)
        self._meter.add(files=1)

    def _settle(self, number: int, seen: Seen, extended: Xattrs, *, torn: bool) -> None:
        tree = self._walk.tree
        tree.modes[number], tree.uids[number], tree.gids[number] = seen[:3]
        tree.sizes[number] = seen.size
        tree.mtimes_ns[number] = seen.mtime_ns
        tree.ctimes_ns[number] = self._walk.settled_ctime_ns(seen.ctime_ns)
        tree.inodes[number] = seen.inode
        if torn:
            tree.flags[number] |= TORN
        if extended:
            tree.xattrs[number] = extended

    def again(self) -> list[WantedFile]:
        """Big files that changed while they were read, and other names of files that vanished."""
        unsteady, self._unsteady = self._unsteady, []
        again = [self._wanted[number] for number in unsteady]
        paths: list[bytes] = []
        heirs = self._heirs()
        if heirs:
            paths = self._walk.tree.paths()
        with Folders(self._root) as folders:
            fresh = [self._looked_at(folders, f.number, f.path) for f in again]
            fresh += [self._looked_at(folders, number, paths[number]) for number in heirs]
        return [file for file in fresh if file is not None]

    def _heirs(self) -> list[int]:
        """For each vanished file that has other names: the first, made a file of its own."""
        tree = self._walk.tree
        heirs: dict[int, int] = {}
        for number, first in list(tree.links.items()):
            if first not in self._missing or tree.kinds[first] != FILE:
                continue
            if first not in heirs:
                heirs[first] = number
                del tree.links[number]
                tree.kinds[number] = FILE
            else:
                tree.links[number] = heirs[first]
        return list(heirs.values())

    def _looked_at(self, folders: Folders, number: int, path: bytes) -> WantedFile | None:
        try:
            folder, name = folders.parent_of(path)
            stat = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                raise SnapshotError(f"the tree cannot be read: {error.strerror}") from error
            self._missing[number] = "vanished"
            return None
        file = WantedFile(number, path, seen_of(stat), sparse=True)
        self._wanted[number] = file
        return file

    def finished(self, sources: Sources) -> tuple[Tree, tuple[Skipped, ...]]:
        """The tree without what vanished; `sources` have every chunk that was read.

        Raises SnapshotError when a chunk is nowhere: its claim was lost.
        """
        tree = self._walk.tree
        numbers = sources.by_digest() if self._digests else {}
        try:
            for number, digests in self._digests.items():
                tree.chunks[number] = tuple([numbers[digest] for digest in digests])
        except KeyError as error:
            raise SnapshotError("a chunk was claimed but not stored") from error
        if self._walk.has_parent and not any(flags & HOT for flags in tree.flags):
            self._walk.keep_hotness()
        skipped = list(self._walk.skipped)
        if self._missing:
            paths = tree.paths()
            skipped += [Skipped(paths[n], reason) for n, reason in sorted(self._missing.items())]
            tree = _without(tree, self._missing.keys())
        return tree, tuple(skipped)


def _without(tree: Tree, gone: Container[int]) -> Tree:
    """A copy that lacks some files; folders all stay."""
    kept = [n for n in range(len(tree)) if n not in gone]
    new = {number: at for at, number in enumerate(kept)}
    return Tree(
        kinds=bytearray(tree.kinds[n] for n in kept),
        parents=[new[tree.parents[n]] for n in kept],
        names=[tree.names[n] for n in kept],
        modes=[tree.modes[n] for n in kept],
        uids=[tree.uids[n] for n in kept],
        gids=[tree.gids[n] for n in kept],
        mtimes_ns=[tree.mtimes_ns[n] for n in kept],
        sizes=[tree.sizes[n] for n in kept],
        ctimes_ns=[tree.ctimes_ns[n] for n in kept],
        inodes=[tree.inodes[n] for n in kept],
        flags=[tree.flags[n] for n in kept],
        chunks=[tree.chunks[n] for n in kept],
        offsets={new[n]: each for n, each in tree.offsets.items() if n in new},
        targets={new[n]: each for n, each in tree.targets.items() if n in new},
        links={new[n]: new[to] for n, to in tree.links.items() if n in new and to in new},
        xattrs={new[n]: each for n, each in tree.xattrs.items() if n in new},
    )

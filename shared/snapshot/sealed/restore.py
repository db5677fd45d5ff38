"""Bring a snapshot back: skeleton first, then what was in use, then the rest."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.snapshot.folders import Folders, joined
from shared.snapshot.placing import give_name, growing, place, side_name
from shared.snapshot.results import RestoreResult, translated
from shared.snapshot.sealed.attributes import Attributes
from shared.snapshot.sealed.crew import workers_for
from shared.snapshot.sealed.keeping import keep_file
from shared.snapshot.sealed.model import FILE, FOLDER, LINK, PIPE, SYMLINK
from shared.snapshot.sealed.placing import Placed, RestoreTask
from shared.snapshot.sealed.restore_crew import (
    Fetched,
    PlacingAlone,
    PlacingProcesses,
    RestoreCrew,
)
from shared.snapshot.sealed.restore_plan import Planner, facts_of, is_whole, phases
from shared.snapshot.sealed.skeleton import Skeleton
from shared.snapshot.tuning import Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from shared.ports.blobs import BlobReader
    from shared.snapshot.results import RestoreOptions
    from shared.snapshot.sealed.manifest import SealedManifest
    from shared.snapshot.sealed.model import Tree
    from shared.snapshot.tuning import Progress

_GROW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
_SET_GROUP = 0o2000
_KEEPERS = 4
_SHARE_FILES = 256


def restore(
    manifest: SealedManifest,
    blobs: BlobReader,
    into: Path,
    progress: Callable[[Progress], None],
    options: RestoreOptions,
) -> RestoreResult:
    """See shared.snapshot.engine.restore."""
    with translated():
        into.mkdir(parents=True, exist_ok=True)
        with Folders(into) as folders:
            run = _Restore(manifest, blobs, into, progress, options, folders)
            try:
                run.run()
            finally:
                run.close()
    incomplete = tuple(sorted(run.incomplete))
    return RestoreResult(run.files, run.size_bytes, run.kept, run.removed, incomplete)


class _Restore:
    def __init__(
        self,
        manifest: SealedManifest,
        blobs: BlobReader,
        into: Path,
        progress: Callable[[Progress], None],
        options: RestoreOptions,
        folders: Folders,
    ) -> None:
        self._manifest = manifest
        self._tree = manifest.tree
        self._blobs = blobs
        self._into = into
        self._options = options
        self._folders = folders
        self._paths = self._tree.paths()
        self._chosen = chosen(self._tree, self._paths, options.only)
        files = [n for n in self._chosen if self._tree.kinds[n] == FILE]
        self.files = sum(self._tree.kinds[n] != FOLDER for n in self._chosen)
        self.size_bytes = sum(self._tree.sizes[n] for n in files)
        self._meter = Meter(
            progress, "restore", files_total=self.files, bytes_total=self.size_bytes
        )
        own_group = not into.stat().st_mode & _SET_GROUP
        self._own_group = own_group
        self._attributes = Attributes(own_group=own_group, exact_modes=False)
        self._crews: list[RestoreCrew] = []
        self._pack_keys = tuple(each.pack.key for each in manifest.sources.packs)
        self._growing: dict[int, int] = {}
        self._side_paths: dict[int, bytes] = {}
        self._names = Counter(self._tree.links.values())
        self.incomplete: list[bytes] = []
        self.removed: tuple[bytes, ...] = ()
        self.kept = 0
        self._yields = False

    def run(self) -> None:
        # Processes load what they need while folders are made, and what is hot is written.
        crew = self._crew(self.size_bytes)
        skeleton = Skeleton(self._tree, self._paths, self._chosen, self._folders)
        self.removed = skeleton.prepare(prune=self._options.prune and not self._options.only)
        self._place_links_and_pipes(skeleton.fresh)
        hot, rest = phases(self._tree, self._missing(skeleton.fresh))
        planner = Planner(self._tree, self._manifest.sources, self._paths, skeleton.fresh)
        links = [n for n in self._chosen if self._tree.kinds[n] == LINK]
        hot_bytes = sum(self._tree.sizes[n] for n in hot)
        self._place_files(self._crew(hot_bytes, crew) if rest else crew, planner, hot)
        self._place_hard_links(links, set(hot))
        if rest and self._options.yields:
            self._yields = planner.yields = True
            self._clear_the_way(rest, skeleton.fresh)
        if rest:
            self._meter.usable()
        self._place_files(crew, planner, rest)
        self._place_hard_links(links, None)
        self._finish_folders()
        self._meter.usable()

    def _clear_the_way(self, files: Sequence[int], fresh: Sequence[bool]) -> None:
        """What would be replaced goes before the user comes: whatever is there later is his."""
        for number in files:
            if not fresh[self._tree.parents[number]]:
                folder, name = self._folders.parent_of(self._paths[number])
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)

    def close(self) -> None:
        for crew in self._crews:
            crew.close()
        for number in self._growing:
            folder, name = self._folders.parent_of(self._side_paths[number])
            os.unlink(name, dir_fd=folder)

    def _place_links_and_pipes(self, fresh: Sequence[bool]) -> None:
        for number in self._chosen:
            kind = self._tree.kinds[number]
            if kind not in (SYMLINK, PIPE):
                continue
            folder, name = self._folders.parent_of(self._paths[number])

            def make(at: bytes, number: int = number, folder: int = folder) -> None:
                if number in self._tree.targets:
                    os.symlink(self._tree.targets[number], at, dir_fd=folder)
                else:
                    os.mkfifo(at, 0o600, dir_fd=folder)

            if fresh[self._tree.parents[number]]:
                make(name)
            else:
                place(folder, name, number, make)
            facts = facts_of(self._tree, number)
            whole = self._attributes.set_by_name(folder, name, facts, mode=kind == PIPE)
            self._note(number, complete=whole)

    def _missing(self, fresh: Sequence[bool]) -> list[int]:
        """Files that are not there already as they should be."""
        files = [n for n in self._chosen if self._tree.kinds[n] == FILE]
        there = [n for n in files if not fresh[self._tree.parents[n]]]
        if not there:
            return files
        shares = [there[at : at + _SHARE_FILES] for at in range(0, len(there), _SHARE_FILES)]
        with ThreadPoolExecutor(_KEEPERS, "keep") as pool:
            kept = {n: ok for share in pool.map(self._keep, shares) for n, ok in share}
        for number, complete in kept.items():
            self.kept += 1
            self._meter.add(size_bytes=self._tree.sizes[number])
            self._note(number, complete=complete)
        return [n for n in files if n not in kept]

    def _keep(self, numbers: list[int]) -> list[tuple[int, bool]]:
        kept: list[tuple[int, bool]] = []
        with Folders(self._into) as folders:
            for number in numbers:
                folder, name = folders.parent_of(self._paths[number])
                names = 1 + self._names[number]
                complete = keep_file(folder, name, self._manifest, number, names, self._attributes)
                if complete is not None:
                    kept.append((number, complete))
        return kept

    def _place_files(self, crew: RestoreCrew, planner: Planner, files: Sequence[int]) -> None:
        if not files:
            return
        self._begin_growing(files)
        side_paths = {n: self._side_paths[n] for n in files if n in self._side_paths}
        units = planner.units(files, side_paths)
        fetched = Fetched(units, self._blobs, self._pack_keys, self._options.tuning)
        try:
            crew.run(fetched, self._placed)
        finally:
            fetched.close()

    def _begin_growing(self, files: Sequence[int]) -> None:
        """Files of several chunks grow under side names, each with its size from the beginning."""
        for number in files:
            if is_whole(self._tree, number):
                continue
            path = self._paths[number].rpartition(b"/")[0]
            folder = self._folders.at(path)
            side = side_name(number)
            with growing(folder, number):
                pass  # what an earlier run has left is removed
            fd = os.open(side, _GROW, 0o600, dir_fd=folder)
            self._side_paths[number] = joined(path, side)
            self._growing[number] = len(self._tree.chunks[number])
            try:
                os.ftruncate(fd, self._tree.sizes[number])
            finally:
                os.close(fd)

    def _crew(self, size_bytes: int, at_hand: RestoreCrew | None = None) -> RestoreCrew:
        """For so much work. One that is at hand does what is worth processes; a little is sooner
        done by ourselves.
        """
        count = workers_for(size_bytes, self._options.tuning.workers)
        if count and at_hand:
            return at_hand
        packs = self._manifest.sources.packs
        needed = list(dict.fromkeys(each.key for each in packs))
        task = RestoreTask(
            self._into,
            self._pack_keys,
            tuple(needed.index(each.key) for each in packs),
            tuple(self._manifest.sealers.secret_of(key) for key in needed),
            self._own_group,
        )
        crew = PlacingProcesses(task, count) if count else PlacingAlone(task)
        self._crews.append(crew)
        return crew

    def _placed(self, placed: Placed) -> None:
        for number in placed.incomplete:
            self.incomplete.append(self._paths[number])
        for number in placed.parts:
            self._growing[number] -= 1
            if not self._growing[number]:
                self._finish_file(number)
        self._meter.add(files=placed.files, size_bytes=placed.size_bytes)

    def _finish_file(self, number: int) -> None:
        """The file is whole and every chunk of it was verified: it gets its name."""
        folder, side = self._folders.parent_of(self._side_paths[number])
        fd = os.open(side, _OPEN, dir_fd=folder)
        try:
            complete = self._attributes.set(fd, facts_of(self._tree, number), new=False)
        finally:
            os.close(fd)
        name = self._tree.names[number]
        if self._yields:
            give_name(folder, side, name)
        else:
            os.rename(side, name, src_dir_fd=folder, dst_dir_fd=folder)
        del self._growing[number]
        sizes = self._manifest.sources.chunks.chunk_size
        written = sum(sizes[chunk] for chunk in self._tree.chunks[number])
        self._meter.add(size_bytes=self._tree.sizes[number] - written)  # its holes
        self._note(number, complete=complete)

    def _place_hard_links(self, links: list[int], targets: set[int] | None) -> None:
        """Those whose file is one of `targets`; all that are left for None."""
        for number in list(links):
            target = self._tree.links[number]
            if targets is not None and target not in targets:
                continue
            links.remove(number)
            target_fd, target_name = self._folders.parent_of(self._paths[target])
            target_fd = os.dup(target_fd)  # opening the other folder may close it
            try:
                folder, name = self._folders.parent_of(self._paths[number])
                if not _same_file(target_fd, target_name, folder, name):

                    def link(side: bytes) -> None:
                        os.link(
                            target_name,  # noqa: B023 (called before the next turn)
                            side,
                            src_dir_fd=target_fd,  # noqa: B023
                            dst_dir_fd=folder,  # noqa: B023
                            follow_symlinks=False,
                        )

                    if self._yields:
                        with contextlib.suppress(FileExistsError):
                            link(name)
                    else:
                        place(folder, name, number, link)
            finally:
                os.close(target_fd)
            self._note(number, complete=True)

    def _finish_folders(self) -> None:
        """Modes and times of folders, the deepest first: nothing is placed in them any more."""
        for number in reversed(self._chosen):
            if self._tree.kinds[number] == FOLDER:
                fd = self._folders.at(self._paths[number])
                facts = facts_of(self._tree, number)
                if not self._attributes.set_folder(fd, facts):
                    self.incomplete.append(self._paths[number])

    def _note(self, number: int, *, complete: bool) -> None:
        if not complete:
            self.incomplete.append(self._paths[number])
        self._meter.add(files=1)


def _same_file(target_fd: int, target: bytes, fd: int, name: bytes) -> bool:
    wanted = os.stat(target, dir_fd=target_fd, follow_symlinks=False)
    try:
        present = os.stat(name, dir_fd=fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (wanted.st_dev, wanted.st_ino) == (present.st_dev, present.st_ino)


def chosen(tree: Tree, paths: Sequence[bytes], only: tuple[bytes, ...]) -> list[int]:
    """The entries that are wanted, with the folders they lie in, and the files of which they are
    another name; all when `only` is empty.
    """
    if not only:
        return list(range(len(paths)))
    below = tuple(path + b"/" for path in only)
    wanted = {n for n, path in enumerate(paths) if path in only or path.startswith(below)}
    wanted |= {tree.links[n] for n in wanted if n in tree.links}
    for number in list(wanted):
        above = tree.parents[number]
        while above not in wanted:
            wanted.add(above)
            above = tree.parents[above]
    return sorted(wanted)

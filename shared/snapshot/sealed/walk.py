"""Walk a tree: which entries it has, what of them the parent's record still tells, what to read."""

from __future__ import annotations

import operator
import os
import stat as modes
import sys
from typing import TYPE_CHECKING, NamedTuple

from shared.snapshot import xattrs
from shared.snapshot.exclusion import Exclusion
from shared.snapshot.folders import Folders
from shared.snapshot.folders import joined as _joined
from shared.snapshot.manifest import SIDE_NAME_PREFIX, Skipped
from shared.snapshot.reading import read_xattrs
from shared.snapshot.sealed.jobs import WantedFile
from shared.snapshot.sealed.model import (
    FILE,
    FIXED,
    FOLDER,
    HOT,
    LINK,
    PIPE,
    SYMLINK,
    TORN,
    Row,
    Tree,
    Xattrs,
)
from shared.snapshot.sealed.reading import REASONS, seen_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from shared.snapshot.tuning import Tuning

_NAME = operator.attrgetter("name")
_ENCODING, _ENCODING_ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
_SECTOR = 512
_SMALL_BYTES = 1 << 20
_INODES = 1 << 64
_IN_PLACE = frozenset(
    b"bin ckpt db db3 gguf ggml h5 hdf5 idx img index lmdb mdb memmap npy onnx pkl pt pth qcow2 raw"
    b" safetensors sqlite sqlite3 tfrecord".split()
)


class _Waiting(NamedTuple):
    """A folder to be read: its path, its parent's number, and its own in the parent's record."""

    path: bytes
    parent: int
    name: bytes
    known: int


class Walk:
    """Fills `tree`; `wanted` are the files whose content must be read. Used once.

    `chunks` of files that hold still are the parent's numbers.
    """

    def __init__(
        self,
        parent: Tree | None,
        exclude: tuple[str, ...],
        tuning: Tuning,
        *,
        same_machine: bool,
    ) -> None:
        self.tree = Tree()
        self._rows: list[Row] = []
        self.wanted: list[WantedFile] = []
        self.skipped: list[Skipped] = []
        self._parent = parent
        self._known = parent.children() if parent else {}
        self._same_machine = same_machine
        self._exclusion = Exclusion(exclude) if exclude else None
        self._settled_ns = tuning.now_ns() - tuning.settle_ns
        self._first_names: dict[tuple[int, int], int] = {}

    def read(self, root: Path) -> None:
        """Raises OSError when the root cannot be read, or for what no single file is to blame."""
        waiting = [_Waiting(b"", 0, b"", 0 if self._parent else -1)]
        with Folders(root) as folders:
            while waiting:
                folder = waiting.pop()
                try:
                    below = self._read_folder(folders.at(folder.path), folder)
                except OSError as error:
                    if not folder.path:
                        raise
                    self.skip(folder.path, error)
                    continue
                waiting.extend(reversed(below))
        self.tree.take_rows(self._rows)

    def _read_folder(self, fd: int, folder: _Waiting) -> list[_Waiting]:
        """Adds the folder and what is in it, but for the folders, which it returns."""
        path, children = folder.path, self._known.get(folder.known, {})
        exclusion = self._exclusion
        extended = xattrs.read(fd)
        with os.scandir(fd) as entries:
            found = sorted(entries, key=_NAME)
        number = self._append(FOLDER, folder.parent, folder.name, os.fstat(fd))
        self._keep_xattrs(number, extended)
        below: list[_Waiting] = []
        for entry in found:
            name = entry.name.encode(_ENCODING, _ENCODING_ERRORS)
            if name.startswith(SIDE_NAME_PREFIX) or (
                exclusion and exclusion.covers(_joined(path, name))
            ):
                continue
            known = children.get(name, -1)
            try:
                stat = entry.stat(follow_symlinks=False)
                kind = modes.S_IFMT(stat.st_mode)
                if kind == modes.S_IFREG:
                    self._add_file(fd, path, number, name, stat, known)
                elif kind == modes.S_IFDIR:
                    below.append(_Waiting(_joined(path, name), number, name, known))
                else:
                    self._add_other(fd, path, number, name, stat)
            except OSError as error:
                self.skip(_joined(path, name), error)
        return below

    def _add_file(
        self, fd: int, path: bytes, parent: int, name: bytes, stat: os.stat_result, known: int
    ) -> None:
        if stat.st_nlink > 1 and self._is_link(parent, name, stat):
            return
        before = self._parent
        if before is not None and known >= 0 and self._is_unchanged(before, known, stat):
            self._keep_file(before, known, fd, parent, name, stat)
            return
        flags = HOT if stat.st_atime_ns > stat.st_ctime_ns else 0
        if before is not None and stat.st_size <= _SMALL_BYTES:
            flags |= HOT  # made or changed in this session
        flags |= self._manner(name, stat, known)
        number = self._append_file(parent, name, stat, flags)
        where = _joined(path, name)
        sparse = stat.st_blocks * _SECTOR < stat.st_size
        self.wanted.append(WantedFile(number, where, seen_of(stat), sparse))

    def _keep_file(
        self, before: Tree, known: int, fd: int, parent: int, name: bytes, stat: os.stat_result
    ) -> None:
        """It holds what the record before says of it."""
        flags = before.flags[known] & FIXED
        if stat.st_atime_ns > stat.st_ctime_ns:
            flags |= HOT
        kept = before.xattrs.get(known, ()) if self._same_machine else read_xattrs(fd, name)
        number = self._append_file(parent, name, stat, flags, before.chunks[known])
        if known in before.offsets:
            self.tree.offsets[number] = before.offsets[known]
        self._keep_xattrs(number, kept)

    def _manner(self, name: bytes, stat: os.stat_result, known: int) -> int:
        """FIXED for a file that is rewritten in place: by its name, or because it just was."""
        if name.rpartition(b".")[2].lower() in _IN_PLACE:
            return FIXED
        before = self._parent
        if known < 0 or before is None or before.kinds[known] != FILE:
            return 0
        if before.flags[known] & FIXED:
            return FIXED
        same = (before.inodes[known] - stat.st_ino) % _INODES == 0
        rewritten = self._same_machine and same and before.sizes[known] == stat.st_size
        return FIXED if rewritten else 0

    def _is_link(self, parent: int, name: bytes, stat: os.stat_result) -> bool:
        first = self._first_names.get((stat.st_dev, stat.st_ino))
        if first is None:
            return False
        number = self._append(LINK, parent, name, None)
        self.tree.links[number] = first
        return True

    def _add_other(
        self, fd: int, path: bytes, parent: int, name: bytes, stat: os.stat_result
    ) -> None:
        linked = stat.st_nlink > 1
        if linked and self._is_link(parent, name, stat):
            return
        kind = modes.S_IFMT(stat.st_mode)
        if kind == modes.S_IFLNK:
            target = os.readlink(name, dir_fd=fd)
            number = self._append(SYMLINK, parent, name, stat)
            self.tree.targets[number] = target
        elif kind == modes.S_IFIFO:
            number = self._append(PIPE, parent, name, stat)
        else:
            reason = "socket" if kind == modes.S_IFSOCK else "device"
            self.skipped.append(Skipped(_joined(path, name), reason))
            return
        if linked:
            self._first_names[stat.st_dev, stat.st_ino] = number

    def _append(self, kind: int, parent: int, name: bytes, stat: os.stat_result | None) -> int:
        facts = (0, 0, 0, 0)
        if stat is not None:
            facts = (stat.st_mode & 0o7777, stat.st_uid, stat.st_gid, stat.st_mtime_ns)
        self._rows.append((kind, parent, name, *facts, 0, 0, 0, 0, ()))
        return len(self._rows) - 1

    def _append_file(
        self,
        parent: int,
        name: bytes,
        stat: os.stat_result,
        flags: int,
        chunks: tuple[int, ...] = (),
    ) -> int:
        number = len(self._rows)
        if stat.st_nlink > 1:
            self._first_names[stat.st_dev, stat.st_ino] = number
        ctime_ns = stat.st_ctime_ns
        row = (
            FILE,
            parent,
            name,
            stat.st_mode & 0o7777,
            stat.st_uid,
            stat.st_gid,
            stat.st_mtime_ns,
            stat.st_size,
            ctime_ns if ctime_ns < self._settled_ns else 0,
            stat.st_ino,
            flags,
            chunks,
        )
        self._rows.append(row)
        return number

    def _keep_xattrs(self, number: int, kept: Xattrs) -> None:
        if kept:
            self.tree.xattrs[number] = kept

    def _is_unchanged(self, before: Tree, known: int, stat: os.stat_result) -> bool:
        """Whether the file has not been written to since it was read.

        On another machine a restore has given it its size and mtime, but not ctime and inode.
        """
        if before.mtimes_ns[known] != stat.st_mtime_ns or before.sizes[known] != stat.st_size:
            return False
        if before.kinds[known] != FILE or before.flags[known] & TORN:
            return False
        if not self._same_machine:
            return True
        ctime_ns, inode = before.ctimes_ns[known], before.inodes[known]
        if not ctime_ns or ctime_ns != stat.st_ctime_ns:
            return False
        return inode == stat.st_ino or (inode - stat.st_ino) % _INODES == 0

    def skip(self, path: bytes, error: OSError) -> None:
        """Leave it out. Raises the error when it is not about this path alone."""
        reason = REASONS.get(error.errno or 0)
        if reason is None:
            raise error
        self.skipped.append(Skipped(path, reason))

    def settled_ctime_ns(self, ctime_ns: int) -> int:
        """Zero when the file could change once more without its times showing it."""
        return ctime_ns if ctime_ns < self._settled_ns else 0

    @property
    def has_parent(self) -> bool:
        return self._parent is not None

    def keep_hotness(self) -> None:
        """Nothing was seen to be read, so what was hot before still is."""
        if self._parent is None:
            return
        hot = {
            path
            for path, flags in zip(self._parent.paths(), self._parent.flags, strict=True)
            if flags & HOT
        }
        for number, path in enumerate(self.tree.paths()):
            if path in hot:
                self.tree.flags[number] |= HOT


def wanted_bytes(wanted: Iterable[WantedFile]) -> int:
    return sum(file.seen.size for file in wanted)

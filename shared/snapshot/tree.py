"""Walk a tree and turn what lies in it into a manifest's entries."""

from __future__ import annotations

import errno
import os
import stat as modes
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotError
from shared.snapshot import xattrs
from shared.snapshot.exclusion import Exclusion
from shared.snapshot.folders import Folders, joined
from shared.snapshot.manifest import (
    SIDE_NAME_PREFIX,
    Attributes,
    Entry,
    Folder,
    HardLink,
    Manifest,
    Piece,
    Pipe,
    Regular,
    Skipped,
    Symlink,
)
from shared.snapshot.reading import ChangedKind, read_file, read_xattrs

if TYPE_CHECKING:
    from pathlib import Path

    from shared.snapshot.catalogue import Catalogue
    from shared.snapshot.packs import PackWriter
    from shared.snapshot.tuning import Meter, Tuning

_REASONS = {
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "vanished",
    errno.ESTALE: "vanished",
    errno.ELOOP: "vanished",
    errno.ENXIO: "socket",
    errno.EACCES: "unreadable",
    errno.EPERM: "unreadable",
    errno.EIO: "unreadable",
}


class TreeReader:
    """Collects `entries`, parents first, and `skipped`; stores content on the way. Used once."""

    def __init__(
        self,
        packs: PackWriter,
        catalogue: Catalogue,
        parent: Manifest | None,
        prefix: str,
        exclude: tuple[str, ...],
        tuning: Tuning,
        meter: Meter,
    ) -> None:
        self._packs = packs
        self._catalogue = catalogue
        self._known = _regular_files(parent)
        self._same_machine = parent is not None and parent.prefix == prefix
        self._exclusion = Exclusion(exclude)
        self._tuning = tuning
        self._meter = meter
        self._first_names: dict[tuple[int, int], bytes] = {}
        self.entries: list[Entry] = []
        self.skipped: list[Skipped] = []

    def read(self, tree: Path) -> None:
        """Raises OSError when the root cannot be read, or for what no single file is to blame."""
        waiting: list[bytes] = []
        with Folders(tree) as folders:
            self._read_folder(folders.at(b""), b"", waiting)
            while waiting:
                path = waiting.pop()
                try:
                    self._read_folder(folders.at(path), path, waiting)
                except OSError as error:
                    self._skip(path, error)

    def _read_folder(self, fd: int, path: bytes, waiting: list[bytes]) -> None:
        self.entries.append(Folder(path, _attributes(os.fstat(fd), xattrs.read(fd))))
        with os.scandir(fd) as found:
            children = sorted(found, key=lambda child: child.name)
        subfolders: list[bytes] = []
        for child in children:
            name = os.fsencode(child.name)
            where = joined(path, name)
            if name.startswith(SIDE_NAME_PREFIX) or self._exclusion.covers(where):
                continue
            try:
                stat = child.stat(follow_symlinks=False)
                if modes.S_ISDIR(stat.st_mode):
                    subfolders.append(where)
                else:
                    self._read_child(fd, name, where, stat)
            except ChangedKind:
                self.skipped.append(Skipped(where, "vanished"))
            except OSError as error:
                self._skip(where, error)
        waiting.extend(reversed(subfolders))

    def _read_child(self, fd: int, name: bytes, path: bytes, stat: os.stat_result) -> None:
        identity = (stat.st_dev, stat.st_ino)
        if stat.st_nlink > 1 and identity in self._first_names:
            self.entries.append(HardLink(path, self._first_names[identity]))
            self._meter.add(files=1)
            return
        entry = self._entry(fd, name, path, stat)
        if entry is None:
            kind = "socket" if modes.S_ISSOCK(stat.st_mode) else "device"
            self.skipped.append(Skipped(path, kind))
            return
        if stat.st_nlink > 1:
            self._first_names[identity] = path
        self.entries.append(entry)
        self._meter.add(files=1)

    def _entry(self, fd: int, name: bytes, path: bytes, stat: os.stat_result) -> Entry | None:
        if modes.S_ISREG(stat.st_mode):
            return self._unchanged(fd, name, path, stat) or self._read_regular(fd, name, path)
        if modes.S_ISLNK(stat.st_mode):
            return Symlink(path, _attributes(stat), os.readlink(name, dir_fd=fd))
        if modes.S_ISFIFO(stat.st_mode):
            return Pipe(path, _attributes(stat))
        return None

    def _unchanged(self, fd: int, name: bytes, path: bytes, stat: os.stat_result) -> Regular | None:
        """The entry made of the parent's record, if the file's times say that it still holds."""
        known = self._known.get(path)
        if known is None or not is_unchanged(known, stat, same_machine=self._same_machine):
            return None
        kept = known.attributes.xattrs if self._same_machine else read_xattrs(fd, name)
        pieces = tuple(Piece(p.offset, self._catalogue.adopt(p.chunk)) for p in known.pieces)
        ctime_ns = self._settled_ctime_ns(stat)
        return Regular(
            path, _attributes(stat, kept), known.size_bytes, ctime_ns, stat.st_ino, pieces
        )

    def _read_regular(self, fd: int, name: bytes, path: bytes) -> Regular:
        seen = read_file(
            fd,
            name,
            self._store,
            piece_bytes=self._tuning.block_bytes,
            attempts=self._tuning.read_attempts,
        )
        return Regular(
            path,
            _attributes(seen.stat, seen.xattrs),
            seen.size_bytes,
            self._settled_ctime_ns(seen.stat),
            seen.stat.st_ino,
            seen.pieces,
            seen.torn,
        )

    def _store(self, content: bytes) -> int:
        self._meter.add(size_bytes=len(content))
        try:
            return self._packs.add(content)
        except OSError as error:  # must not pass for a file that cannot be read
            raise SnapshotError(f"the store failed: {error}") from error

    def _settled_ctime_ns(self, stat: os.stat_result) -> int:
        """Zero when the file could change once more without its times showing it."""
        settled = stat.st_ctime_ns + self._tuning.settle_ns < self._tuning.now_ns()
        return stat.st_ctime_ns if settled else 0

    def _skip(self, path: bytes, error: OSError) -> None:
        reason = _REASONS.get(error.errno or 0)
        if reason is None:
            raise error
        self.skipped.append(Skipped(path, reason))


def is_unchanged(known: Regular, stat: os.stat_result, *, same_machine: bool) -> bool:
    """Whether the file that was read as `known` has not been written to since.

    On another machine a restore has given the file its size and mtime, but not ctime and inode.
    """
    if known.torn:
        return False
    if (known.size_bytes, known.attributes.mtime_ns) != (stat.st_size, stat.st_mtime_ns):
        return False
    if not same_machine:
        return True
    return known.ctime_ns != 0 and (known.ctime_ns, known.inode) == (stat.st_ctime_ns, stat.st_ino)


def _regular_files(parent: Manifest | None) -> dict[bytes, Regular]:
    if parent is None:
        return {}
    return {entry.path: entry for entry in parent.entries if isinstance(entry, Regular)}


def _attributes(stat: os.stat_result, extended: tuple[tuple[bytes, bytes], ...] = ()) -> Attributes:
    mode = modes.S_IMODE(stat.st_mode)
    return Attributes(mode, stat.st_uid, stat.st_gid, stat.st_mtime_ns, extended)

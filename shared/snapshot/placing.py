"""Put single entries under their names: whole, verified, and never through a symlink."""

from __future__ import annotations

import contextlib
import errno
import os
import stat as modes
import sys
from typing import TYPE_CHECKING, Protocol

from shared.snapshot import xattrs
from shared.snapshot.manifest import SIDE_NAME_PREFIX, Attributes, Regular
from shared.snapshot.packs import digest_of
from shared.snapshot.reading import data_extents, read_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.snapshot.manifest import Manifest

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS)
_NOT_OURS_TO_SET = (errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)


class Chunks(Protocol):
    def chunk(self, number: int) -> bytes: ...


def side_name(number: int) -> bytes:
    """Where entry number `number` grows until it is whole."""
    return SIDE_NAME_PREFIX + str(number).encode()


@contextlib.contextmanager
def growing(folder_fd: int, number: int) -> Iterator[bytes]:
    """A free side name; whatever still lies there at the end is removed."""
    name = side_name(number)
    _remove_if_there(folder_fd, name)
    try:
        yield name
    finally:
        _remove_if_there(folder_fd, name)


def give_name(folder_fd: int, side: bytes, name: bytes) -> None:
    """Its name for what has grown, unless somebody took that meanwhile: then his stays."""
    try:
        os.link(side, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd, follow_symlinks=False)
    except FileExistsError:
        pass
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        os.rename(side, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
        return
    os.unlink(side, dir_fd=folder_fd)


def write_regular(folder_fd: int, name: bytes, number: int, entry: Regular, chunks: Chunks) -> bool:
    """Make the file, then rename it into place; whether all its attributes could be set."""
    with growing(folder_fd, number) as side:
        fd = os.open(side, _CREATE, 0o600, dir_fd=folder_fd)
        try:
            for piece in entry.pieces:
                _write_at(fd, piece.offset, chunks.chunk(piece.chunk))
            os.ftruncate(fd, entry.size_bytes)
            complete = set_attributes(fd, entry.attributes)
        finally:
            os.close(fd)
        os.rename(side, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)
    return complete


def keep_regular(
    folder_fd: int, name: bytes, entry: Regular, manifest: Manifest, names: int
) -> bool | None:
    """Keep a file that is right already; whether all its attributes could be set.

    None when there is no such file, or it has other content, other holes, or more names than the
    snapshot gives it (`names`).
    """
    try:
        fd = os.open(name, _READ, dir_fd=folder_fd)
    except OSError:
        return None
    try:
        stat = os.fstat(fd)
        alike = modes.S_ISREG(stat.st_mode) and stat.st_size == entry.size_bytes
        if not (alike and stat.st_nlink <= names and _has_content(fd, entry, manifest)):
            return None
        return set_attributes(fd, entry.attributes)
    finally:
        os.close(fd)


def place(folder_fd: int, name: bytes, number: int, make: Callable[[bytes], None]) -> None:
    """Let `make` create something under a side name, then rename it into place."""
    with growing(folder_fd, number) as side:
        make(side)
        os.rename(side, name, src_dir_fd=folder_fd, dst_dir_fd=folder_fd)


def set_attributes(fd: int, attributes: Attributes) -> bool:
    """Owner, extended attributes, mode, times, in the order in which none undoes another.

    False when one of them may not or cannot be set here. Raises OSError for anything else.
    """
    times = (attributes.mtime_ns, attributes.mtime_ns)
    changes: list[Callable[[], None]] = [
        lambda: os.fchmod(fd, attributes.mode),
        lambda: os.utime(fd, ns=times),
    ]
    if hasattr(os, "listxattr"):
        changes.insert(0, lambda: xattrs.write(fd, attributes.xattrs))
    if _is_root():
        changes.insert(0, lambda: os.fchown(fd, attributes.uid, attributes.gid))
    failed = [change for change in changes if not _allowed(change)]
    return not failed


def set_attributes_by_name(
    folder_fd: int, name: bytes, attributes: Attributes, *, mode: bool
) -> bool:
    """The same for what cannot be opened: a symlink (which has no mode) or a pipe."""

    def own() -> None:
        os.chown(name, attributes.uid, attributes.gid, dir_fd=folder_fd, follow_symlinks=False)

    complete = not _is_root() or _allowed(own)
    if mode:
        os.chmod(name, attributes.mode, dir_fd=folder_fd)
    times = (attributes.mtime_ns, attributes.mtime_ns)
    os.utime(name, ns=times, dir_fd=folder_fd, follow_symlinks=False)
    return complete


def _is_root() -> bool:
    return os.geteuid() == 0


def _allowed(change: Callable[[], None]) -> bool:
    try:
        change()
    except OSError as error:
        if error.errno not in _NOT_OURS_TO_SET:
            raise
        return False
    return True


def _write_at(fd: int, offset: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        written = os.pwrite(fd, rest, offset)
        offset += written
        rest = rest[written:]


def _has_content(fd: int, entry: Regular, manifest: Manifest) -> bool:
    end = 0
    covered: list[tuple[int, int]] = []
    for piece in entry.pieces:
        chunk = manifest.chunks[piece.chunk]
        end = piece.offset + chunk.size_bytes
        content = read_at(fd, piece.offset, chunk.size_bytes)
        if digest_of(content) != chunk.digest:
            return False
        if covered and covered[-1][1] == piece.offset:
            covered[-1] = (covered[-1][0], end)
        else:
            covered.append((piece.offset, end))
    return _lie_within(data_extents(fd, entry.size_bytes), covered)


def _lie_within(extents: Iterator[tuple[int, int]], covered: list[tuple[int, int]]) -> bool:
    """Whether each extent lies in one of the covered runs; both come in order."""
    runs = iter([*covered, (sys.maxsize, sys.maxsize)])
    low, high = next(runs)
    for start, stop in extents:
        while high <= start:
            low, high = next(runs)
        if not (low <= start and stop <= high):
            return False
    return True


def _remove_if_there(folder_fd: int, name: bytes) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder_fd)

"""One file's content, read in bounded pieces, with its holes, and watched for changes meanwhile."""

from __future__ import annotations

import errno
import os
import stat as modes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.snapshot import xattrs
from shared.snapshot.manifest import Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# A fifo that took the file's place meanwhile would block an open without O_NONBLOCK.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class ChangedKind(Exception):
    """The name has come to mean something else than a regular file."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What was read, and the file's state just before; `torn` when it never held still."""

    stat: os.stat_result
    xattrs: tuple[tuple[bytes, bytes], ...]
    size_bytes: int
    pieces: tuple[Piece, ...]
    torn: bool


def read_file(
    folder_fd: int,
    name: bytes,
    store: Callable[[bytes], int],
    *,
    piece_bytes: int,
    attempts: int,
) -> ReadFile:
    """Read the file, handing each piece to `store`, which answers with its chunk's number.

    Raises ChangedKind, or OSError.
    """
    fd = os.open(name, _FLAGS, dir_fd=folder_fd)
    try:
        for attempt in range(attempts):
            seen = _read_once(fd, store, piece_bytes)
            if not seen.torn or attempt == attempts - 1:
                break
    finally:
        os.close(fd)
    return seen


def read_xattrs(folder_fd: int, name: bytes) -> tuple[tuple[bytes, bytes], ...]:
    """The file's attributes, without reading its content. Raises OSError."""
    fd = os.open(name, _FLAGS, dir_fd=folder_fd)
    try:
        return xattrs.read(fd)
    finally:
        os.close(fd)


def _read_once(fd: int, store: Callable[[bytes], int], piece_bytes: int) -> ReadFile:
    before = os.fstat(fd)
    if not modes.S_ISREG(before.st_mode):
        raise ChangedKind
    attributes = xattrs.read(fd)
    pieces: list[Piece] = []
    size_bytes = before.st_size
    for start, length in _spans(fd, size_bytes, piece_bytes):
        content = read_at(fd, start, length)
        if content:
            pieces.append(Piece(start, store(content)))
        if len(content) < length:
            size_bytes = start + len(content)
            break
    torn = size_bytes != before.st_size or fingerprint(os.fstat(fd)) != fingerprint(before)
    return ReadFile(before, attributes, size_bytes, tuple(pieces), torn)


def fingerprint(stat: os.stat_result) -> tuple[int, int, int, int]:
    """What changes when a file's content does, as long as its clock moves on."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino


def read_at(fd: int, start: int, length: int) -> bytes:
    """These bytes, fewer only at the file's end. Raises OSError."""
    content = os.pread(fd, length, start)
    while content and len(content) < length:
        more = os.pread(fd, length - len(content), start + len(content))
        if not more:
            break
        content += more
    return content


def _spans(fd: int, size_bytes: int, piece_bytes: int) -> Iterator[tuple[int, int]]:
    """Runs of data, cut at multiples of `piece_bytes`: a change in place moves no other piece."""
    for start, end in data_extents(fd, size_bytes):
        at = start
        while at < end:
            cut = min(end, (at // piece_bytes + 1) * piece_bytes)
            yield at, cut - at
            at = cut


def data_extents(fd: int, size_bytes: int, at: int = 0) -> Iterator[tuple[int, int]]:
    """The [start, end) that are not holes. Where the file system cannot say, there are none."""
    while at < size_bytes:
        try:
            start = os.lseek(fd, at, os.SEEK_DATA)
            end = min(os.lseek(fd, start, os.SEEK_HOLE), size_bytes)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left, or the file has shrunk
                return
            if error.errno in (errno.EINVAL, errno.ENOTSUP):
                start, end = at, size_bytes
            else:
                raise
        if start < end:
            yield start, end
        at = max(end, start + 1)

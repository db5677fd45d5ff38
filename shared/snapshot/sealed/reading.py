"""The worker's side of reading: small files whole, big ones by stretches, each watched for changes.

Files are opened with O_NOATIME where that is allowed: their access times tell which files the
user's programs have read, and a backup must not add itself to these.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from functools import cached_property
from typing import TYPE_CHECKING

from shared.snapshot import xattrs
from shared.snapshot.folders import Folders
from shared.snapshot.reading import data_extents
from shared.snapshot.sealed.jobs import (
    Job,
    Missed,
    ReadFile,
    ReadStretch,
    Result,
    Seen,
    Stretch,
    WantedFile,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyfastcdc import Chunk, FastCDC

    from shared.snapshot.sealed.packing import PackBuilder

# A fifo that took the file's place meanwhile would block an open without O_NONBLOCK.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOATIME = getattr(os, "O_NOATIME", 0)
_WINDOW_BLOCKS = 8

REASONS = {
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "vanished",
    errno.ESTALE: "vanished",
    errno.ELOOP: "vanished",
    errno.ENXIO: "socket",
    errno.EACCES: "unreadable",
    errno.EPERM: "unreadable",
    errno.EIO: "unreadable",
}


class _ChangedKind(Exception):
    """The name has come to mean something else than a regular file."""


class FileReader:
    """Does jobs below `tree`. Used as a context."""

    def __init__(self, tree: Path, packs: PackBuilder, block_bytes: int, attempts: int) -> None:
        self._folders = Folders(tree)
        self._packs = packs
        self._block_bytes = block_bytes
        self._attempts = attempts
        self._cutter: FastCDC | None = None

    @cached_property
    def _window(self) -> bytearray:
        return bytearray(_WINDOW_BLOCKS * self._block_bytes)

    def close(self) -> None:
        self._folders.__exit__(None, None, None)

    def do(self, job: Job) -> list[Result]:
        """Raises what storing raises; what is wrong with a file is part of the answer."""
        if isinstance(job, Stretch):
            results: list[Result] = [self._stretch(job)]
        else:
            results = [self._small(wanted) for wanted in job.files]
        self._packs.end_block()
        return results

    def _small(self, wanted: WantedFile) -> Result:
        try:
            fd = self._open(wanted.path)
        except OSError as error:
            return _missed(wanted, error)
        try:
            return self._read_small(fd, wanted)
        except _ChangedKind:
            return Missed(wanted.number, "vanished")
        except OSError as error:
            return _missed(wanted, error)
        finally:
            os.close(fd)

    def _read_small(self, fd: int, wanted: WantedFile) -> ReadFile:
        seen = wanted.seen
        for attempt in range(self._attempts):
            if attempt:
                seen = _seen(fd)
            extended = xattrs.read(fd)
            pieces = self._pieces(fd, seen.size, sparse=wanted.sparse or attempt > 0)
            after = _seen(fd)
            if after.fingerprint == seen.fingerprint:
                return self._stored(wanted.number, after, extended, pieces, torn=False)
        return self._stored(wanted.number, seen, extended, pieces, torn=True)

    def _pieces(self, fd: int, size: int, *, sparse: bool) -> list[tuple[int, bytes]]:
        """The file's data, cut into blocks at most, with where each lies."""
        if not size:
            return []
        if size <= self._block_bytes and not sparse:
            return [(0, os.pread(fd, size, 0))]
        pieces: list[tuple[int, bytes]] = []
        for start, end in data_extents(fd, size):
            for at in range(start, end, self._block_bytes):
                content = os.pread(fd, min(self._block_bytes, end - at), at)
                if content:
                    pieces.append((at, content))
        return pieces

    def _stored(
        self,
        number: int,
        seen: Seen,
        extended: tuple[tuple[bytes, bytes], ...],
        pieces: list[tuple[int, bytes]],
        *,
        torn: bool,
    ) -> ReadFile:
        pieces = [(at, content) for at, content in pieces if at + len(content) <= seen.size]
        digests = tuple(self._packs.add(content) for _, content in pieces)
        whole = sum(len(content) for _, content in pieces) == seen.size
        offsets = None if whole else tuple(at for at, _ in pieces)
        return ReadFile(number, seen, extended, digests, offsets, torn)

    def _stretch(self, job: Stretch) -> Result:
        wanted = job.file
        try:
            fd = self._open(wanted.path)
        except OSError as error:
            return _missed(wanted, error)
        try:
            steady = _seen(fd).fingerprint == wanted.seen.fingerprint
            extended = xattrs.read(fd)
            pieces = tuple(self._stretch_pieces(fd, job))
            steady = steady and _seen(fd).fingerprint == wanted.seen.fingerprint
            return ReadStretch(wanted.number, job.start, extended, pieces, steady)
        except _ChangedKind:
            return Missed(wanted.number, "vanished")
        except OSError as error:
            return _missed(wanted, error)
        finally:
            os.close(fd)

    def _stretch_pieces(self, fd: int, job: Stretch) -> Iterator[tuple[int, int, bytes]]:
        for start, end in data_extents(fd, job.end, job.start):
            cut = self._fixed if job.fixed else self._by_content
            yield from cut(fd, start, end)

    def _fixed(self, fd: int, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
        """Pieces that end at multiples of a block: a change in place moves no other piece."""
        at = start
        with memoryview(self._window) as window:
            while at < end:
                room = len(window) - at % self._block_bytes
                read = os.preadv(fd, [window[: min(room, end - at)]], at)
                if not read:
                    return
                done = 0
                while done < read:
                    size = min(self._block_bytes - (at + done) % self._block_bytes, read - done)
                    yield at + done, size, self._packs.add(window[done : done + size])
                    done += size
                at += read

    def _by_content(self, fd: int, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
        """Pieces that end where the content says so: an insertion moves no later piece."""
        at = start
        kept = 0
        with memoryview(self._window) as window:
            while at < end or kept:
                wanted = min(len(window) - kept, end - at)
                read = os.preadv(fd, [window[kept : kept + wanted]], at) if wanted else 0
                at += read
                held = kept + read
                last = at >= end or not read
                begin = at - held
                cuts = [(cut.offset, cut.length) for cut in self._cut(window[:held])]
                if not last:
                    cuts.pop()  # it may go on beyond the window
                used = 0
                for offset, length in cuts:
                    digest = self._packs.add(window[offset : offset + length])
                    yield begin + offset, length, digest
                    used = offset + length
                if last:
                    return
                kept = held - used
                window[:kept] = bytes(window[used:held])

    def _cut(self, content: memoryview) -> Iterator[Chunk]:
        if self._cutter is None:
            from pyfastcdc import FastCDC

            block = self._block_bytes
            self._cutter = FastCDC(avg_size=block // 4, min_size=block // 16, max_size=block)
        return self._cutter.cut_buf(content)

    def _open(self, path: bytes) -> int:
        folder, name = self._folders.parent_of(path)
        try:
            return os.open(name, _FLAGS | _NOATIME, dir_fd=folder)
        except PermissionError:
            return os.open(name, _FLAGS, dir_fd=folder)


def _seen(fd: int) -> Seen:
    stat = os.fstat(fd)
    if not modes.S_ISREG(stat.st_mode):
        raise _ChangedKind
    return seen_of(stat)


def seen_of(stat: os.stat_result) -> Seen:
    return Seen(
        stat.st_mode & 0o7777,
        stat.st_uid,
        stat.st_gid,
        stat.st_size,
        stat.st_mtime_ns,
        stat.st_ctime_ns,
        stat.st_ino,
    )


def _missed(wanted: WantedFile, error: OSError) -> Missed:
    reason = REASONS.get(error.errno or 0)
    if reason is None:
        return Missed(wanted.number, error.strerror or "unknown", error.errno or errno.EIO)
    return Missed(wanted.number, reason)

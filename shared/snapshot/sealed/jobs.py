"""What the parent asks of a worker that reads, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shared.snapshot.sealed.model import Xattrs


class Seen(NamedTuple):
    """What of a file's stat matters; `fingerprint` changes when the content does."""

    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @property
    def fingerprint(self) -> tuple[int, int, int, int]:
        return self.size, self.mtime_ns, self.ctime_ns, self.inode


class WantedFile(NamedTuple):
    """Entry `number`; a `sparse` one may have holes."""

    number: int
    path: bytes
    seen: Seen
    sparse: bool


class SmallFiles(NamedTuple):
    """Files that share blocks with each other only."""

    files: tuple[WantedFile, ...]


class Stretch(NamedTuple):
    """The bytes [start, end) of a big file; `fixed`: cut at every block, not by content."""

    file: WantedFile
    start: int
    end: int
    fixed: bool


Job = SmallFiles | Stretch


class ReadFile(NamedTuple):
    """`offsets` only where there are holes. `torn`: it never held still."""

    number: int
    seen: Seen
    xattrs: Xattrs
    digests: tuple[bytes, ...]
    offsets: tuple[int, ...] | None
    torn: bool


class ReadStretch(NamedTuple):
    """`pieces` are (offset, size, digest). `steady`: the file was as it had been seen."""

    number: int
    start: int
    xattrs: Xattrs
    pieces: tuple[tuple[int, int, bytes], ...]
    steady: bool


class Missed(NamedTuple):
    """It could not be read. `fatal` is an errno for which no single file is to blame."""

    number: int
    reason: str
    fatal: int = 0


Result = ReadFile | ReadStretch | Missed

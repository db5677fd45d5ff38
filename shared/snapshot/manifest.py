"""What a snapshot is: a tree's entries, and where the bytes of its files lie.

Format 1, engine `dumont-blocks-1`. A *chunk* is a run of file content with its own BLAKE2b-256
digest: a whole small file, or one aligned MiB of a big one. A *block* is one or more chunks that
were compressed together (zlib, or stored as they are). A *pack* is one immutable object that holds
blocks end to end. The manifest is written after every pack that it names. Nothing is encrypted in
this format; whoever may read the prefix may read the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

FORMAT = 1
ENGINE = "dumont-blocks-1"
DIGEST_BYTES = 32
MAX_BLOCK_BYTES = 1 << 20
MAX_PACK_BYTES = 64 << 20

CODEC_RAW = "raw"
CODEC_ZLIB = "zlib"

SIDE_NAME_PREFIX = b".dumont-part."
"""Names of half-restored files. Such names are neither backed up nor allowed in a manifest."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One object of the store. `md5` is the store's transfer checksum in hex, not a proof."""

    key: str
    size_bytes: int
    md5: str


@dataclass(frozen=True, slots=True)
class Block:
    """`stored_bytes` of pack number `pack` from `offset` on; `size_bytes` once decompressed."""

    pack: int
    offset: int
    stored_bytes: int
    size_bytes: int
    codec: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """`size_bytes` of the decompressed block number `block` from `offset` on."""

    digest: bytes
    block: int
    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Piece:
    """Chunk number `chunk` belongs at byte `offset` of the file."""

    offset: int
    chunk: int


@dataclass(frozen=True, slots=True)
class Attributes:
    """`mode` holds the permission bits with setuid, setgid and sticky, not the kind."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int
    xattrs: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Folder:
    """The tree's root has the empty path and is the first entry."""

    path: bytes
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Pipe:
    path: bytes
    attributes: Attributes


@dataclass(frozen=True, slots=True)
class Symlink:
    path: bytes
    attributes: Attributes
    target: bytes


@dataclass(frozen=True, slots=True)
class HardLink:
    """Another name of the file, symlink or pipe that an earlier entry holds."""

    path: bytes
    target: bytes


@dataclass(frozen=True, slots=True)
class Regular:
    """What no piece covers is a hole.

    `ctime_ns` and `inode` serve the next backup of the same machine only; a `ctime_ns` of 0 says
    that the file had changed too shortly before it was read to be recognised by its times.
    `torn` says that it kept changing while it was read.
    """

    path: bytes
    attributes: Attributes
    size_bytes: int
    ctime_ns: int
    inode: int
    pieces: tuple[Piece, ...]
    torn: bool = False


Entry = Folder | Pipe | Symlink | HardLink | Regular


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path that is not in the snapshot: a socket, a device, unreadable, or gone meanwhile."""

    path: bytes
    reason: str


@dataclass(frozen=True)
class Manifest:
    """Paths are bytes, relative to the tree, with `/` between names; parents come first."""

    snapshot_id: str
    created_at: datetime
    prefix: str
    parent_key: str | None
    packs: tuple[Pack, ...]
    blocks: tuple[Block, ...]
    chunks: tuple[Chunk, ...]
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...] = ()
    format: int = FORMAT
    engine: str = ENGINE

    @property
    def key(self) -> str:
        return manifest_key(self.prefix, self.snapshot_id)

    @property
    def files(self) -> int:
        """Names that are neither folders nor the root."""
        return sum(not isinstance(entry, Folder) for entry in self.entries)

    @property
    def size_bytes(self) -> int:
        """Logical size: every file once, holes included."""
        return sum(entry.size_bytes for entry in self.entries if isinstance(entry, Regular))

    @property
    def torn(self) -> tuple[bytes, ...]:
        return tuple(e.path for e in self.entries if isinstance(e, Regular) and e.torn)


def manifest_key(prefix: str, snapshot_id: str) -> str:
    return f"{prefix}manifests/{snapshot_id}"


def pack_key(prefix: str, snapshot_id: str, number: int) -> str:
    return f"{prefix}packs/{snapshot_id}-{number}"


def workspace_root(prefix: str) -> str:
    """The folder of `prefix`: what all epochs and rentals of one instance have in common."""
    return prefix.rstrip("/").rpartition("/")[0] + "/"

"""Format 2, engine `dumont-sealed-2`: what lies in the store, and how its parts refer to others.

    {prefix}packs/{snapshot}-{n}   16 MiB and a little, immutable
        block block ... footer, length of the footer (4 bytes, little endian), b"DPK2"
    {prefix}index/{snapshot}       which chunks lie in which blocks of which packs
    {prefix}manifests/{snapshot}   the tree; written last, only where there is none yet

A *chunk* is a run of file content with its own BLAKE3 digest: a whole small file, an aligned MiB
of a file that is rewritten in place, or a content-defined piece (256 KiB on average) of another.
A *block* is up to 1 MiB of chunks (small files of one folder and one hotness; pieces of one file)
that were compressed together with zstd 1, or left as they are where it does not pay, and then
sealed. *Sealed* is a 12-byte random nonce, then AES-256-GCM of the content, whose
associated data name the object and the offset: a block is good only where it was written.

A footer tells of its pack what an index tells of many, so that a backup that was interrupted
takes up what it has uploaded (`resuming`), and a lost index can be made again. A manifest refers to
those indexes of earlier backups of which it uses a chunk, and to one of its own: their chunks are
numbered through. A small pack that is all that a backup added is its own index: it is named as
one, and its footer is read (whoever has no key sees no difference; engines from before this cannot
read such a manifest's tree). The head is readable without a key and names every object that a
restore needs (`head`), so that packs are verified, scrubbed and collected by who cannot read them.
Its body is sealed.

Each data key belongs to one prefix, which is one rental of one epoch; the head carries it wrapped
by the master key (`keys`). A chunk of an earlier epoch stays sealed with that epoch's key.
"""

from __future__ import annotations

import operator
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.snapshot.manifest import Pack

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = 2
ENGINE = "dumont-sealed-2"
DIGEST_BYTES = 32
MAX_BLOCK_BYTES = 1 << 20
MAX_PACK_BYTES = 64 << 20
MAX_INDEXING_PACK_BYTES = 1 << 20  # read whole for its footer, and kept as long as that is needed
RAW, ZSTD = 0, 1

FOLDER, FILE, SYMLINK, PIPE, LINK = b"dflph"
HOT = 1
TORN = 2
FIXED = 4
FLAGS = HOT | TORN | FIXED

Xattrs = tuple[tuple[bytes, bytes], ...]
Row = tuple[int, int, bytes, int, int, int, int, int, int, int, int, tuple[int, ...]]
"""An entry as Tree has it in columns, from `kinds` to `chunks`."""


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """The data key of `prefix`, sealed by the master key."""

    prefix: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class SealedObject:
    """An object of the store, and the number of the key that opens it in the list beside it."""

    pack: Pack
    key_number: int


@dataclass(frozen=True, slots=True)
class IndexObject:
    """An index, and how many chunks it holds."""

    sealed: SealedObject
    chunks: int


@dataclass(slots=True)
class Chunks:
    """Columns. A block lies `block_stored` bytes long at `block_offset` of pack `block_pack`; a
    chunk `chunk_size` bytes long at `chunk_offset` of the opened block `chunk_block`.
    """

    block_pack: array[int] = field(default_factory=lambda: array("q"))
    block_offset: array[int] = field(default_factory=lambda: array("q"))
    block_stored: array[int] = field(default_factory=lambda: array("q"))
    block_size: array[int] = field(default_factory=lambda: array("q"))
    block_codec: array[int] = field(default_factory=lambda: array("q"))
    chunk_block: array[int] = field(default_factory=lambda: array("q"))
    chunk_offset: array[int] = field(default_factory=lambda: array("q"))
    chunk_size: array[int] = field(default_factory=lambda: array("q"))
    digests: list[bytes] = field(default_factory=list)

    def add_block(self, pack: int, offset: int, stored: int, size: int, codec: int) -> int:
        self.block_pack.append(pack)
        self.block_offset.append(offset)
        self.block_stored.append(stored)
        self.block_size.append(size)
        self.block_codec.append(codec)
        return len(self.block_pack) - 1

    def add_chunk(self, digest: bytes, block: int, offset: int, size: int) -> int:
        self.chunk_block.append(block)
        self.chunk_offset.append(offset)
        self.chunk_size.append(size)
        self.digests.append(digest)
        return len(self.digests) - 1

    def extend(self, other: Chunks, pack_numbers: list[int]) -> None:
        """Append the other's, whose packs have these numbers here."""
        first = len(self.block_pack)
        self.block_pack.extend(map(pack_numbers.__getitem__, other.block_pack))
        self.block_offset.extend(other.block_offset)
        self.block_stored.extend(other.block_stored)
        self.block_size.extend(other.block_size)
        self.block_codec.extend(other.block_codec)
        self.chunk_block.extend(map(first.__add__, other.chunk_block))
        self.chunk_offset.extend(other.chunk_offset)
        self.chunk_size.extend(other.chunk_size)
        self.digests.extend(other.digests)


@dataclass(slots=True)
class Tree:
    """Columns, one row for each entry; the root is the first, and a parent comes before its own.

    `chunks` holds the numbers of a file's chunks in order; they follow each other from byte 0 on
    unless `offsets` says where each begins (what none covers is a hole). `targets` holds what a
    symlink says, `links` the entry of which a hard link is another name. Sizes, times and inodes
    are zero for what is no file; a `ctime_ns` of 0 says that the file had changed too shortly
    before it was read to be recognised by its times.
    """

    kinds: bytearray = field(default_factory=bytearray)
    parents: list[int] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    modes: list[int] = field(default_factory=list)
    uids: list[int] = field(default_factory=list)
    gids: list[int] = field(default_factory=list)
    mtimes_ns: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    ctimes_ns: list[int] = field(default_factory=list)
    inodes: list[int] = field(default_factory=list)
    flags: list[int] = field(default_factory=list)
    chunks: list[tuple[int, ...]] = field(default_factory=list)
    offsets: dict[int, tuple[int, ...]] = field(default_factory=dict)
    targets: dict[int, bytes] = field(default_factory=dict)
    links: dict[int, int] = field(default_factory=dict)
    xattrs: dict[int, Xattrs] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)

    def paths(self) -> list[bytes]:
        """Each entry's path relative to the root, whose own is empty."""
        paths = [b""]
        for number, name in zip(self.parents[1:], self.names[1:], strict=True):
            parent = paths[number]
            paths.append(parent + b"/" + name if parent else name)
        return paths

    def children(self) -> dict[int, dict[bytes, int]]:
        """For each folder's number that has any: which entry it has under which name."""
        children: dict[int, dict[bytes, int]] = {}
        for number, (above, name) in enumerate(zip(self.parents, self.names, strict=True)):
            if number and above in children:
                children[above][name] = number
            elif number:
                children[above] = {name: number}
        return children

    def take_rows(self, rows: Sequence[Row]) -> None:
        """Fill this empty tree with the rows."""
        self.kinds = bytearray(_column(rows, 0))
        self.parents = _column(rows, 1)
        self.names = list(map(operator.itemgetter(2), rows))
        self.modes = _column(rows, 3)
        self.uids = _column(rows, 4)
        self.gids = _column(rows, 5)
        self.mtimes_ns = _column(rows, 6)
        self.sizes = _column(rows, 7)
        self.ctimes_ns = _column(rows, 8)
        self.inodes = _column(rows, 9)
        self.flags = _column(rows, 10)
        self.chunks = list(map(operator.itemgetter(11), rows))


def _column(rows: Sequence[Row], at: int) -> list[int]:
    return list(map(operator.itemgetter(at), rows))


def pack_key(prefix: str, snapshot_id: str, number: int) -> str:
    return f"{prefix}packs/{snapshot_id}-{number}"


def is_pack_key(key: str) -> bool:
    return key.split("/")[-2:-1] == ["packs"]


def index_key(prefix: str, snapshot_id: str) -> str:
    return f"{prefix}index/{snapshot_id}"

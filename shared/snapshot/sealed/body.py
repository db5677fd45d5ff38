"""Chunks and trees as bytes, and back; whatever comes back is checked whole.

A restore writes wherever a tree points, so the checks here keep it inside its folder: an entry
lies in a folder that came before it, under a name that nothing else there has. This alone rules
out writing through a symlink.
"""

from __future__ import annotations

import base64
import itertools
import json
import operator
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot import layout, rows
from shared.snapshot.sealed import columns
from shared.snapshot.sealed.model import (
    DIGEST_BYTES,
    FILE,
    FLAGS,
    FOLDER,
    LINK,
    MAX_BLOCK_BYTES,
    MAX_PACK_BYTES,
    PIPE,
    RAW,
    SYMLINK,
    ZSTD,
    Chunks,
    Tree,
)
from shared.snapshot.sealed.sealing import OVERHEAD_BYTES

if TYPE_CHECKING:
    from array import array
    from collections.abc import Sequence

    from shared.snapshot.manifest import Skipped

_LARGEST = (1 << 63) - 1
_LARGEST_ID = (1 << 32) - 2  # -1 means "leave it" to chown
_ALL_MODE_BITS = 0o7777
_CHUNK_PARTS = 9
_TREE_PARTS = 14
_KINDS = {FOLDER, FILE, SYMLINK, PIPE, LINK}


def encode_chunks(chunks: Chunks) -> bytes:
    return columns.join(
        [
            *map(
                columns.encode_numbers,
                (
                    chunks.block_pack,
                    chunks.block_offset,
                    chunks.block_stored,
                    chunks.block_size,
                    chunks.block_codec,
                    chunks.chunk_block,
                    chunks.chunk_offset,
                    chunks.chunk_size,
                ),
            ),
            b"".join(chunks.digests),
        ]
    )


def decode_chunks(content: bytes, pack_sizes: Sequence[int]) -> Chunks:
    """Raises SnapshotCorrupt unless each block lies in its pack and each chunk in its block."""
    parts = columns.split(content, _CHUNK_PARTS)
    tops = (
        len(pack_sizes) - 1,
        MAX_PACK_BYTES,
        MAX_BLOCK_BYTES + OVERHEAD_BYTES,
        MAX_BLOCK_BYTES,
        max(RAW, ZSTD),
        len(parts[0]) // 8 - 1,
        MAX_BLOCK_BYTES,
        MAX_BLOCK_BYTES,
    )
    digests = parts[-1]
    numbers = [columns.decode_numbers(p, 0, top) for p, top in zip(parts, tops, strict=False)]
    pack, offset, stored, size, codec, block, start, length = numbers
    chunks = Chunks(pack, offset, stored, size, codec, block, start, length, _cut(digests))
    if len({len(column) for column in numbers[:5]}) > 1 or {
        len(chunks.chunk_block),
        len(chunks.chunk_offset),
        len(chunks.chunk_size),
    } != {len(chunks.digests)}:
        raise SnapshotCorrupt("columns of the snapshot have different lengths")
    _check_chunks(chunks, pack_sizes)
    return chunks


def _cut(digests: bytes) -> list[bytes]:
    if len(digests) % DIGEST_BYTES:
        raise SnapshotCorrupt("the snapshot has half a digest")
    starts = range(0, len(digests), DIGEST_BYTES)
    return [digests[start : start + DIGEST_BYTES] for start in starts]


def _check_chunks(chunks: Chunks, pack_sizes: Sequence[int]) -> None:
    for pack, offset, stored, size in zip(
        chunks.block_pack, chunks.block_offset, chunks.block_stored, chunks.block_size, strict=True
    ):
        if not (offset + stored <= pack_sizes[pack] and stored > OVERHEAD_BYTES and size):
            raise SnapshotCorrupt("a block lies outside its pack")
    rooms = map(chunks.block_size.__getitem__, chunks.chunk_block)
    ends = map(operator.add, chunks.chunk_offset, chunks.chunk_size)
    if not all(chunks.chunk_size) or any(map(operator.gt, ends, rooms)):
        raise SnapshotCorrupt("a chunk lies outside its block")


def encode_tree(tree: Tree, skipped: Sequence[Skipped]) -> bytes:
    return columns.join(
        [
            bytes(tree.kinds),
            columns.encode_deltas(tree.parents),
            columns.encode_names(tree.names),
            columns.encode_numbers(tree.modes),
            columns.encode_numbers(tree.uids),
            columns.encode_numbers(tree.gids),
            columns.encode_deltas(tree.mtimes_ns),
            columns.encode_numbers(tree.sizes),
            columns.encode_deltas(tree.ctimes_ns),
            columns.encode_deltas(tree.inodes),
            bytes(tree.flags),
            columns.encode_numbers(map(len, tree.chunks)),
            columns.encode_deltas([chunk for chunks in tree.chunks for chunk in chunks]),
            _encode_rare(tree, skipped),
        ]
    )


def _encode_rare(tree: Tree, skipped: Sequence[Skipped]) -> bytes:
    return json.dumps(
        {
            "offsets": [[number, list(each)] for number, each in tree.offsets.items()],
            "targets": [[n, rows.encode_path(each)] for n, each in tree.targets.items()],
            "links": [[number, to] for number, to in tree.links.items()],
            "xattrs": [
                [n, [[rows.encode_path(k), base64.b64encode(v).decode()] for k, v in each]]
                for n, each in tree.xattrs.items()
            ],
            "skipped": [[rows.encode_path(each.path), each.reason] for each in skipped],
        },
        separators=(",", ":"),
    ).encode()


def decode_tree(content: bytes, chunk_sizes: Sequence[int]) -> tuple[Tree, tuple[Skipped, ...]]:
    """Raises SnapshotCorrupt."""
    parts = columns.split(content, _TREE_PARTS)
    kinds = bytearray(parts[0])
    count = len(kinds)
    counts = columns.decode_numbers(parts[11], 0, _LARGEST)
    flat = columns.decode_deltas(parts[12], 0, len(chunk_sizes) - 1)
    tree = Tree(
        kinds=kinds,
        parents=columns.decode_deltas(parts[1], 0, count),
        names=columns.decode_names(parts[2], count),
        modes=list(columns.decode_numbers(parts[3], 0, _ALL_MODE_BITS)),
        uids=list(columns.decode_numbers(parts[4], 0, _LARGEST_ID)),
        gids=list(columns.decode_numbers(parts[5], 0, _LARGEST_ID)),
        mtimes_ns=columns.decode_deltas(parts[6], -_LARGEST, _LARGEST),
        sizes=list(columns.decode_numbers(parts[7], 0, _LARGEST)),
        ctimes_ns=columns.decode_deltas(parts[8], -_LARGEST, _LARGEST),
        inodes=columns.decode_deltas(parts[9], -_LARGEST - 1, _LARGEST),
        flags=list(parts[10]),
        chunks=_shared_out(flat, counts),
    )
    skipped = _decode_rare(parts[13], tree)
    check(tree, chunk_sizes)
    return tree, skipped


def _shared_out(flat: list[int], counts: array[int]) -> list[tuple[int, ...]]:
    if sum(counts) != len(flat):
        raise SnapshotCorrupt("the snapshot has another number of chunks than its files")
    numbers = tuple(flat)
    ends = itertools.accumulate(counts)
    return [numbers[end - count : end] for count, end in zip(counts, ends, strict=True)]


def _decode_rare(content: bytes, tree: Tree) -> tuple[Skipped, ...]:
    try:
        fields = rows.mapping(json.loads(content))
        for number, offsets in map(rows.sequence, rows.sequence(fields["offsets"])):
            at = rows.integer(number)
            tree.offsets[at] = tuple(rows.integer(each) for each in rows.sequence(offsets))
        for number, target in map(rows.sequence, rows.sequence(fields["targets"])):
            tree.targets[rows.integer(number)] = rows.decode_path(target)
        for number, to in map(rows.sequence, rows.sequence(fields["links"])):
            tree.links[rows.integer(number)] = rows.integer(to)
        for number, xattrs in map(rows.sequence, rows.sequence(fields["xattrs"])):
            decoded = tuple(map(rows.decode_xattr, rows.sequence(xattrs)))
            tree.xattrs[rows.integer(number)] = decoded
        return tuple(map(rows.decode_skipped, rows.sequence(fields["skipped"])))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SnapshotCorrupt(f"the manifest cannot be parsed: {error}") from error


def check(tree: Tree, chunk_sizes: Sequence[int]) -> None:
    """Raises SnapshotCorrupt unless every bound and every place of the tree holds."""
    count = len(tree.kinds)
    numbers = (
        *(tree.parents, tree.modes, tree.uids, tree.gids, tree.mtimes_ns),
        *(tree.sizes, tree.ctimes_ns, tree.inodes, tree.flags),
    )
    lengths = {len(tree.names), len(tree.chunks), *map(len, numbers)}
    if lengths != {count} or not set(tree.kinds) <= _KINDS or max(tree.flags, default=0) > FLAGS:
        raise SnapshotCorrupt("columns of the snapshot do not belong together")
    _check_places(tree)
    _check_rare(tree)
    _check_pieces(tree, chunk_sizes)


def _check_places(tree: Tree) -> None:
    if not tree.kinds or tree.kinds[0] != FOLDER or tree.names[0] or tree.parents[0]:
        raise SnapshotCorrupt("the manifest does not begin with its root")
    kinds, parents, names = tree.kinds, tree.parents[1:], tree.names[1:]
    come_before = all(map(operator.lt, parents, itertools.count(1)))
    if not (come_before and all(kinds[parent] == FOLDER for parent in set(parents))):
        raise SnapshotCorrupt("an entry of the manifest does not lie in a folder before it")
    if not layout.are_names(names):
        raise SnapshotCorrupt("the manifest has a name that no file can have here")
    if sum(map(len, tree.children().values())) != len(names):
        raise SnapshotCorrupt("a path of the manifest is named twice")


def _check_rare(tree: Tree) -> None:
    kinds, count = tree.kinds, len(tree.kinds)
    for wanted, numbers in ((SYMLINK, tree.targets), (LINK, tree.links)):
        if len(numbers) != kinds.count(wanted) or not all(
            number < count and kinds[number] == wanted for number in numbers
        ):
            raise SnapshotCorrupt("the manifest has a link without a target")
    if not all(target and b"\0" not in target for target in tree.targets.values()):
        raise SnapshotCorrupt("a symlink of the manifest has no possible target")
    for number, to in tree.links.items():
        if not (to < number and kinds[to] in (FILE, SYMLINK, PIPE)):
            raise SnapshotCorrupt("a hard link of the manifest is one to nothing before it")
    if not all(number < count and kinds[number] in (FILE, FOLDER) for number in tree.xattrs):
        raise SnapshotCorrupt("the manifest has attributes of what has none")
    if not all(number < count and kinds[number] == FILE for number in tree.offsets):
        raise SnapshotCorrupt("the manifest has pieces of what is no file")


def _check_pieces(tree: Tree, chunk_sizes: Sequence[int]) -> None:
    counts = list(map(len, tree.chunks))
    if any(itertools.compress(counts, map(FILE.__ne__, tree.kinds))):
        raise SnapshotCorrupt("the manifest has pieces of what is no file")
    flat = itertools.chain.from_iterable(tree.chunks)
    reached = list(itertools.accumulate(map(chunk_sizes.__getitem__, flat), initial=0))
    ends = list(map(reached.__getitem__, itertools.accumulate(counts, initial=0)))
    if any(map(operator.gt, map(operator.sub, ends[1:], ends), tree.sizes)):
        raise SnapshotCorrupt("a file of the manifest has pieces beyond its end")
    for number, offsets in tree.offsets.items():
        name, sizes = tree.names[number], [chunk_sizes[chunk] for chunk in tree.chunks[number]]
        if not sizes:
            raise SnapshotCorrupt("the manifest has places without pieces")
        if _end_of(name, offsets, sizes) > tree.sizes[number]:
            raise SnapshotCorrupt(f"{name!r} has pieces beyond its end")


def _end_of(name: bytes, offsets: Sequence[int], sizes: Sequence[int]) -> int:
    if len(offsets) != len(sizes):
        raise SnapshotCorrupt("the manifest has pieces without a place")
    end = 0
    for offset, size in zip(offsets, sizes, strict=True):
        if offset < end:
            raise SnapshotCorrupt(f"{name!r} has pieces out of order")
        end = offset + size
    return end

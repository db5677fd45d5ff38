"""What a restore fetches and writes, in which order. Pure.

A unit is a stretch of one pack that is fetched at once, with what is to be written of it. The
files of a phase come in the order in which their bytes lie in packs.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from shared.snapshot.sealed.model import FILE, HOT, Xattrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shared.snapshot.sealed.model import Tree
    from shared.snapshot.sealed.sources import Sources

UNIT_BYTES = 8 << 20
_BARE_FILES = 512
_GAP_BYTES = 256 << 10


class Facts(NamedTuple):
    """A file's attributes."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int
    xattrs: Xattrs


class Whole(NamedTuple):
    """A file that one chunk of block number `block` of the unit fills; none (-1) where it has no
    bytes. `fresh`: nothing else can lie under its name. `yields`: what does lie there stays.
    """

    number: int
    path: bytes
    facts: Facts
    size: int
    block: int
    chunk_offset: int
    digest: bytes
    fresh: bool
    yields: bool = False


class Part(NamedTuple):
    """A chunk that belongs at `offset` of the unfinished file with that path."""

    number: int
    path: bytes
    offset: int
    block: int
    chunk_offset: int
    size: int
    digest: bytes


class BlockPlace(NamedTuple):
    """Where in its pack a block lies."""

    offset: int
    stored: int
    size: int
    codec: int


class Unit(NamedTuple):
    """`pack` is its number among the sources', -1 when nothing is fetched."""

    pack: int
    start: int
    length: int
    blocks: tuple[BlockPlace, ...]
    wholes: tuple[Whole, ...]
    parts: tuple[Part, ...]


def phases(tree: Tree, numbers: Iterable[int]) -> tuple[list[int], list[int]]:
    """Hot files, and the others: those of one chunk at most before bigger ones. Where no file is
    marked, nobody knows which are needed, and all come first.
    """
    files = [number for number in numbers if tree.kinds[number] == FILE]
    hot = [number for number in files if tree.flags[number] & HOT]
    if not hot:
        return files, []
    rest = [number for number in files if not tree.flags[number] & HOT]
    rest.sort(key=lambda number: len(tree.chunks[number]) > 1)
    return hot, rest


def is_whole(tree: Tree, number: int) -> bool:
    """Whether the file is written in one go, without ever being half there."""
    return number not in tree.offsets and len(tree.chunks[number]) <= 1


class Planner:
    """`paths` are all entries'; `fresh` tells which folders were empty."""

    def __init__(
        self, tree: Tree, sources: Sources, paths: Sequence[bytes], fresh: Sequence[bool]
    ) -> None:
        self._tree = tree
        self._sources = sources
        self._paths = paths
        self._fresh = fresh
        self.yields = False  # from now on somebody works in the folders

    def units(self, files: Iterable[int], side_paths: dict[int, bytes]) -> Iterator[Unit]:
        """`side_paths` are those of the files that grow by parts."""
        wholes: defaultdict[int, list[Whole]] = defaultdict(list)
        parts: defaultdict[int, list[Part]] = defaultdict(list)
        bare: list[Whole] = []
        for number in files:
            if number in side_paths:
                self._add_parts(number, side_paths[number], parts)
            elif self._tree.chunks[number]:
                self._add_whole(number, wholes)
            else:
                bare.append(self._whole(number, -1, 0, b""))
        for start in range(0, len(bare), _BARE_FILES):
            yield Unit(-1, 0, 0, (), tuple(bare[start : start + _BARE_FILES]), ())
        yield from self._grouped(wholes, parts)

    def _whole(self, number: int, block: int, offset: int, digest: bytes) -> Whole:
        return Whole(
            number,
            self._paths[number],
            facts_of(self._tree, number),
            self._tree.sizes[number],
            block,
            offset,
            digest,
            self._fresh[self._tree.parents[number]],
            self.yields,
        )

    def _add_whole(self, number: int, wholes: defaultdict[int, list[Whole]]) -> None:
        chunks = self._sources.chunks
        (chunk,) = self._tree.chunks[number]
        block = chunks.chunk_block[chunk]
        wholes[block].append(
            self._whole(number, block, chunks.chunk_offset[chunk], chunks.digests[chunk])
        )

    def _add_parts(
        self, number: int, side_path: bytes, parts: defaultdict[int, list[Part]]
    ) -> None:
        chunks = self._sources.chunks
        for offset, chunk in places_of(self._tree, self._sources, number):
            block = chunks.chunk_block[chunk]
            parts[block].append(
                Part(
                    number,
                    side_path,
                    offset,
                    block,
                    chunks.chunk_offset[chunk],
                    chunks.chunk_size[chunk],
                    chunks.digests[chunk],
                )
            )

    def _grouped(
        self, wholes: dict[int, list[Whole]], parts: dict[int, list[Part]]
    ) -> Iterator[Unit]:
        chunks = self._sources.chunks
        pack_of, offset_of = chunks.block_pack, chunks.block_offset
        needed = sorted({*wholes, *parts}, key=lambda block: (pack_of[block], offset_of[block]))
        group: list[int] = []
        for block in needed:
            if group and not self._fits(group, block):
                yield self._unit(group, wholes, parts)
                group = []
            group.append(block)
        if group:
            yield self._unit(group, wholes, parts)

    def _fits(self, group: list[int], block: int) -> bool:
        chunks = self._sources.chunks
        first, last = group[0], group[-1]
        if chunks.block_pack[first] != chunks.block_pack[block]:
            return False
        end = chunks.block_offset[block] + chunks.block_stored[block]
        gap = chunks.block_offset[block] - chunks.block_offset[last] - chunks.block_stored[last]
        return end - chunks.block_offset[first] <= UNIT_BYTES and gap <= _GAP_BYTES

    def _unit(
        self, group: list[int], wholes: dict[int, list[Whole]], parts: dict[int, list[Part]]
    ) -> Unit:
        chunks = self._sources.chunks
        at = {block: number for number, block in enumerate(group)}
        places = tuple(
            BlockPlace(
                chunks.block_offset[block],
                chunks.block_stored[block],
                chunks.block_size[block],
                chunks.block_codec[block],
            )
            for block in group
        )
        start = places[0].offset
        return Unit(
            chunks.block_pack[group[0]],
            start,
            places[-1].offset + places[-1].stored - start,
            places,
            tuple(
                each._replace(block=at[block]) for block in group for each in wholes.get(block, ())
            ),
            tuple(
                each._replace(block=at[block]) for block in group for each in parts.get(block, ())
            ),
        )


def facts_of(tree: Tree, number: int) -> Facts:
    return Facts(
        tree.modes[number],
        tree.uids[number],
        tree.gids[number],
        tree.mtimes_ns[number],
        tree.xattrs.get(number, ()),
    )


def places_of(tree: Tree, sources: Sources, number: int) -> Iterator[tuple[int, int]]:
    """Where each chunk of the file begins, and its number."""
    offsets = tree.offsets.get(number)
    at = 0
    for position, chunk in enumerate(tree.chunks[number]):
        yield (at if offsets is None else offsets[position]), chunk
        at += sources.chunks.chunk_size[chunk]

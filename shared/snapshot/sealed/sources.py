"""What a manifest in the making may refer to: the parent's chunks, then new ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.snapshot.sealed.index import KeyedPack
from shared.snapshot.sealed.model import Chunks, IndexObject, WrappedKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.snapshot.manifest import Pack

MOST_INDEXES = 16
_WORTH_KEEPING = 0.5


@dataclass(slots=True)
class Sources:
    """All chunks numbered through, with the packs they lie in, and the indexes that list them."""

    packs: list[KeyedPack] = field(default_factory=list)
    chunks: Chunks = field(default_factory=Chunks)
    indexes: list[tuple[IndexObject, WrappedKey]] = field(default_factory=list)

    def by_digest(self) -> dict[bytes, int]:
        """The number of the first chunk with each content."""
        digests = self.chunks.digests
        return dict(zip(reversed(digests), range(len(digests) - 1, -1, -1), strict=True))

    def add(self, packs: Sequence[KeyedPack], chunks: Chunks) -> None:
        """`chunks` count the packs from 0 on; here they come after those that are known."""
        first = len(self.packs)
        self.packs.extend(packs)
        self.chunks.extend(chunks, list(range(first, first + len(packs))))

    def used_packs(self, used: Iterable[int]) -> list[KeyedPack]:
        """Of the chunks with these numbers; each once, in order."""
        chunk_block, block_pack = self.chunks.chunk_block, self.chunks.block_pack
        blocks = set(map(chunk_block.__getitem__, used))
        numbers = sorted(set(map(block_pack.__getitem__, blocks)))
        return list(dict.fromkeys(self.packs[number] for number in numbers))

    def wants_one_index(self, used: set[int]) -> bool:
        """Whether the indexes are too many, or list too much that nobody needs any more."""
        if not self.indexes:
            return False
        listed = sum(index.chunks for index, _ in self.indexes)
        kept = sum(chunk < listed for chunk in used)
        return len(self.indexes) >= MOST_INDEXES or kept < _WORTH_KEEPING * listed

    def needed(self, used: set[int]) -> tuple[list[tuple[IndexObject, WrappedKey]], set[int]]:
        """The indexes that list a used chunk, and all chunks but those of the other indexes."""
        indexes: list[tuple[IndexObject, WrappedKey]] = []
        chunks: set[int] = set()
        begin = 0
        for each in self.indexes:
            listed = range(begin, begin + each[0].chunks)
            begin = listed.stop
            if not used.isdisjoint(listed):
                indexes.append(each)
                chunks.update(listed)
        chunks.update(range(begin, len(self.chunks.digests)))
        return indexes, chunks

    def compacted(self, used: set[int]) -> tuple[Sources, dict[int, int]]:
        """Only the used chunks, in the same order, and their new number for each old one."""
        old = self.chunks
        made = Sources()
        packs: dict[KeyedPack, int] = {}
        blocks: dict[int, int] = {}
        numbers: dict[int, int] = {}
        for chunk in sorted(used):
            block = old.chunk_block[chunk]
            if block not in blocks:
                pack = self.packs[old.block_pack[block]]
                if pack not in packs:
                    packs[pack] = len(made.packs)
                    made.packs.append(pack)
                blocks[block] = made.chunks.add_block(
                    packs[pack],
                    old.block_offset[block],
                    old.block_stored[block],
                    old.block_size[block],
                    old.block_codec[block],
                )
            numbers[chunk] = made.chunks.add_chunk(
                old.digests[chunk], blocks[block], old.chunk_offset[chunk], old.chunk_size[chunk]
            )
        return made, numbers


def numbered(packs: dict[int, Pack], key: WrappedKey) -> tuple[list[KeyedPack], dict[int, int]]:
    """New packs in the order of their numbers, and where each is in that list."""
    order = sorted(packs)
    return [KeyedPack(packs[n], key) for n in order], {n: at for at, n in enumerate(order)}

"""The packs, blocks and chunks that a manifest in the making refers to, new ones and adopted."""

from __future__ import annotations

from shared.snapshot.manifest import Block, Chunk, Manifest, Pack


class Catalogue:
    """Numbers things in the order in which they are first needed.

    A parent's chunks are adopted one by one, with their block and pack, only when referred to.
    """

    def __init__(self, parent: Manifest | None) -> None:
        self._parent = parent
        self._parent_digests = _numbers_by_digest(parent)
        self._packs: dict[int, Pack] = {}
        self._blocks: dict[int, Block] = {}
        self._chunks: list[Chunk] = []
        self._by_digest: dict[bytes, int] = {}
        self._adopted_packs: dict[int, int] = {}
        self._adopted_blocks: dict[int, int] = {}
        self._reserved_packs = self._reserved_blocks = 0

    def find(self, digest: bytes) -> int | None:
        """The number of the chunk with this content, if it is stored already."""
        number = self._by_digest.get(digest)
        if number is None and digest in self._parent_digests:
            number = self.adopt(self._parent_digests[digest])
        return number

    def adopt(self, parent_chunk: int) -> int:
        """The number here of the parent's chunk."""
        assert self._parent is not None
        chunk = self._parent.chunks[parent_chunk]
        number = self._by_digest.get(chunk.digest)
        if number is not None:
            return number
        block = self._adopt_block(self._parent, chunk.block)
        return self.add_chunk(Chunk(chunk.digest, block, chunk.offset, chunk.size_bytes))

    def add_chunk(self, chunk: Chunk) -> int:
        number = len(self._chunks)
        self._chunks.append(chunk)
        self._by_digest[chunk.digest] = number
        return number

    def reserve_block(self) -> int:
        """A number for a block whose place is not known yet."""
        self._reserved_blocks += 1
        return self._reserved_blocks - 1

    def place_block(self, number: int, block: Block) -> None:
        self._blocks[number] = block

    def reserve_pack(self) -> int:
        self._reserved_packs += 1
        return self._reserved_packs - 1

    def place_pack(self, number: int, pack: Pack) -> None:
        self._packs[number] = pack

    def packs(self) -> tuple[Pack, ...]:
        return tuple(self._packs[number] for number in range(self._reserved_packs))

    def blocks(self) -> tuple[Block, ...]:
        return tuple(self._blocks[number] for number in range(self._reserved_blocks))

    def chunks(self) -> tuple[Chunk, ...]:
        return tuple(self._chunks)

    def _adopt_block(self, parent: Manifest, parent_block: int) -> int:
        if parent_block not in self._adopted_blocks:
            block = parent.blocks[parent_block]
            number = self._adopted_blocks[parent_block] = self.reserve_block()
            pack = self._adopt_pack(parent, block.pack)
            moved = Block(pack, block.offset, block.stored_bytes, block.size_bytes, block.codec)
            self.place_block(number, moved)
        return self._adopted_blocks[parent_block]

    def _adopt_pack(self, parent: Manifest, parent_pack: int) -> int:
        if parent_pack not in self._adopted_packs:
            number = self._adopted_packs[parent_pack] = self.reserve_pack()
            self.place_pack(number, parent.packs[parent_pack])
        return self._adopted_packs[parent_pack]


def _numbers_by_digest(parent: Manifest | None) -> dict[bytes, int]:
    if parent is None:
        return {}
    return {chunk.digest: number for number, chunk in enumerate(parent.chunks)}

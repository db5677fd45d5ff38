"""The worker's side of writing: chunks become blocks, blocks fill a pack. For one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.sealed import body
from shared.snapshot.sealed.index import open_plain, seal_plain
from shared.snapshot.sealed.model import MAX_BLOCK_BYTES, Chunks, pack_key
from shared.snapshot.sealed.sealing import (
    OVERHEAD_BYTES,
    Bytes,
    Sealer,
    compressed,
    digest_of,
    place_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.snapshot.sealed.claims import Claims

_MAX_CHUNKS_IN_BLOCK = 1 << 12
_MAX_CHUNKS_IN_PACK = 1 << 16  # or a footer of very small files would outgrow its room
TAIL = b"DPK2"
_LENGTH_BYTES = 4
TAIL_BYTES = _LENGTH_BYTES + len(TAIL)
ROOM_BYTES = 8 << 20
"""What a pack may grow beyond its size before it is closed: a last block and its footer."""


class Shelf(Protocol):
    """Where a worker builds packs, one after the other."""

    def take(self) -> memoryview:
        """Room for the next pack. Blocks while there is none."""

    def put(self, number: int, length: int, chunks: Chunks) -> None:
        """So many bytes of what was taken last are pack `number`, whole."""


class PackBuilder:
    """Stores chunks that nobody else has claimed. `close` completes what is open."""

    def __init__(
        self,
        sealer: Sealer,
        claims: Claims,
        shelf: Shelf,
        prefix: str,
        snapshot_id: str,
        numbers: Iterator[int],
        pack_bytes: int,
        block_bytes: int = MAX_BLOCK_BYTES,
    ) -> None:
        self._sealer = sealer
        self._claims = claims
        self._shelf = shelf
        self._prefix = prefix
        self._snapshot_id = snapshot_id
        self._numbers = numbers
        self._pack_bytes = pack_bytes
        self._block_bytes = block_bytes
        self._room: memoryview | None = None
        self._number = self._filled = 0
        self._chunks = Chunks()
        self._block = memoryview(bytearray(block_bytes))
        self._held = 0
        self._waiting: list[tuple[bytes, int, int]] = []

    def add(self, content: Bytes) -> bytes:
        """The chunk's digest; its content goes into the open block unless it is stored."""
        digest = digest_of(content)
        if self._claims.claim(digest):
            end = self._held + len(content)
            if end > self._block_bytes or len(self._waiting) >= _MAX_CHUNKS_IN_BLOCK:
                self.end_block()
                end = len(content)
            if end == self._block_bytes and not self._held:  # a block as it comes
                self._store(memoryview(content), [(digest, 0, end)])
                return digest
            self._waiting.append((digest, self._held, len(content)))
            self._block[self._held : end] = content
            self._held = end
        return digest

    def end_block(self) -> None:
        """What comes next does not belong to what came before."""
        if self._waiting:
            self._store(self._block[: self._held], self._waiting)
            self._held = 0
            self._waiting.clear()

    def _store(self, plain: memoryview, held: list[tuple[bytes, int, int]]) -> None:
        if self._room is None:
            self._room = self._shelf.take()
            self._number = next(self._numbers)
        codec, stored = compressed(plain)
        place = place_of(pack_key(self._prefix, self._snapshot_id, self._number), self._filled)
        length = self._sealer.seal_into(self._room[self._filled :], stored, place)
        block = self._chunks.add_block(0, self._filled, length, len(plain), codec)
        for digest, offset, size in held:
            self._chunks.add_chunk(digest, block, offset, size)
        self._filled += length
        many = len(self._chunks.digests) >= _MAX_CHUNKS_IN_PACK
        if self._filled >= self._pack_bytes or many:
            self._end_pack()

    def close(self) -> None:
        self.end_block()
        self._end_pack()

    def _end_pack(self) -> None:
        if self._room is None:
            return
        key = pack_key(self._prefix, self._snapshot_id, self._number)
        footer = seal_plain(body.encode_chunks(self._chunks), self._sealer, _footer_place(key))
        self._append(footer)
        self._append(len(footer).to_bytes(_LENGTH_BYTES, "little") + TAIL)
        self._room.release()
        self._room = None
        self._shelf.put(self._number, self._filled, self._chunks)
        self._filled = 0
        self._chunks = Chunks()

    def _append(self, content: bytes) -> None:
        assert self._room is not None
        end = self._filled + len(content)
        self._room[self._filled : end] = content
        self._filled = end


def footer_length(tail: bytes, pack_size_bytes: int) -> int:
    """What the pack's last bytes say. Raises SnapshotCorrupt when they are not a pack's."""
    length = int.from_bytes(tail[:_LENGTH_BYTES], "little")
    if tail[_LENGTH_BYTES:] != TAIL or length + TAIL_BYTES > pack_size_bytes:
        raise SnapshotCorrupt("a pack does not end as packs do")
    return length


def read_footer(footer: bytes, key: str, size_bytes: int, sealer: Sealer) -> Chunks:
    """Raises SnapshotCorrupt."""
    plain = open_plain(footer, sealer, _footer_place(key))
    return body.decode_chunks(plain, [size_bytes])


def footer_of(pack: bytes, key: str, sealer: Sealer) -> Chunks:
    """Of a pack that is at hand. Raises SnapshotCorrupt."""
    ends_at = len(pack) - TAIL_BYTES
    length = footer_length(pack[ends_at:], len(pack))
    return read_footer(pack[ends_at - length : ends_at], key, len(pack), sealer)


def _footer_place(key: str) -> bytes:
    return f"{key}#footer".encode()


def room_for(pack_bytes: int) -> int:
    """How much a pack of this size may take at most."""
    return pack_bytes + MAX_BLOCK_BYTES + OVERHEAD_BYTES + ROOM_BYTES

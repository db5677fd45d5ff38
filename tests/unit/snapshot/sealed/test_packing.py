"""What a worker puts into a pack, byte for byte, and how its memory is kept."""

from __future__ import annotations

import ctypes
import itertools
import os

import pytest

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.sealed.claims import OwnClaims
from shared.snapshot.sealed.heap import keep_what_is_freed
from shared.snapshot.sealed.model import RAW, ZSTD, Chunks, pack_key
from shared.snapshot.sealed.packing import PackBuilder, room_for
from shared.snapshot.sealed.sealing import OVERHEAD_BYTES, Sealer, decompressed, place_of

BLOCK = 1 << 10
PREFIX, SNAPSHOT = "snapshots/i/0-r", "snap_1"
SECRET = bytes(range(32))


class _Shelf:
    def __init__(self) -> None:
        self.packs: dict[int, tuple[bytes, Chunks]] = {}
        self._room = bytearray(room_for(16 << 10))

    def take(self) -> memoryview:
        return memoryview(self._room)

    def put(self, number: int, length: int, chunks: Chunks) -> None:
        self.packs[number] = (bytes(self._room[:length]), chunks)


def packed(*contents: bytes) -> _Shelf:
    shelf = _Shelf()
    builder = PackBuilder(
        Sealer(SECRET), OwnClaims(), shelf, PREFIX, SNAPSHOT, itertools.count(), 16 << 10, BLOCK
    )
    for content in contents:
        builder.add(content)
    builder.close()
    return shelf


def blocks_of(shelf: _Shelf) -> list[bytes]:
    """Opened and decompressed, in their order."""
    found = []
    for number, (pack, chunks) in shelf.packs.items():
        for at, stored, size, codec in zip(
            chunks.block_offset,
            chunks.block_stored,
            chunks.block_size,
            chunks.block_codec,
            strict=True,
        ):
            place = place_of(pack_key(PREFIX, SNAPSHOT, number), at)
            plain = Sealer(SECRET).open(pack[at : at + stored], place)
            found.append(decompressed(codec, plain, size))
    return found


def test_chunks_fill_a_block_up_to_its_size_and_a_whole_block_stands_alone() -> None:
    small, rest, whole, after = b"a" * 600, b"b" * 424, os.urandom(BLOCK), b"c" * 10

    shelf = packed(small, rest, whole, after)

    assert blocks_of(shelf) == [small + rest, whole, after]
    chunks = shelf.packs[0][1]
    assert list(chunks.block_codec) == [ZSTD, RAW, RAW]  # ten bytes do not get shorter
    assert list(zip(chunks.chunk_block, chunks.chunk_offset, strict=True)) == [
        (0, 0),
        (0, 600),
        (1, 0),
        (2, 0),
    ]


def test_a_whole_block_after_part_of_one_keeps_both_apart() -> None:
    part, whole = b"a" * 10, b"d" * BLOCK

    assert blocks_of(packed(part, whole, part + b"!")) == [part, whole, part + b"!"]


def test_what_is_stored_is_not_stored_again() -> None:
    whole = os.urandom(BLOCK)

    assert blocks_of(packed(whole, whole, b"x", b"x")) == [whole, b"x"]


def test_bytes_sealed_into_a_room_are_opened_at_their_place_alone() -> None:
    sealer, room = Sealer(SECRET), memoryview(bytearray(64))

    length = sealer.seal_into(room, b"content", b"here")

    assert length == len(b"content") + OVERHEAD_BYTES
    assert sealer.open(room[:length], b"here") == b"content"
    assert not any(room[length:])
    with pytest.raises(SnapshotCorrupt):
        sealer.open(room[:length], b"there")


def test_where_the_c_library_cannot_be_told_nothing_happens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())

    keep_what_is_freed()

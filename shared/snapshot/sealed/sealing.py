"""Compress and seal; open and decompress. One object for each key; may be used by many threads.

blake3, zstandard and cryptography are loaded with the first use, so that what only decides what to
do needs the standard library alone.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.sealed.model import RAW, ZSTD

if TYPE_CHECKING:
    import zstandard

Bytes = bytes | bytearray | memoryview

NONCE_BYTES = 12
TAG_BYTES = 16
OVERHEAD_BYTES = NONCE_BYTES + TAG_BYTES
LEVEL = 1
_WORTH = 0.97


def digest_of(content: Bytes) -> bytes:
    from blake3 import blake3

    return blake3(content).digest()


def place_of(key: str, offset: int) -> bytes:
    """Associated data: the object and the offset at which the sealed bytes begin."""
    return f"{key}@{offset}".encode()


class Sealer:
    def __init__(self, secret: bytes) -> None:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(secret)
        self._invalid = InvalidTag

    def seal(self, content: Bytes, place: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, place)

    def seal_into(self, room: memoryview, content: Bytes, place: bytes) -> int:
        """As `seal`, at the beginning of `room`; how many bytes that takes."""
        end = len(content) + OVERHEAD_BYTES
        nonce = os.urandom(NONCE_BYTES)
        room[:NONCE_BYTES] = nonce
        with room[NONCE_BYTES:end] as sealed:
            self._cipher.encrypt_into(nonce, content, place, sealed)
        return end

    def open(self, sealed: Bytes, place: bytes) -> bytes:
        """Raises SnapshotCorrupt for what was not sealed with this key at this place."""
        view = memoryview(sealed)
        try:
            return self._cipher.decrypt(bytes(view[:NONCE_BYTES]), view[NONCE_BYTES:], place)
        except (self._invalid, ValueError) as error:
            where = place.decode("utf-8", "backslashreplace")
            raise SnapshotCorrupt(f"{where} holds other bytes than were written") from error


_local = threading.local()  # a compressor must not be used by two threads at once


def _compressor() -> zstandard.ZstdCompressor:
    import zstandard

    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=LEVEL)
    made: zstandard.ZstdCompressor = _local.compressor
    return made


def compressed(content: memoryview) -> tuple[int, Bytes]:
    """The codec and what to store; what hardly shrinks stays as it is.

    All of it is tried: zstd passes over what it cannot shrink at gigabytes a second, so that a
    probe of the beginning would cost the rest more than it saves there.
    """
    stored = _compressor().compress(content)
    return (ZSTD, stored) if len(stored) <= _WORTH * len(content) else (RAW, content)


def decompressed(codec: int, stored: bytes, size_bytes: int) -> bytes:
    """Raises SnapshotCorrupt unless it has exactly that size; never makes more."""
    if codec == RAW:
        if len(stored) != size_bytes:
            raise SnapshotCorrupt("a block of the snapshot has another size than it promises")
        return stored
    import zstandard

    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    try:
        if zstandard.frame_content_size(stored) != size_bytes:
            raise SnapshotCorrupt("a block of the snapshot has another size than it promises")
        content: bytes = _local.decompressor.decompress(
            stored, max_output_size=size_bytes, allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise SnapshotCorrupt("a block of the snapshot cannot be decompressed") from error
    if len(content) != size_bytes:
        raise SnapshotCorrupt("a block of the snapshot has another size than it promises")
    return content


def compressed_whole(content: bytes) -> bytes:
    return _compressor().compress(content)

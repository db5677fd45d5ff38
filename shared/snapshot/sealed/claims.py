"""Which chunks are stored already, or about to be: a table that several processes share.

Open addressing over 32-byte slots that hold whole digests; nothing is ever removed. Two processes
that claim the same digest at the same moment may both be told that it is theirs, and a claim that
finds no room is always granted: the chunk is then stored twice, which costs bytes and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.snapshot.sealed.model import DIGEST_BYTES

if TYPE_CHECKING:
    import mmap

_FREE = bytes(DIGEST_BYTES)
_PROBES = 16


class Claims(Protocol):
    def claim(self, digest: bytes) -> bool:
        """True when whoever asks is to store the chunk."""


class OwnClaims:
    """For one process."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def claim(self, digest: bytes) -> bool:
        if digest in self._digests:
            return False
        self._digests.add(digest)
        return True


class SharedClaims:
    """Over memory of a power of two slots that is zero at first."""

    def __init__(self, memory: mmap.mmap) -> None:
        self._memory = memory
        self._mask = len(memory) // DIGEST_BYTES - 1

    def claim(self, digest: bytes) -> bool:
        memory = self._memory
        slot = int.from_bytes(digest[:8], "little") & self._mask
        for _ in range(_PROBES):
            at = slot * DIGEST_BYTES
            held = memory[at : at + DIGEST_BYTES]
            if held == digest:
                return False
            if held == _FREE:
                memory[at : at + DIGEST_BYTES] = digest
                return True
            slot = (slot + 1) & self._mask
        return True


def bytes_for(chunks: int) -> int:
    """What a table takes that is to hold so many chunks with room to spare."""
    slots = 1 << 20
    while slots < 4 * chunks:
        slots *= 2
    return slots * DIGEST_BYTES

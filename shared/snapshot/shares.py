"""The regular files of a restore, cut into shares of work for several threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.snapshot.manifest import Regular

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.snapshot.manifest import Manifest

_SHARE_FILES = 256
_SHARE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Numbered:
    number: int
    entry: Regular


def shares(manifest: Manifest) -> Iterator[list[Numbered]]:
    """The files in the order in which their bytes lie in packs, cut into shares of work."""
    share: list[Numbered] = []
    size_bytes = 0
    for numbered in sorted(_numbered(manifest), key=lambda n: _place_in_packs(manifest, n)):
        share.append(numbered)
        size_bytes += numbered.entry.size_bytes
        if len(share) >= _SHARE_FILES or size_bytes >= _SHARE_BYTES:
            yield share
            share, size_bytes = [], 0
    if share:
        yield share


def _numbered(manifest: Manifest) -> Iterator[Numbered]:
    for number, entry in enumerate(manifest.entries):
        if isinstance(entry, Regular):
            yield Numbered(number, entry)


def _place_in_packs(manifest: Manifest, numbered: Numbered) -> tuple[int, int, int]:
    if not numbered.entry.pieces:
        return -1, 0, 0
    chunk = manifest.chunks[numbered.entry.pieces[0].chunk]
    block = manifest.blocks[chunk.block]
    return block.pack, block.offset, chunk.offset

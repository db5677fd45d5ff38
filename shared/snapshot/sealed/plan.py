"""How the files to be read are shared out among workers. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.snapshot.sealed.jobs import Job, SmallFiles, Stretch, WantedFile
from shared.snapshot.sealed.model import FIXED, HOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_STRETCH_BLOCKS = 64
_BATCH_BLOCKS = 4
_BATCH_FILES = 512


def jobs(
    wanted: Iterable[WantedFile], flags: Sequence[int], small_bytes: int, block_bytes: int
) -> Iterator[Job]:
    """Small files in the order of the walk, so that a block holds neighbours, hot ones apart from
    the others; big ones in stretches, which several workers may read at once.
    """
    batches: dict[int, list[WantedFile]] = {0: [], HOT: []}
    sizes = {0: 0, HOT: 0}
    for file in wanted:
        if file.seen.size > small_bytes:
            yield from stretches(file, flags[file.number], block_bytes)
            continue
        heat = flags[file.number] & HOT
        batches[heat].append(file)
        sizes[heat] += file.seen.size
        full = sizes[heat] >= _BATCH_BLOCKS * block_bytes
        if full or len(batches[heat]) >= _BATCH_FILES:
            yield SmallFiles(tuple(batches[heat]))
            batches[heat], sizes[heat] = [], 0
    for batch in batches.values():
        if batch:
            yield SmallFiles(tuple(batch))


def stretch_bytes(block_bytes: int) -> int:
    return _STRETCH_BLOCKS * block_bytes


def stretches(file: WantedFile, flags: int, block_bytes: int) -> Iterator[Stretch]:
    length = stretch_bytes(block_bytes)
    for start in range(0, file.seen.size, length):
        end = min(start + length, file.seen.size)
        yield Stretch(file, start, end, bool(flags & FIXED))

"""Whether a file that is there already is what the snapshot has."""

from __future__ import annotations

import os
import stat as modes
import sys
from typing import TYPE_CHECKING

from shared.snapshot.reading import data_extents, read_at
from shared.snapshot.sealed.restore_plan import facts_of, places_of
from shared.snapshot.sealed.sealing import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.snapshot.sealed.attributes import Attributes
    from shared.snapshot.sealed.manifest import SealedManifest

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def keep_file(
    folder: int,
    name: bytes,
    manifest: SealedManifest,
    number: int,
    names: int,
    attributes: Attributes,
) -> bool | None:
    """Keep a file that is right already; whether all its attributes could be set.

    None when there is no such file, or it has other content, other holes, or more names than the
    snapshot gives it (`names`).
    """
    try:
        fd = os.open(name, _READ, dir_fd=folder)
    except OSError:
        return None
    try:
        stat = os.fstat(fd)
        size = manifest.tree.sizes[number]
        alike = modes.S_ISREG(stat.st_mode) and stat.st_size == size and stat.st_nlink <= names
        if not alike or not _has_content(fd, manifest, number, size):
            return None
        return attributes.set(fd, facts_of(manifest.tree, number), new=False)
    finally:
        os.close(fd)


def _has_content(fd: int, manifest: SealedManifest, number: int, size: int) -> bool:
    chunks = manifest.sources.chunks
    covered: list[tuple[int, int]] = []
    for offset, chunk in places_of(manifest.tree, manifest.sources, number):
        end = offset + chunks.chunk_size[chunk]
        if digest_of(read_at(fd, offset, end - offset)) != chunks.digests[chunk]:
            return False
        if covered and covered[-1][1] == offset:
            covered[-1] = (covered[-1][0], end)
        else:
            covered.append((offset, end))
    return _lie_within(data_extents(fd, size), covered)


def _lie_within(extents: Iterator[tuple[int, int]], covered: list[tuple[int, int]]) -> bool:
    """Whether each extent lies in one of the covered runs; both come in order."""
    runs = iter([*covered, (sys.maxsize, sys.maxsize)])
    low, high = next(runs)
    for start, stop in extents:
        while high <= start:
            low, high = next(runs)
        if not (low <= start and stop <= high):
            return False
    return True

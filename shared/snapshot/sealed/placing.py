"""The worker's side of a restore: open blocks, verify chunks, write files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from shared.domain.errors import SnapshotCorrupt
from shared.snapshot.folders import Folders
from shared.snapshot.placing import give_name, growing
from shared.snapshot.sealed.attributes import Attributes
from shared.snapshot.sealed.sealing import Sealer, decompressed, digest_of, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from shared.snapshot.sealed.restore_plan import Part, Unit, Whole

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_GROW = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class RestoreTask(NamedTuple):
    """Pack number n has `pack_keys[n]` and is opened by `secrets[pack_secrets[n]]`."""

    into: Path
    pack_keys: tuple[str, ...]
    pack_secrets: tuple[int, ...]
    secrets: tuple[bytes, ...]
    own_group: bool


class Placed(NamedTuple):
    """What of a unit was written. `parts` are the files' numbers, once for each part."""

    files: int
    size_bytes: int
    incomplete: tuple[int, ...]
    parts: tuple[int, ...]


class FilePlacer:
    """For one thread. `exact_modes`: this process has a umask of 0."""

    def __init__(self, task: RestoreTask, *, exact_modes: bool) -> None:
        self._task = task
        self._folders = Folders(task.into)
        self._attributes = Attributes(own_group=task.own_group, exact_modes=exact_modes)
        self._sealers: dict[int, Sealer] = {}

    def close(self) -> None:
        self._folders.__exit__(None, None, None)

    def do(self, unit: Unit, content: memoryview) -> Placed:
        """Raises SnapshotCorrupt, and OSError. Nothing unverified is written."""
        blocks = self._opened(unit, content)
        incomplete = []
        size_bytes = 0
        for whole in unit.wholes:
            if not self._write_whole(whole, self._chunk_of_whole(unit, whole, blocks)):
                incomplete.append(whole.number)
            size_bytes += whole.size
        size_bytes += self._write_parts(unit, blocks)
        numbers = tuple(part.number for part in unit.parts)
        return Placed(len(unit.wholes), size_bytes, tuple(incomplete), numbers)

    def _opened(self, unit: Unit, content: memoryview) -> list[bytes]:
        if unit.pack < 0:
            return []
        key = self._task.pack_keys[unit.pack]
        sealer = self._sealer(self._task.pack_secrets[unit.pack])
        opened: list[bytes] = []
        for place in unit.blocks:
            at = place.offset - unit.start
            with content[at : at + place.stored] as sealed:
                plain = sealer.open(sealed, place_of(key, place.offset))
            opened.append(decompressed(place.codec, plain, place.size))
        return opened

    def _sealer(self, number: int) -> Sealer:
        if number not in self._sealers:
            self._sealers[number] = Sealer(self._task.secrets[number])
        return self._sealers[number]

    def _chunk_of_whole(self, unit: Unit, whole: Whole, blocks: Sequence[bytes]) -> memoryview:
        if whole.block < 0:
            return memoryview(b"")
        return self._verified(unit, blocks[whole.block], whole.chunk_offset, whole.size, whole)

    def _verified(
        self, unit: Unit, block: bytes, offset: int, size: int, of: Whole | Part
    ) -> memoryview:
        content = memoryview(block)[offset : offset + size]
        if digest_of(content) != of.digest:
            key = self._task.pack_keys[unit.pack]
            raise SnapshotCorrupt(f"{key} holds other bytes than were written")
        return content

    def _write_whole(self, whole: Whole, content: memoryview) -> bool:
        folder, name = self._folders.parent_of(whole.path)
        if whole.fresh and not whole.yields:
            try:
                return self._create(folder, name, whole, content)
            except FileExistsError:
                pass  # somebody was quicker: what is his is replaced
        with growing(folder, whole.number) as side:
            complete = self._create(folder, side, whole, content)
            if whole.yields:
                give_name(folder, side, name)
            else:
                os.rename(side, name, src_dir_fd=folder, dst_dir_fd=folder)
        return complete

    def _create(self, folder: int, name: bytes, whole: Whole, content: memoryview) -> bool:
        mode = self._attributes.mode_at_birth(whole.facts)
        fd = os.open(name, _CREATE, mode, dir_fd=folder)
        try:
            write_at(fd, 0, content)
            if not content and whole.size:
                os.ftruncate(fd, whole.size)
            return self._attributes.set(fd, whole.facts, new=True)
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise
        finally:
            os.close(fd)

    def _write_parts(self, unit: Unit, blocks: Sequence[bytes]) -> int:
        fd, opened = -1, -1
        size_bytes = 0
        try:
            for part in unit.parts:
                if part.number != opened:
                    if fd >= 0:
                        os.close(fd)
                        fd = -1
                    folder, side = self._folders.parent_of(part.path)
                    fd, opened = os.open(side, _GROW, dir_fd=folder), part.number
                block = blocks[part.block]
                content = self._verified(unit, block, part.chunk_offset, part.size, part)
                write_at(fd, part.offset, content)
                size_bytes += part.size
        finally:
            if fd >= 0:
                os.close(fd)
        return size_bytes


def write_at(fd: int, offset: int, content: memoryview) -> None:
    while content:
        written = os.pwrite(fd, content, offset)
        offset += written
        content = content[written:]

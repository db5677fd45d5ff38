"""A process that reads and packs for its parent, and ends with it."""

from __future__ import annotations

import itertools
import signal
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.snapshot.sealed.claims import SharedClaims
from shared.snapshot.sealed.heap import keep_what_is_freed
from shared.snapshot.sealed.model import Chunks
from shared.snapshot.sealed.packing import PackBuilder, Shelf, room_for
from shared.snapshot.sealed.reading import FileReader
from shared.snapshot.sealed.sealing import Sealer

if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from shared.snapshot.sealed.claims import Claims
    from shared.snapshot.sealed.crew import Task
    from shared.snapshot.sealed.jobs import Job

WORTH_BYTES = 96 << 20
"""Below so much to read, starting processes takes longer than they save."""


def builder(task: Task, claims: Claims, shelf: Shelf, numbers: Iterator[int]) -> PackBuilder:
    return PackBuilder(
        Sealer(task.secret),
        claims,
        shelf,
        task.prefix,
        task.snapshot_id,
        numbers,
        task.pack_bytes,
        task.block_bytes,
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """Pack `number` lies whole in the slot, which the parent gives back with `Free`."""

    slot: int
    number: int
    length: int
    chunks: Chunks


@dataclass(frozen=True, slots=True)
class Free:
    slot: int


class _PipeShelf:
    """Slots of shared memory; what else comes through the pipe meanwhile waits in `jobs`."""

    def __init__(self, pipe: Connection, memory: mmap.mmap, room_bytes: int) -> None:
        self._pipe = pipe
        self._memory = memory
        self._room_bytes = room_bytes
        self._free = deque(range(len(memory) // room_bytes))
        self._taken = 0
        self.jobs: deque[Job | None] = deque()

    def take(self) -> memoryview:
        while not self._free:
            self.receive()
        self._taken = self._free.popleft()
        start = self._taken * self._room_bytes
        return memoryview(self._memory)[start : start + self._room_bytes]

    def put(self, number: int, length: int, chunks: Chunks) -> None:
        self._pipe.send(Filled(self._taken, number, length, chunks))

    def receive(self) -> None:
        told = self._pipe.recv()
        if isinstance(told, Free):
            self._free.append(told.slot)
        else:
            self.jobs.append(told)


def main(
    pipe: Connection,
    task: Task,
    claimed: mmap.mmap,
    memory: mmap.mmap,
    numbers: tuple[int, int],
) -> None:
    """Do jobs until the parent says None, then complete the open pack; or until it is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to decide
    keep_what_is_freed()
    try:
        _work(pipe, task, claimed, memory, numbers)
    except (EOFError, ConnectionError):
        return
    except BaseException as error:  # noqa: BLE001 (the parent raises it)
        pipe.send(error)


def _work(
    pipe: Connection,
    task: Task,
    claimed: mmap.mmap,
    memory: mmap.mmap,
    numbers: tuple[int, int],
) -> None:
    shelf = _PipeShelf(pipe, memory, room_for(task.pack_bytes))
    packs = builder(task, SharedClaims(claimed), shelf, itertools.count(*numbers))
    reader = FileReader(task.tree, packs, task.block_bytes, task.attempts)
    while True:
        while not shelf.jobs:
            shelf.receive()
        job = shelf.jobs.popleft()
        if job is None:
            packs.close()
            pipe.send([])
            return
        pipe.send(reader.do(job))

"""Who reads: the caller's own thread, or processes that share memory with it.

A worker process gets jobs through a pipe, fills packs in memory that it shares with the parent,
and says so; the parent copies a whole pack out, hands it on and gives the room back. Only the
parent speaks to the store.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from shared.domain.errors import SnapshotError
from shared.snapshot.objects import Content
from shared.snapshot.sealed import worker
from shared.snapshot.sealed.claims import Claims, OwnClaims, SharedClaims, bytes_for
from shared.snapshot.sealed.heap import keep_what_is_freed
from shared.snapshot.sealed.memory import SharedMemory
from shared.snapshot.sealed.packing import room_for
from shared.snapshot.sealed.reading import FileReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shared.snapshot.sealed.jobs import Job, Result
    from shared.snapshot.sealed.model import Chunks
    from shared.snapshot.sealed.upload import Uploads

SLOTS = 2
_JOBS_AHEAD = 2
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Task:
    """What every reader of a backup is told once. Packs are numbered from `first_number` on."""

    tree: Path
    prefix: str
    snapshot_id: str
    secret: bytes
    first_number: int
    pack_bytes: int
    block_bytes: int
    attempts: int


class Crew(Protocol):
    claims: Claims

    def run(self, jobs: Iterable[Job], done: Callable[[list[Result]], None]) -> None:
        """Do the jobs; `done` is told one answer at a time. Raises SnapshotError and what
        storing raises.
        """

    def finish(self) -> None:
        """Complete and hand on the packs that are still open."""

    def close(self) -> None:
        """End whatever runs."""


class _OneShelf:
    def __init__(self, room_bytes: int, uploads: Uploads) -> None:
        self._room_bytes = room_bytes
        self._uploads = uploads

    @cached_property
    def _room(self) -> bytearray:
        return bytearray(self._room_bytes)

    def take(self) -> memoryview:
        return memoryview(self._room)

    def put(self, number: int, length: int, chunks: Chunks) -> None:
        with memoryview(self._room) as room:
            content = Content(room[:length])
        self._uploads.put(number, content, chunks)


class Alone:
    """The caller's thread does it all."""

    def __init__(self, task: Task, uploads: Uploads) -> None:
        self.claims: Claims = OwnClaims()
        shelf = _OneShelf(room_for(task.pack_bytes), uploads)
        numbers = itertools.count(task.first_number)
        self._packs = worker.builder(task, self.claims, shelf, numbers)
        self._reader = FileReader(task.tree, self._packs, task.block_bytes, task.attempts)

    def run(self, jobs: Iterable[Job], done: Callable[[list[Result]], None]) -> None:
        for job in jobs:
            done(self._reader.do(job))

    def finish(self) -> None:
        self._packs.close()

    def close(self) -> None:
        self._reader.close()


class Processes:
    """Started at once, so that they load what they need while the tree is walked."""

    def __init__(self, task: Task, uploads: Uploads, count: int, known_chunks: int) -> None:
        keep_what_is_freed()
        self._uploads = uploads
        self._claimed = SharedMemory(bytes_for(known_chunks))
        self.claims: Claims = SharedClaims(self._claimed.map)
        self._desks: list[_Desk] = []
        for number in range(count):
            numbers = (task.first_number + number, count)
            self._desks.append(_Desk(task, self._claimed, numbers, uploads))

    def run(self, jobs: Iterable[Job], done: Callable[[list[Result]], None]) -> None:
        queue = _Queue(jobs, done)
        threads = [threading.Thread(target=desk.attend, args=(queue,)) for desk in self._desks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        queue.raise_failure()

    def finish(self) -> None:
        for desk in self._desks:
            desk.ask_to_finish()
        for desk in self._desks:
            desk.await_finish()

    def close(self) -> None:
        for desk in self._desks:
            desk.close()
        self._claimed.close()


class _Queue:
    """Jobs for several desks; what they answer is told one at a time."""

    def __init__(self, jobs: Iterable[Job], done: Callable[[list[Result]], None]) -> None:
        self._jobs = iter(jobs)
        self._done = done
        self._lock = threading.Lock()
        self._failure: BaseException | None = None

    def next(self) -> Job | None:
        with self._lock:
            return None if self._failure else next(self._jobs, None)

    def done(self, results: list[Result]) -> None:
        with self._lock:
            if not self._failure:
                self._done(results)

    def fail(self, error: BaseException) -> None:
        with self._lock:
            self._failure = self._failure or error

    def raise_failure(self) -> None:
        if self._failure:
            raise self._failure


class _Desk:
    """One worker process, seen from the parent."""

    def __init__(
        self, task: Task, claimed: SharedMemory, numbers: tuple[int, int], uploads: Uploads
    ) -> None:
        self._uploads = uploads
        self._room_bytes = room_for(task.pack_bytes)
        self._memory = SharedMemory(SLOTS * self._room_bytes)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=worker.main,
            args=(theirs, task, claimed, self._memory, numbers),
            daemon=True,
        )
        self._process.start()
        theirs.close()

    def attend(self, queue: _Queue) -> None:
        """Keep the worker busy until the queue is empty."""
        waiting = 0
        try:
            while True:
                while waiting < _JOBS_AHEAD and (job := queue.next()) is not None:
                    self._pipe.send(job)
                    waiting += 1
                if not waiting:
                    return
                queue.done(self._answer())
                waiting -= 1
        except (EOFError, ConnectionError):
            queue.fail(SnapshotError("a worker ended before its time"))
        except BaseException as error:  # noqa: BLE001 (told to whoever waits for the queue)
            queue.fail(error)

    def ask_to_finish(self) -> None:
        self._pipe.send(None)

    def await_finish(self) -> None:
        try:
            self._answer()
        except (EOFError, ConnectionError) as error:
            raise SnapshotError("a worker ended before its time") from error

    def _answer(self) -> list[Result]:
        """The next answer to a job; packs that come before it are handed on."""
        while True:
            told = self._pipe.recv()
            if isinstance(told, worker.Filled):
                start = told.slot * self._room_bytes
                with memoryview(self._memory.map) as room, room[start:] as filled:
                    content = Content(filled[: told.length])
                self._uploads.put(told.number, content, told.chunks)
                with contextlib.suppress(ConnectionError):  # after its last pack it ends
                    self._pipe.send(worker.Free(told.slot))
            elif isinstance(told, BaseException):
                raise told
            else:
                results: list[Result] = told
                return results

    def close(self) -> None:
        self._pipe.close()
        self._process.join(timeout=0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._memory.close()


def workers_for(size_bytes: int | None, wanted: int | None) -> int:
    """How many processes so much work is worth; 0 for none. A size of None: much."""
    if wanted is not None:
        return wanted
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if not cores or (size_bytes is not None and size_bytes < worker.WORTH_BYTES):
        return 0
    return min(cores, _MOST_WORKERS)

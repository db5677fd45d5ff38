"""Who writes at a restore: the caller's own thread, or processes that are handed what was fetched.

Only the parent speaks to the store. It fetches several units ahead, in their order, and puts each
into memory that it shares with a worker.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from shared.domain.errors import SnapshotError
from shared.snapshot.objects import get_exactly
from shared.snapshot.sealed.heap import keep_what_is_freed
from shared.snapshot.sealed.memory import SharedMemory
from shared.snapshot.sealed.model import MAX_BLOCK_BYTES
from shared.snapshot.sealed.placing import FilePlacer, Placed, RestoreTask
from shared.snapshot.sealed.restore_plan import UNIT_BYTES, Unit
from shared.snapshot.sealed.sealing import OVERHEAD_BYTES

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

    from shared.ports.blobs import BlobReader
    from shared.snapshot.tuning import Tuning

_SLOTS = 2
_SLOT_BYTES = UNIT_BYTES + MAX_BLOCK_BYTES + OVERHEAD_BYTES


class Fetched:
    """Units with their bytes, in order; may be asked by several threads."""

    def __init__(
        self,
        units: Iterable[Unit],
        blobs: BlobReader,
        pack_keys: tuple[str, ...],
        tuning: Tuning,
    ) -> None:
        self._units = iter(units)
        self._blobs = blobs
        self._pack_keys = pack_keys
        self._patience = tuning.patience
        self._ahead = tuning.fetch_threads
        self._pool = ThreadPoolExecutor(tuning.fetch_threads, "fetch")
        self._running: deque[tuple[Unit, Future[bytes]]] = deque()
        self._lock = threading.Lock()
        self._stopped = False

    def next(self) -> tuple[Unit, bytes] | None:
        """Raises SnapshotCorrupt, BlobRefused, BlobError."""
        with self._lock:
            while not self._stopped and len(self._running) < self._ahead:
                unit = next(self._units, None)
                if unit is None:
                    break
                self._running.append((unit, self._pool.submit(self._fetch, unit)))
            if self._stopped or not self._running:
                return None
            unit, running = self._running.popleft()
        return unit, running.result()

    def stop(self) -> None:
        self._stopped = True

    def close(self) -> None:
        self.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _fetch(self, unit: Unit) -> bytes:
        if unit.pack < 0:
            return b""
        key = self._pack_keys[unit.pack]
        return get_exactly(self._blobs, key, unit.start, unit.length, self._patience)


class RestoreCrew(Protocol):
    def run(self, fetched: Fetched, done: Callable[[Placed], None]) -> None:
        """`done` is told one answer at a time. Raises SnapshotError, OSError, BlobError."""

    def close(self) -> None: ...


class PlacingAlone:
    def __init__(self, task: RestoreTask) -> None:
        self._placer = FilePlacer(task, exact_modes=False)

    def run(self, fetched: Fetched, done: Callable[[Placed], None]) -> None:
        while (found := fetched.next()) is not None:
            unit, content = found
            with memoryview(content) as view:
                done(self._placer.do(unit, view))

    def close(self) -> None:
        self._placer.close()


class PlacingProcesses:
    def __init__(self, task: RestoreTask, count: int) -> None:
        self._desks = [_Desk(task) for _ in range(count)]

    def run(self, fetched: Fetched, done: Callable[[Placed], None]) -> None:
        lock = threading.Lock()
        failures: list[BaseException] = []

        def attend(desk: _Desk) -> None:
            try:
                desk.attend(fetched, done, lock)
            except (EOFError, ConnectionError):
                failures.append(SnapshotError("a worker ended before its time"))
                fetched.stop()
            except BaseException as error:  # noqa: BLE001 (raised by whoever waits below)
                failures.append(error)
                fetched.stop()

        threads = [threading.Thread(target=attend, args=(desk,)) for desk in self._desks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]

    def close(self) -> None:
        for desk in self._desks:
            desk.close()


class _Desk:
    """One worker process, seen from the parent."""

    def __init__(self, task: RestoreTask) -> None:
        self._memory = SharedMemory(_SLOTS * _SLOT_BYTES)
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=main, args=(theirs, task, self._memory), daemon=True)
        self._process.start()
        theirs.close()

    def attend(
        self, fetched: Fetched, done: Callable[[Placed], None], lock: threading.Lock
    ) -> None:
        free = deque(range(_SLOTS))
        waiting: deque[int] = deque()
        exhausted = False
        while waiting or not exhausted:
            while free and not exhausted:
                found = fetched.next()
                if found is None:
                    exhausted = True
                    break
                slot = free.popleft()
                self._hand_over(slot, *found)
                waiting.append(slot)
            if waiting:
                placed = self._answer()
                free.append(waiting.popleft())
                with lock:
                    done(placed)

    def _hand_over(self, slot: int, unit: Unit, content: bytes) -> None:
        start = slot * _SLOT_BYTES
        self._memory.map[start : start + len(content)] = content
        self._pipe.send((slot, unit))

    def _answer(self) -> Placed:
        told = self._pipe.recv()
        if isinstance(told, BaseException):
            raise told
        placed: Placed = told
        return placed

    def close(self) -> None:
        self._pipe.close()
        self._process.join(timeout=0.2)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._memory.close()


def main(pipe: Connection, task: RestoreTask, memory: mmap.mmap) -> None:
    """Place units until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to decide
    keep_what_is_freed()
    os.umask(0)
    placer = FilePlacer(task, exact_modes=True)
    try:
        while True:
            slot, unit = pipe.recv()
            start = slot * _SLOT_BYTES
            with memoryview(memory) as room, room[start : start + unit.length] as content:
                placed = placer.do(unit, content)
            pipe.send(placed)
    except (EOFError, ConnectionError):
        return
    except BaseException as error:  # noqa: BLE001 (the parent raises it)
        pipe.send(error)

"""The numbers that a backup and a restore may be given, and what they report on their way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.snapshot.manifest import MAX_BLOCK_BYTES

_REPORT_EVERY_BYTES = 8 << 20
_REPORT_EVERY_FILES = 256


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a call whose answer was unclear is made again; each pause doubles the last."""

    attempts: int = 7
    first_pause_s: float = 0.5
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Tuning:
    """Memory is bounded by about `pack_bytes` x (`upload_threads` + 2) plus a few blocks.

    Chunks under `group_bytes` share a block. `now_ns` must be the clock that stamps the files.
    Format 2 only: `workers` processes (None: by the work and the cores; 0: none), each with room
    for two packs; `fetch_threads` stretches of 8 MiB are on their way at a restore.
    """

    pack_bytes: int = 16 << 20
    block_bytes: int = MAX_BLOCK_BYTES
    group_bytes: int = MAX_BLOCK_BYTES // 2
    upload_threads: int = 3
    compress_threads: int = 2
    restore_threads: int = 4
    read_attempts: int = 3
    settle_ns: int = 2_000_000_000
    workers: int | None = None
    fetch_threads: int = 8
    now_ns: Callable[[], int] = time.time_ns
    patience: Patience = field(default_factory=Patience)


DEFAULT_TUNING = Tuning()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. A total is None while nobody knows it. `usable`: what the user's programs
    had read when the snapshot was taken is in place, though the rest may not be.

    Reports come one at a time, but from whichever thread has just got on.
    """

    phase: str
    files_done: int
    bytes_done: int
    files_total: int | None = None
    bytes_total: int | None = None
    usable: bool = False


class Meter:
    """Adds up what several threads have done and reports it now and then, one call at a time."""

    def __init__(
        self,
        report: Callable[[Progress], None],
        phase: str,
        *,
        files_total: int | None = None,
        bytes_total: int | None = None,
    ) -> None:
        self._report = report
        self._phase = phase
        self._files_total = files_total
        self._bytes_total = bytes_total
        self._files = self._bytes = 0
        self._reported_files = self._reported_bytes = 0
        self._usable = False
        self._lock = threading.Lock()

    def usable(self) -> None:
        with self._lock:
            self._usable = True
            self._tell()

    def add(self, *, files: int = 0, size_bytes: int = 0) -> None:
        with self._lock:
            self._files += files
            self._bytes += size_bytes
            if (
                self._files - self._reported_files >= _REPORT_EVERY_FILES
                or self._bytes - self._reported_bytes >= _REPORT_EVERY_BYTES
            ):
                self._tell()

    def finish(self) -> None:
        with self._lock:
            self._tell()

    def _tell(self) -> None:
        self._reported_files, self._reported_bytes = self._files, self._bytes
        totals = (self._files_total, self._bytes_total)
        self._report(Progress(self._phase, self._files, self._bytes, *totals, self._usable))

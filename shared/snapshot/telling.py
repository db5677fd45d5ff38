"""Progress for people: one line that is written over, or now and then one of its own."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.snapshot.tuning import Progress

_EVERY_S = 0.5
_EVERY_QUIET_S = 10.0
_MIB = 1 << 20


class Teller:
    """Tells rate and time left. `monotonic` gives seconds."""

    def __init__(
        self, out: TextIO = sys.stderr, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out
        self._monotonic = monotonic
        self._started = monotonic()
        self._told_at = self._started
        self._live = out.isatty()
        self._usable = False

    def __call__(self, progress: Progress) -> None:
        now = self._monotonic()
        if progress.usable and not self._usable:
            self._usable = True
            self._out.write(f"usable after {now - self._started:.1f} s\n")
        if now - self._told_at < (_EVERY_S if self._live else _EVERY_QUIET_S):
            return
        self._told_at = now
        line = told(progress, now - self._started)
        self._out.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        self._out.flush()

    def end(self) -> None:
        if self._live:
            self._out.write("\r\x1b[K")


def told(progress: Progress, seconds: float) -> str:
    """How far, how fast, and how long it will take at this rate, as far as that is known."""
    rate = progress.bytes_done / seconds if seconds > 0 else 0.0
    line = f"{progress.phase}: {progress.bytes_done / _MIB:,.0f}"
    if progress.bytes_total is not None:
        line += f" of {progress.bytes_total / _MIB:,.0f}"
    line += f" MiB, {progress.files_done:,} files, {rate / _MIB:,.0f} MiB/s"
    if progress.bytes_total is not None and rate > 0:
        left = max(0, progress.bytes_total - progress.bytes_done)
        line += f", {left / rate:,.0f} s left"
    return line

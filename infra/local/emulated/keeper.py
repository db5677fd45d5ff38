"""Keeps every function's process running, as the platform would: one that ends is started anew."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

log = logging.getLogger(__name__)
LOOK_S = 0.1
START_S = 60.0
GRACE_S = 4.0  # for what a function is at when all ends
SHORT_LIFE_S = 10.0  # one that ends sooner than this after its start is given more time each time
LONGEST_WAIT_S = 10.0


class FunctionDown(RuntimeError):
    """A function's process ended as it began, or never listened; the log says why."""


class Kept(Protocol):
    """A function's process, as its keeper needs it."""

    @property
    def name(self) -> str: ...

    @property
    def running(self) -> bool: ...

    @property
    def listening(self) -> bool: ...

    def start(self) -> None: ...

    def ask_to_end(self) -> None: ...

    def end(self, within_s: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Life:
    """`wait_s` counts from the start: how soon it may be started again if it ends."""

    started_s: float
    wait_s: float = 0.0

    def next(self, now_s: float) -> Life:
        """Its next life. One that ended soon after its start waits longer each time."""
        soon = now_s - self.started_s < SHORT_LIFE_S + self.wait_s
        longer = min(LONGEST_WAIT_S, max(1.0, 2 * self.wait_s))
        return Life(now_s, longer if soon else 0.0)


class Keeper:
    """Made and stopped by the stack; between them a thread looks after the processes."""

    def __init__(self, kept: Sequence[Kept]) -> None:
        self._kept = kept
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._lives: dict[str, Life] = {}
        self._thread = threading.Thread(target=self._look_after, name="keeper", daemon=True)

    def begin(self) -> None:
        """Start all of them, without waiting."""
        for each in self._kept:
            self._lives[each.name] = Life(time.monotonic())
            each.start()

    def start(self) -> None:
        """Returns when each listens, and looks after them from then on. Raises FunctionDown."""
        deadline = time.monotonic() + START_S
        for each in self._kept:
            while not each.listening:
                if not each.running or time.monotonic() > deadline:
                    raise FunctionDown(f"{each.name} does not listen")
                self._stopped.wait(LOOK_S)
        self._thread.start()

    def stop(self) -> None:
        """Nothing is started any more, and what runs is ended."""
        self._stopped.set()
        with self._lock:
            for each in self._kept:
                each.ask_to_end()
            deadline = time.monotonic() + GRACE_S
            for each in self._kept:
                each.end(deadline - time.monotonic())

    def _look_after(self) -> None:
        while not self._stopped.wait(LOOK_S):
            for each in self._kept:
                life = self._lives[each.name]
                if not each.running and time.monotonic() >= life.started_s + life.wait_s:
                    self._again(each, life)

    def _again(self, ended: Kept, life: Life) -> None:
        with self._lock:
            if not self._stopped.is_set():
                log.warning("%s ended and is started again", ended.name)
                self._lives[ended.name] = life.next(time.monotonic())
                ended.start()

"""Virtual time: what is to happen when, and tasks that may wait in the middle.

Every task is a greenlet, so that a call to the outside anywhere in the real code can let others
run before it goes on. One thread; the order is decided by the moments alone.
"""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from greenlet import GreenletExit, getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[], object]

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_MONOTONIC_AT_START_S = 1000.0


class Crash(GreenletExit):
    """The process is gone: no handler for errors may catch this."""


class Agenda:
    """`now_s` counts seconds since the beginning."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.clock = VirtualClock(self)
        self._heap: list[tuple[float, int, Run]] = []
        self._numbers = count()
        self._hub = getcurrent()
        self.uninterrupted = 0  # above 0 nobody waits: locks of threads are held
        self._ending: set[greenlet] = set()
        self._idle: list[greenlet] = []

    def at(self, moment_s: float, run: Run) -> None:
        """Run it then, inside a task of its own. Never in the past."""
        heapq.heappush(self._heap, (max(moment_s, self.now_s), next(self._numbers), run))

    def later(self, seconds: float, run: Run) -> None:
        heapq.heappush(self._heap, (self.now_s + seconds, next(self._numbers), run))

    def run_until(self, moment_s: float, done: Callable[[], bool] | None = None) -> bool:
        """Let time pass; true as soon as `done` is, looked at whenever time moves on."""
        heap = self._heap
        while heap and heap[0][0] <= moment_s:
            at_s = heap[0][0]
            if at_s > self.now_s:
                if done is not None and done():
                    return True
                self.now_s = at_s
            run = heapq.heappop(heap)[2]
            if isinstance(run, greenlet):
                run.switch()
            else:
                (self._idle.pop() if self._idle else greenlet(self._work)).switch(run)
        self.now_s = max(self.now_s, moment_s)
        return done is not None and done()

    def wait(self, seconds: float) -> None:
        """Let others run for so long. Only inside a task that holds no lock of threads."""
        task = getcurrent()
        if task in self._ending:
            raise Crash
        if self.uninterrupted or task is self._hub:
            self.now_s += seconds
            return
        heapq.heappush(self._heap, (self.now_s + seconds, next(self._numbers), task))
        self._hub.switch()

    def end(self, task: greenlet) -> None:
        """Whatever it waits for, it dies there, with its `finally` blocks run."""
        self._heap[:] = [each for each in self._heap if each[2] is not task]
        heapq.heapify(self._heap)
        if not task.dead:
            task.parent = getcurrent()  # where its end leads to
            self._ending.add(task)
            task.throw(Crash)
            self._ending.discard(task)

    def close(self) -> None:
        """Nothing is run any more."""
        for task in self._idle:
            task.throw(Crash)
        self._idle.clear()

    def _work(self, run: Run) -> None:
        """One task after another: a new greenlet costs more than most tasks do."""
        task = getcurrent()
        while True:
            run()
            if task in self._ending:
                return  # to whoever ended it, and has more to do
            self._idle.append(task)
            run = self._hub.switch()


class VirtualClock:
    """Implements Clock. It is right: machines may believe otherwise, the control plane not."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._asked_s = -1.0
        self._now = START

    def now(self) -> datetime:
        now_s = self._agenda.now_s
        if now_s != self._asked_s:
            self._asked_s = now_s
            self._now = START + timedelta(seconds=now_s)
        return self._now

    def monotonic_s(self) -> float:
        return _MONOTONIC_AT_START_S + self._agenda.now_s

    def sleep(self, seconds: float) -> None:
        self._agenda.wait(seconds)

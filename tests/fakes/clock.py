"""Time that moves by hand, and ids that a seed decides."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta

from shared.adapters.system import ulid

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class FakeClock:
    """Stands still until it is moved. A sleep moves it, and is remembered in `slept_s`."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic_s = 1000.0
        self._lock = threading.Lock()
        self.slept_s: list[float] = []

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Time passes, on the wall and on the stopwatch."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._monotonic_s += seconds

    def set(self, moment: datetime) -> None:
        """The host's clock is corrected, perhaps backwards; the stopwatch does not notice."""
        self._now = moment


class SeededIds:
    """The same ids and tokens in every run; unique, and in order of making."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._made = 0
        self._lock = threading.Lock()

    def new(self, prefix: str) -> str:
        with self._lock:
            self._made += 1
            return f"{prefix}_{ulid(self._made, self._random.getrandbits(80))}"

    def token(self, n_bytes: int = 32) -> str:
        with self._lock:
            return self._random.randbytes(n_bytes).hex()

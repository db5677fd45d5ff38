"""Simulated time: start + elapsed real time x speed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import formatdate


@dataclass(frozen=True, slots=True)
class SimulatedClock:
    """`origin_simulated` was the simulated time at the real time `origin_real` (both epoch)."""

    origin_simulated: float
    origin_real: float
    speed: float

    def now(self) -> float:
        """Simulated epoch seconds."""
        return self.origin_simulated + (time.time() - self.origin_real) * self.speed

    def at_speed(self, speed: float) -> SimulatedClock:
        """The same time now, going on at another speed."""
        return SimulatedClock(self.now(), time.time(), speed)


def http_date(now: float) -> str:
    return formatdate(now, usegmt=True)

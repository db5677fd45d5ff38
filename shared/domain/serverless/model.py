"""Serverless: asleep when nobody asks, awake when somebody does. What its owner chose. Pure."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass

LEAST_IDLE_S = 2.0
MOST_IDLE_S = 3600.0


class Mode(StrEnum):
    FAST = "fast"  # the machine is stopped, its disk and its snapshot kept
    ECONOMIC = "economic"  # snapshot, release, wake on any machine
    SPOT = "spot"  # the same on interruptible machines, at a new bid each time


@dataclass(frozen=True, slots=True)
class Serverless:
    """`idle_timeout_s` None: as the instance's own adaptive policy decides."""

    mode: Mode = Mode.ECONOMIC
    idle_timeout_s: float | None = 60.0
    gpu_threshold_percent: float = 5.0

    def __post_init__(self) -> None:
        timeout_s = self.idle_timeout_s
        if timeout_s is not None and not LEAST_IDLE_S <= timeout_s <= MOST_IDLE_S:
            raise Invalid("2 to 3600 seconds", "/idle_timeout_seconds")
        if not 0 < self.gpu_threshold_percent <= 100:
            raise Invalid("above 0, at most 100 %", "/gpu_threshold")


@dataclass(frozen=True, slots=True)
class InferenceLease:
    """Somebody waits for an answer of the instance; forgotten at `expires_at` at the latest."""

    id: str
    opened_at: datetime
    expires_at: datetime


def told_of(chosen: Serverless) -> str:
    """For its owner's timeline."""
    timeout_s = chosen.idle_timeout_s
    after = "adaptive" if timeout_s is None else f"after {timeout_s:g} s"
    return f"{chosen.mode.value}, idle {after} below {chosen.gpu_threshold_percent:g} % GPU"

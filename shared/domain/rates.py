"""How often somebody may do something: the generic cell rate algorithm (ITU-T I.371).

One number is remembered for each caller: the moment until which what they did is paid for.
"""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once; then one each `every_s` seconds."""

    burst: int
    every_s: float

    @property
    def forgotten_after_s(self) -> float:
        """Whoever does nothing for so long may do everything again."""
        return self.burst * self.every_s


@dataclass(frozen=True, slots=True)
class PaidUntil:
    """As it is stored, for limits that hold over all processes. `at_s` is in epoch seconds."""

    at_s: float
    expires_at: datetime


def take(paid_until_s: float, rate: Rate, now_s: float) -> tuple[float, float]:
    """The moment until which is paid after one more, and 0; or as before, and seconds to wait."""
    after_s = max(paid_until_s, now_s) + rate.every_s
    wait_s = after_s - now_s - rate.forgotten_after_s
    # A nanosecond of rounding is nobody's fault.
    return (paid_until_s, wait_s) if wait_s > 1e-9 else (after_s, 0.0)

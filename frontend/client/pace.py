"""How often to try again and how long to wait in between. Nothing here does any I/O."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

TEMPORARY = frozenset({429, 503})
STILL_IN_PROGRESS = "idempotency_in_progress"


@dataclass(frozen=True, slots=True)
class Pace:
    """Bounds on patience, in seconds.

    `sleep` and `monotonic` are handed in so that tests need no time.
    """

    attempts: int = 4
    first_wait_s: float = 0.25
    longest_wait_s: float = 5.0
    longest_retry_after_s: float = 30.0
    timeout_s: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic

    def backoff_s(self, tries: int) -> float:
        """The wait after this many tries: doubling, bounded."""
        return float(min(self.first_wait_s * 2 ** (tries - 1), self.longest_wait_s))

    def wait_s(self, tries: int, retry_after_s: float | None) -> float | None:
        """The wait before another try; None when there is to be none: the tries are used up,
        or the server asks for more patience than a caller has.
        """
        if tries >= self.attempts:
            return None
        if retry_after_s is None:
            return self.backoff_s(tries)
        return retry_after_s if retry_after_s <= self.longest_retry_after_s else None

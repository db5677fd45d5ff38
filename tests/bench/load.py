"""Many callers at once, for a while."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


@dataclass(slots=True)
class Load:
    """Milliseconds of each good answer; `failed` counts the others."""

    seconds: float = 0.0
    ms: list[float] = field(default_factory=list)
    failed: int = 0

    @property
    def per_s(self) -> float:
        return round(len(self.ms) / self.seconds, 1)


def call_for(seconds: float, threads: int, call: Callable[[], httpx.Response]) -> Load:
    """Each thread calls again as soon as it is answered."""
    load, lock = Load(), threading.Lock()
    began = time.perf_counter()

    def caller() -> None:
        own: list[float] = []
        failed = 0
        while time.perf_counter() - began < seconds:
            asked = time.perf_counter()
            good = call().is_success
            if good:
                own.append((time.perf_counter() - asked) * 1000)
            failed += not good
        with lock:
            load.ms += own
            load.failed += failed

    callers = [threading.Thread(target=caller) for _ in range(threads)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    load.seconds = time.perf_counter() - began
    return load

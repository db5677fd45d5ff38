"""Real processes are waited for with a deadline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
POLL_S = 0.2


def until(what: str, look: Callable[[], T | None], within_s: float = 40.0) -> T:
    """The first thing seen that is neither None nor False; an AssertionError after the deadline."""
    deadline = time.monotonic() + within_s
    while True:
        seen = look()
        if seen is not None and seen is not False:
            return seen
        assert time.monotonic() < deadline, f"waited {within_s:.0f} s in vain for {what}"
        time.sleep(POLL_S)

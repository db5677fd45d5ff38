"""The fewest faults that still show what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.faults import Strike
from tests.simulation.life import live

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.outcome import Outcome

_MOST_RUNS = 250


def shrunk(
    seed: int, machines: int, failure: Outcome, *, run: Callable[..., Outcome] = live
) -> tuple[frozenset[Strike], Outcome]:
    """The mask under which the seed still breaks what it broke, and what it shows then.

    Halves, quarters, ... and at last single strikes are masked, as long as one of the counts
    that were not 0 stays so. A masked strike changes what follows: new ones are masked in turn.
    """
    broken = {name for name, count in failure.counts.items() if count}
    search = _Search(seed, machines, broken, run)
    best, shown = frozenset[Strike](), failure
    size = max(1, len(failure.strikes) // 2)
    while True:
        smaller = search.without_some(best, shown, size)
        if smaller is not None:
            best, shown = smaller
            size = max(1, min(size, len(shown.strikes) // 2))
        elif size == 1:
            return best, shown
        else:
            size //= 2


class _Search:
    def __init__(
        self, seed: int, machines: int, broken: set[str], run: Callable[..., Outcome]
    ) -> None:
        self._seed = seed
        self._machines = machines
        self._broken = broken
        self._run = run
        self._left = _MOST_RUNS

    def without_some(
        self, mask: frozenset[Strike], shown: Outcome, size: int
    ) -> tuple[frozenset[Strike], Outcome] | None:
        """A larger mask of `size` more strikes that still fails with fewer left, or None."""
        for first in range(0, len(shown.strikes), size):
            if self._left == 0:
                return None
            self._left -= 1
            more = mask | frozenset(shown.strikes[first : first + size])
            outcome = self._run(self._seed, self._machines, masked=more)
            still = any(outcome.counts.get(name) for name in self._broken)
            if still and len(outcome.strikes) < len(shown.strikes):
                return more, outcome
        return None

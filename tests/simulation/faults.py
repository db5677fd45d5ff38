"""What strikes in one seed: drawn, counted, numbered, and masked when a trace is made short."""

from __future__ import annotations

import random
from collections import Counter
from typing import TYPE_CHECKING

from tests.simulation import menu

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Strike = tuple[str, str, int]
"""Fault, call, and the how-manieth of this cell in the seed."""


class SeededFaults:
    """Implements Faults. A cell's draws come from a stream of its own, so that masking one
    strike leaves the draws of all others as they were.
    """

    def __init__(self, seed: int, masked: Collection[Strike] | None = None) -> None:
        self._seed = seed
        self._masked = frozenset(masked or ())
        self.rates = menu.plan(random.Random(f"{seed}/plan"))
        self._streams: dict[tuple[str, str], random.Random] = {}
        self._numbers: Counter[tuple[str, str]] = Counter()
        self.struck: list[Strike] = []
        self.on_strike: Callable[[Strike], None] = lambda _strike: None
        self._calm = False

    @property
    def calm(self) -> bool:
        return self._calm

    def stop(self) -> None:
        self._calm = True
        self.rates.clear()

    def strikes(self, fault: str, call: str) -> bool:
        if self._calm:
            return False
        cell = (fault, call)
        rate = self.rates.get(cell)
        if rate is None:
            return False
        stream = self._streams.get(cell)
        if stream is None:
            stream = self._streams[cell] = random.Random(f"{self._seed}/{fault}/{call}")
        return stream.random() < rate and self.happens(fault, call)

    def happens(self, fault: str, call: str) -> bool:
        """It was drawn: number it; false when it is masked."""
        self._numbers[fault, call] += 1
        strike = (fault, call, self._numbers[fault, call])
        if strike in self._masked:
            return False
        self.struck.append(strike)
        self.on_strike(strike)
        return True

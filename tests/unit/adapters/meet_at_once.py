"""Several threads meet classes that nobody has decoded yet: run as a process of its own."""

from __future__ import annotations

import sys
import threading
from dataclasses import make_dataclass
from enum import StrEnum
from typing import Any

from shared.adapters.embedded import bodies
from shared.ports.store import Collection

ROUNDS = 20
THREADS = 8


def classes(number: int) -> tuple[Any, Any, Any]:
    """A class, one that holds it, and a value of the first; large enough to take a while."""
    moods: list[Any] = [
        StrEnum(f"Mood{number}_{n}", {f"WORD{w}": f"word {w}" for w in range(30)})
        for n in range(15)
    ]
    part = make_dataclass(f"Part{number}", [(f"m{n}", m) for n, m in enumerate(moods)], frozen=True)
    parts = [("one", part), ("many", tuple[part, ...])]
    whole = make_dataclass(f"Whole{number}", parts, frozen=True)
    return part, whole, part(*[mood.WORD1 for mood in moods])


def meet(number: int) -> None:
    part, whole, value = classes(number)
    kept = Collection("parts", part), Collection("wholes", whole)
    texts = bodies.body_of(kept[0], value), bodies.body_of(kept[1], whole(value, (value, value)))
    together = threading.Barrier(THREADS)

    def decode(which: int) -> None:
        together.wait()
        bodies.value_of(kept[which], texts[which])

    threads = [threading.Thread(target=decode, args=(n % 2,)) for n in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


if __name__ == "__main__":
    sys.setswitchinterval(1e-6)
    for each_round in range(ROUNDS):
        meet(each_round)

"""Things due at a time, in order of time and then of asking."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from infra.simulators.vast.model.state import Timer

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract, World

ANY_TURN = -1


def schedule(world: World, at: float, event: str, subject: int, turn: int = ANY_TURN) -> None:
    world.next_seq += 1
    heapq.heappush(world.timers, Timer(at, world.next_seq, event, subject, turn))


def next_step(world: World, contract: Contract, at: float, event: str) -> None:
    """Make `event` the contract's only pending step of its life cycle."""
    contract.turn += 1
    schedule(world, at, event, contract.id, contract.turn)


def pop_due(world: World, now: float) -> Timer | None:
    if not world.timers or world.timers[0].at > now:
        return None
    return heapq.heappop(world.timers)

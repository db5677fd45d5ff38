"""How long wakes took, by their own history, and how long this one may still take. Pure.

Nothing is guessed: with fewer than LEAST wakes there is no figure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.market.offers import MachineType
from shared.domain.operations import Operation, OperationKind, OperationState
from shared.domain.serverless.model import Mode

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.instances.model import Instance

LEAST = 3  # a median of two is either of them
LEAST_FOR_P90 = 10  # of fewer the ninth tenth is the worst one
WAKING = (OperationKind.WAKE, OperationKind.RESUME)


@dataclass(frozen=True, slots=True)
class WakeTimes:
    """Seconds from the order to the running instance, over `n` wakes that succeeded.

    None where there are too few. `phases` are medians by name, over the same wakes.
    """

    n: int
    p50_s: float | None
    p90_s: float | None
    phases: Mapping[str, float]

    @property
    def enough(self) -> bool:
        return self.p50_s is not None


def manner_of(instance: Instance, kind: OperationKind) -> str:
    """By which mode's means this order wakes it; "" where it wakes nothing."""
    if kind is OperationKind.RESUME:
        return Mode.FAST.value
    if kind is not OperationKind.WAKE:
        return ""
    bids = instance.seeks.machine_type is MachineType.INTERRUPTIBLE
    return Mode.SPOT.value if bids else Mode.ECONOMIC.value


def wake_times(operations: Iterable[Operation], mode: Mode) -> WakeTimes:
    """Of the wakes among them that were of this mode and succeeded."""
    done = [each for each in operations if _counts(each) and each.mode == mode.value]
    lasted = sorted(_seconds(each.created_at, each.finished_at) for each in done)
    enough = len(lasted) >= LEAST
    return WakeTimes(
        n=len(lasted),
        p50_s=quantile(lasted, 0.5) if enough else None,
        p90_s=quantile(lasted, 0.9) if len(lasted) >= LEAST_FOR_P90 else None,
        phases=_phases(done) if enough else {},
    )


def _counts(operation: Operation) -> bool:
    return operation.kind in WAKING and operation.state is OperationState.SUCCEEDED


def _phases(done: Iterable[Operation]) -> dict[str, float]:
    """A phase that a wake did not pass is not counted as one of nothing."""
    lasted: dict[str, list[float]] = {}
    for operation in done:
        for phase in operation.phases:
            if phase.ended_at:
                taken = lasted.setdefault(phase.name, [])
                taken.append(_seconds(phase.started_at, phase.ended_at))
    return {name: quantile(sorted(each), 0.5) for name, each in lasted.items()}


def quantile(ordered: list[float], share: float) -> float:
    """The smallest that at least this share does not exceed (nearest rank); of at least one."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def remaining_s(times: WakeTimes, began_at: datetime, now: datetime) -> float | None:
    """Seconds that a wake like those before it still takes; None where that is not known, or it
    takes longer than nine in ten did.
    """
    spent = _seconds(began_at, now)
    for usual in (times.p50_s, times.p90_s):
        if usual is not None and spent < usual:
            return usual - spent
    return None


def _seconds(since: datetime, until: datetime | None) -> float:
    return (until - since).total_seconds() if until else 0.0

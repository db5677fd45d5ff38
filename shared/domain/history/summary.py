"""How launches went, counted. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.history.attempt import Outcome, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shared.domain.history.attempt import Attempt
    from shared.domain.history.marks import Mark


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from the create order to hello, of those that were ready; None for no sample."""

    p50_s: float | None
    p90_s: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class Counts:
    """`success_rate` is of those that were ready or failed; None while there are none."""

    attempts: int
    ready: int
    failed: int
    withdrawn: int
    lost: int
    failed_by_stage: Mapping[Stage, int]
    waits: Waits
    machines: int

    @property
    def success_rate(self) -> float | None:
        decided = self.ready + self.failed
        return self.ready / decided if decided else None


def counted(attempts: Sequence[Attempt]) -> Counts:
    outcomes = Counter(each.outcome for each in attempts)
    return Counts(
        attempts=len(attempts),
        ready=outcomes[Outcome.READY],
        failed=outcomes[Outcome.FAILED],
        withdrawn=outcomes[Outcome.WITHDRAWN],
        lost=sum(each.lost_at is not None for each in attempts),
        failed_by_stage=failures(attempts),
        waits=waits(attempts),
        machines=len({(each.provider, each.machine_id) for each in attempts}),
    )


def by_provider(attempts: Iterable[Attempt]) -> dict[str, Counts]:
    """In the order of their names."""
    found: defaultdict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        found[attempt.provider].append(attempt)
    return {provider: counted(found[provider]) for provider in sorted(found)}


def failures(launches: Iterable[Attempt | Mark]) -> dict[Stage, int]:
    """How many failed at each stage before being ready."""
    stages = Counter(each.stage for each in launches if each.outcome is Outcome.FAILED)
    return {stage: stages[stage] for stage in Stage if stage is not Stage.READY}


def waits(launches: Iterable[Attempt | Mark]) -> Waits:
    seconds = sorted(each.seconds for each in launches if each.outcome is Outcome.READY)
    return Waits(_nearest(seconds, 0.5), _nearest(seconds, 0.9), len(seconds))


def _nearest(ordered: Sequence[float], share: float) -> float | None:
    """The nearest-rank percentile: one of the samples, never a value between two."""
    if not ordered:
        return None
    return ordered[max(1, math.ceil(share * len(ordered))) - 1]

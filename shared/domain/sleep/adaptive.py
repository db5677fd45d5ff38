"""How long to wait awake before sleep pays, learnt from past idle spells. Pure.

Waiting costs a second of the machine for each second; sleeping costs `wake_s`, the seconds of
the machine that a wake is worth. Without any knowledge the best is to wait just as long as a wake
costs ("ski rental", Karlin et al. 1988: never more than twice the best in hindsight). Each view
of the past (see `views`) keeps what every length of waiting would have cost in the spells that
it has seen, beside that prior; the views are weighed by what following each would have cost lately
(exponential weights, Littlestone and Warmuth 1994), and the least expected cost is chosen.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import field
from itertools import repeat
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.sleep.replay import moments, replay
from shared.domain.sleep.views import ALL_OWN, ALL_SHARED, VIEWS, Track, View

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.domain.sleep.spells import Spell

# Lengths of waiting that are weighed, in costs of a wake: none at all, and 1/32 to 8, or more.
STEPS_PER_DOUBLING = 2
WAITS: tuple[float, ...] = (0.0, *(2.0 ** (k / STEPS_PER_DOUBLING) for k in range(-10, 8)))
# How many spells the prior, or the view beside, counts as.
PRIOR_SPELLS = 3.0
# Where nothing is known: spells of all lengths alike on a logarithmic scale from here on (in
# costs of a wake), for which the best is to wait for the cost of one wake.
SHORTEST = 1.0 / 16
# Lost costs of a wake halve a view's weight at about 0.35; what was lost fades with each spell.
SHARPNESS = 2.0
LOSSES_KEEP = 0.97


@dataclass(frozen=True, slots=True)
class Choice:
    """Wait `timeout_s`, and then sleep. `spells` of its own and of the owner's instances are
    known; `leading` is the view that weighs most. Costs are expected, in seconds of the machine,
    of this choice, of going to sleep at once, and of waiting for as long as a wake costs.
    """

    timeout_s: float
    wake_s: float
    own_spells: int
    shared_spells: int
    leading: str
    expected_s: float
    at_once_s: float
    break_even_s: float


def _prior() -> list[float]:
    """Expected cost of each wait under P(length > t) = SHORTEST / t."""
    return [
        wait + 1.0
        if wait <= SHORTEST
        else SHORTEST * math.log(wait / SHORTEST) + SHORTEST + SHORTEST / wait
        for wait in WAITS
    ]


PRIOR = _prior()
BREAK_EVEN = bisect_left(WAITS, 1.0)
_ASLEEP = [wait + 1.0 for wait in WAITS]
_MOST = WAITS[-1] + 1.0


def _costs(length: float) -> list[float]:
    """What each wait costs in a spell of this length, both in costs of a wake."""
    stays = bisect_left(WAITS, length)
    return [*_ASLEEP[:stays], *repeat(length, len(WAITS) - stays)]


@dataclass(slots=True)
class _Seen:
    costs: list[float]
    spells: float = 1.0
    count: int = 1


@dataclass(slots=True)
class _Pending:
    keys: list[tuple[int, str, int]]
    picks: list[int]


@dataclass(slots=True)
class Learner:
    """Fed with spells in the order of time; `choose` when one begins, `learn` when it ends."""

    wake_s: float
    views: Sequence[View] = VIEWS
    _seen: dict[tuple[int, str, int], _Seen] = field(default_factory=dict)
    _lost: dict[str, list[float]] = field(default_factory=dict)
    _tracks: dict[str, Track] = field(default_factory=dict)
    _pending: dict[str, _Pending] = field(default_factory=dict)

    def choose(self, instance: str, at: float) -> float:
        """A spell of `instance` begins at `at` (epoch seconds): how many seconds to wait."""
        mixed, _ = self._weigh(instance, at)
        return WAITS[mixed.index(min(mixed))] * self.wake_s

    def explain(self, instance: str, at: float) -> Choice:
        """As `choose`, with what was weighed."""
        mixed, weights = self._weigh(instance, at)
        least = min(mixed)
        own, shared = self._seen.get((ALL_OWN, instance, 0)), self._seen.get((ALL_SHARED, "", 0))
        return Choice(
            timeout_s=WAITS[mixed.index(least)] * self.wake_s,
            wake_s=self.wake_s,
            own_spells=own.count if own else 0,
            shared_spells=shared.count if shared else 0,
            leading=self.views[weights.index(max(weights))].says,
            expected_s=least * self.wake_s,
            at_once_s=mixed[0] * self.wake_s,
            break_even_s=mixed[BREAK_EVEN] * self.wake_s,
        )

    def learn(self, instance: str, idle_s: float) -> None:
        """The spell that was chosen for has ended, `idle_s` after it began."""
        pending = self._pending.pop(instance, None)
        track = self._tracks[instance]
        track.works((track.rests_since or 0.0) + idle_s)
        if pending is None:
            return
        costs = _costs(idle_s / self.wake_s)
        self._lost[instance] = [
            LOSSES_KEEP * before + costs[pick]
            for before, pick in zip(self._lost[instance], pending.picks, strict=True)
        ]
        for view, key in zip(self.views, pending.keys, strict=True):
            seen = self._seen.get(key)
            if seen is None:
                self._seen[key] = _Seen(costs)
                continue
            keeps = view.keeps
            seen.costs = [keeps * a + b for a, b in zip(seen.costs, costs, strict=True)]
            seen.spells = keeps * seen.spells + 1.0
            seen.count += 1

    def _weigh(self, instance: str, at: float) -> tuple[list[float], list[float]]:
        track = self._tracks.setdefault(instance, Track())
        track.rests(at)
        lost = self._lost.setdefault(instance, [0.0] * len(self.views))
        least = min(lost)
        weights = [math.exp(-SHARPNESS * (each - least)) for each in lost]
        total = sum(weights)
        curves: list[list[float]] = []
        keys = []
        for index, view in enumerate(self.views):
            key = (index, "" if view.shared else instance, track.likeness(view.by))
            keys.append(key)
            beside = PRIOR if view.beside is None else curves[view.beside]
            curves.append(_blend(self._seen.get(key), beside))
        picks = [curve.index(min(curve)) for curve in curves]
        self._pending[instance] = _Pending(keys, picks)
        mixed = [0.0] * len(WAITS)
        for weight, curve in zip(weights, curves, strict=True):
            share = weight / total
            if share > 1e-3:  # less changes no choice
                mixed = [a + share * b for a, b in zip(mixed, curve, strict=True)]
        return mixed, weights


def _blend(seen: _Seen | None, beside: list[float]) -> list[float]:
    if seen is None:
        return beside
    scale = 1.0 / (seen.spells + PRIOR_SPELLS)
    return [(a + PRIOR_SPELLS * b) * scale for a, b in zip(seen.costs, beside, strict=True)]


def learnt(spells: Iterable[Spell], wake_s: float) -> Learner:
    """A learner that has lived through these spells. Those of one instance do not overlap."""
    learner = Learner(wake_s)
    replay(moments(spells), learner, wake_s)
    return learner

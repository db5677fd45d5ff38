"""What many seeds showed: the last line is JSON, and everything that must be 0 is in it."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from tests.simulation.coverage import Coverage

if TYPE_CHECKING:
    from tests.simulation.outcome import Outcome

COUNTS = (
    "leaked",
    "double_provisioned",
    "foreign_touched",
    "snapshots_lost",
    "budget_overruns",
    "stuck",
    "healthy_failovers",
    "unsafe_releases",
)
RAN_AT_LEAST = 0.9
STEPS_AT_LEAST, FAULTS_AT_LEAST, SIMULATED_AT_LEAST_S = 400, 8, 7200
# So many seeds meet every fault at every call.
COVERING_SEEDS = 2000


class Report:
    """Add the outcomes; `failing` are those that a trace is owed for."""

    def __init__(self) -> None:
        self.coverage = Coverage()
        self.failing: list[Outcome] = []
        self.calls: Counter[str] = Counter()
        self.steps: list[int] = []
        self._counts: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
        self._faults: list[int] = []
        self._converged_s: list[float] = []
        self._books_s: list[float] = []
        self._simulated_s: list[float] = []
        self._ran: list[int] = []
        self._instances: list[int] = []

    def add(self, outcome: Outcome) -> None:
        self.coverage.add(outcome.strikes)
        self._counts.update(outcome.counts)
        self.calls.update(outcome.calls)
        self.steps.append(outcome.steps)
        self._faults.append(outcome.faults)
        self._simulated_s.append(outcome.simulated_s)
        # Who was settled when the faults stopped had nothing to converge.
        self._converged_s += [each for each in outcome.converged_s if each > 0]
        self._books_s += [each for each in outcome.kept_books_s if each > 0]
        if outcome.instances:
            self._ran.append(outcome.ran)
            self._instances.append(outcome.instances)
        if outcome.failed:
            self.failing.append(outcome)

    @property
    def seeds(self) -> int:
        return len(self.steps)

    def figures(self, took_s: float) -> dict[str, float | int]:
        counts = {name: count for name, count in sorted(self._counts.items()) if name not in COUNTS}
        return {
            "seeds": self.seeds,
            "seeds_per_s": round(self.seeds / took_s, 1),
            **{name: self._counts[name] for name in COUNTS},
            "stuck": self._counts["stuck_operations"] + self._counts["stuck_documents"],
            "convergence_p50_s": round(quantile(self._converged_s, 0.50), 1),
            "convergence_p99_s": round(quantile(self._converged_s, 0.99), 1),
            "convergence_max_s": round(max(self._converged_s, default=0.0), 1),
            "unsettled_instances": len(self._converged_s),
            "bookkeeping_p50_s": round(quantile(self._books_s, 0.50), 1),
            "bookkeeping_p99_s": round(quantile(self._books_s, 0.99), 1),
            "bookkeeping_max_s": round(max(self._books_s, default=0.0), 1),
            "open_books": len(self._books_s),
            "instances_ran_share": round(self._ran_share(), 3),
            **counts,
            "failing_seeds": len(self.failing),
            "median_faults": median(self._faults),
            "median_steps": median(self.steps),
            "least_steps": min(self.steps),
            "least_simulated_s": round(min(self._simulated_s)),
            "empty_cells": len(self.coverage.empty()),
        }

    def bad(self) -> bool:
        """Whether anything that must be 0, or in time, is not."""
        uncovered = self.seeds >= COVERING_SEEDS and bool(self.coverage.empty())
        idle = self.seeds >= COVERING_SEEDS and self._ran_share() < RAN_AT_LEAST
        return bool(self.failing) or uncovered or idle or self._too_little()

    def _too_little(self) -> bool:
        """A seed is real work, or its silence says nothing."""
        few = median(self._faults) < FAULTS_AT_LEAST and self.seeds >= COVERING_SEEDS
        short = min(self._simulated_s) < SIMULATED_AT_LEAST_S
        return few or short or min(self.steps) < STEPS_AT_LEAST

    def _ran_share(self) -> float:
        """A world in which nothing ever runs breaks no rule, and proves none."""
        return sum(self._ran) / sum(self._instances) if self._ran else 0.0


def quantile(values: list[float], share: float) -> float:
    """Of a sorted copy; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

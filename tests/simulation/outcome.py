"""What one seed showed."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation import menu
from tests.simulation.faults import Strike


@dataclass
class Outcome:
    """`counts` are the judge's; every one is to be 0. `ran` of the `instances` came to run."""

    seed: int
    counts: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    strikes: list[Strike] = field(default_factory=list)
    steps: int = 0
    simulated_s: float = 0.0
    converged_s: list[float] = field(default_factory=list)
    kept_books_s: list[float] = field(default_factory=list)
    calls: dict[str, int] = field(default_factory=dict)
    instances: int = 0
    ran: int = 0

    @property
    def failed(self) -> bool:
        return any(self.counts.values())

    @property
    def faults(self) -> int:
        """Tasks that let each other go first are no fault."""
        return sum(fault != menu.TURN for fault, _, _ in self.strikes)

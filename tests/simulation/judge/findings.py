"""What may be found, and what was. Every count is to be 0."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

LEAKED = "leaked"  # a machine that stands, is ours, and that no document wants
DOUBLE_PROVISIONED = "double_provisioned"  # more than one create call for a rental
LOSERS_KEPT = "losers_kept"  # a racer that stands long after another had won
TOO_MANY_MACHINES = "too_many_machines"  # two of one instance's machines at work, or live
FACTS_LOST = "facts_lost"  # what a create was answered is in no document
LATE_SENDS = "late_sends"  # a create that was sent when its claim no longer allowed it
FOREIGN_TOUCHED = "foreign_touched"
RENTED_UNPAID = "rented_unpaid"  # the market rented to an account that had no credit
BOUND_DESTROYED = "bound_destroyed"  # while its rental was not releasing
HEALTHY_FAILOVERS = "healthy_failovers"
LEFT_DEAD = "left_dead"  # nobody moved the work of a dead machine
SNAPSHOTS_LOST = "snapshots_lost"  # acknowledged and gone, or restored with other bytes
BROKEN_CHAINS = "broken_chains"  # a head that is not the primary's, on the head before it
WORK_LOST = "work_lost"  # what was saved by a drain is not what a wake brings back
UNSAFE_RELEASES = "unsafe_releases"  # work was let go that no verified snapshot holds
WRITES_AFTER_FENCE = "writes_after_fence"  # a machine of the past was let write
STOPS_UNDER_LEASE = "stops_under_lease"
SLEEPS_UNASKED = "sleeps_unasked"  # put to sleep on evidence that was too old
GONE_TOO_EARLY = "gone_too_early"  # called gone while it stood, and a list could have told
LATE = "late"  # settled later after the end of the faults than the protocol says
UNDER_RESERVED = "under_reserved"  # less is promised than the provider has charged
BUDGET_OVERRUNS = "budget_overruns"
STUCK_OPERATIONS = "stuck_operations"
STUCK_DOCUMENTS = "stuck_documents"  # due for long, and nobody looks

KINDS = (
    LEAKED,
    DOUBLE_PROVISIONED,
    TOO_MANY_MACHINES,
    LOSERS_KEPT,
    FACTS_LOST,
    LATE_SENDS,
    FOREIGN_TOUCHED,
    RENTED_UNPAID,
    BOUND_DESTROYED,
    HEALTHY_FAILOVERS,
    LEFT_DEAD,
    SNAPSHOTS_LOST,
    BROKEN_CHAINS,
    WORK_LOST,
    UNSAFE_RELEASES,
    WRITES_AFTER_FENCE,
    STOPS_UNDER_LEASE,
    SLEEPS_UNASKED,
    GONE_TOO_EARLY,
    LATE,
    UNDER_RESERVED,
    BUDGET_OVERRUNS,
    STUCK_OPERATIONS,
    STUCK_DOCUMENTS,
)
MOST_TEXTS = 40


@dataclass(frozen=True, slots=True)
class Verdict:
    """`after_release_usd` is what the provider went on charging for after we had ordered it to
    let go: reported, not counted.
    """

    counts: Mapping[str, int]
    findings: tuple[str, ...]
    after_release_usd: float

    @property
    def is_clean(self) -> bool:
        return not any(self.counts.values())


@dataclass(slots=True)
class Findings:
    """The same subject counts once for each kind. `tell` is told at the moment itself."""

    tell: Callable[[str], object] = str
    counts: Counter[str] = field(default_factory=Counter)
    texts: list[str] = field(default_factory=list)
    _known: set[tuple[str, object]] = field(default_factory=set)

    def add(self, kind: str, subject: object, text: str) -> None:
        if (kind, subject) in self._known:
            return
        self._known.add((kind, subject))
        self.counts[kind] += 1
        self.tell(f"!!! {kind}: {text}")
        if len(self.texts) < MOST_TEXTS:
            self.texts.append(f"{kind}: {text}")

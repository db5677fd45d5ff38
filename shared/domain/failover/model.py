"""What an instance remembers of machines that it doubts, has lost, or still holds."""

from __future__ import annotations

from datetime import datetime

from shared.domain.errors import Invalid
from shared.domain.frozen import dataclass
from shared.domain.ids import OperationId, RentalId, SnapshotId

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class FailoverPolicy:
    """What its owner decides once about lost machines.

    `hold_hours` is the cap policy: after so long money wins, and a machine that is held for work
    in no snapshot is let go; None: data wins, it is held until its owner says otherwise.
    `dead_man_hours`: an agent that has heard nothing for so long stops its own contract.
    """

    enabled: bool = True
    resume_when_paid: bool = True
    hold_hours: float | None = None
    dead_man_hours: float = 24.0

    def __post_init__(self) -> None:
        if self.hold_hours is not None and not 1 <= self.hold_hours <= 24 * 90:
            raise Invalid("1 to 2160 hours", "/failover/hold_hours")
        if not 1 <= self.dead_man_hours <= 24 * 30:
            raise Invalid("1 to 720 hours", "/failover/dead_man_hours")


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Its agent was asked at `asked_at` to renew; until it does, the machine is in doubt."""

    rental_id: RentalId
    asked_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Held:
    """A machine of the past that may hold work in no verified snapshot: not released.

    `snapshot_id` was under way when it was fenced: should its manifest still come, it becomes
    a branch.
    """

    rental_id: RentalId
    since: datetime
    snapshot_id: SnapshotId | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """A failover under way. The work between `saved_at` and `heard_at` is in no snapshot."""

    operation_id: OperationId
    why: str
    began_at: datetime
    saved_at: datetime | None
    heard_at: datetime | None

    @property
    def lost_s(self) -> float | None:
        """Seconds of work lost; None where either end is not known."""
        if self.saved_at is None or self.heard_at is None:
            return None
        return max(0.0, (self.heard_at - self.saved_at).total_seconds())


@dataclass(frozen=True, slots=True)
class FailoverState:
    """`begun` are the starts of the last day's failovers; `failures` counts those in a row.

    `told` is what the owner was last told of a recovery that has to wait. `halted` says who
    paused it, if not its owner: `credit`, `outbid` or `outside`. `check_at` is when to look
    whether that is over, or to ask again why its machine stands still.
    """

    suspicion: Suspicion | None = None
    held: tuple[Held, ...] = ()
    recovery: Recovery | None = None
    begun: tuple[datetime, ...] = ()
    failures: int = 0
    breaker_until: datetime | None = None
    told: str = ""
    halted: str = ""
    check_at: datetime | None = None
    final_since: datetime | None = None  # the first try of a final snapshot that failed

    def holds(self, rental_id: RentalId) -> bool:
        return any(each.rental_id == rental_id for each in self.held)

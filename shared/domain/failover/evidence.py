"""Death, or only silence? What is known of a machine, weighed (rules 15 to 17). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from shared.domain.frozen import dataclass
from shared.domain.rentals.contract_status import ContractStatus

if TYPE_CHECKING:
    from shared.domain.failover.model import Suspicion
    from shared.domain.machines.lease import AgentLease
    from shared.domain.rentals.model import Rental
    from shared.domain.rentals.timing import Timing

FIRST_WORD_S = 120  # from being ready to the first beat
DEFAULT_BEAT_S = 30
# A stop is told by the rental's own state.
DOUBTFUL = frozenset({ContractStatus.UNREACHABLE, ContractStatus.FAILED, ContractStatus.LEAVING})
NOT_RUNNING = DOUBTFUL | {ContractStatus.STARTING}
# Silence alone: 300 s where the lease is 60 s, 900 s where it is 300 s; a line through both.
HARD_BASE_S = 150
HARD_PER_RENEWAL = 2.5
SILENT_AT_LEAST = 2
SILENT_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Fleet:
    """What the control plane knows of itself and of all its machines.

    `silent` of `size` running machines fell silent about when this one did.
    """

    healthy_since: datetime
    size: int = 0
    silent: int = 0

    @property
    def fell_silent_together(self) -> bool:
        """Rule 16: then it is we who do not hear."""
        return self.silent > max(SILENT_AT_LEAST, SILENT_SHARE * self.size)


class Word(StrEnum):
    """What the provider says of a machine, as of a look that began late enough."""

    RUNNING = "running"
    NOT_RUNNING = "not_running"
    NOTHING = "nothing"  # not asked, not answered, or not clear


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one machine. `heard_at`: the later of its last beat and our being there to hear it."""

    heard_at: datetime
    speaks_by: datetime  # until then silence is normal
    hard_at: datetime  # from then on silence is enough
    answer_s: float  # two beats and the grace: so long an order to renew may take
    healthy_since: datetime | None
    together: bool

    def answer_by(self, suspicion: Suspicion) -> datetime:
        """When an order to renew counts as not answered."""
        asked = suspicion.asked_at
        listening = max(asked, self.healthy_since) if self.healthy_since else asked
        return listening + timedelta(seconds=self.answer_s)


def hard_limit_s(renewal_s: float) -> float:
    return HARD_BASE_S + HARD_PER_RENEWAL * renewal_s


def weigh(
    lease: AgentLease | None, ready_at: datetime, fleet: Fleet | None, timing: Timing
) -> Evidence:
    """`ready_at` is when the machine was ready to speak: it owes nothing from before."""
    healthy = fleet.healthy_since if fleet else None
    told_at = max(lease.seen_at, ready_at) if lease else ready_at
    heard_at = max(told_at, healthy) if healthy else told_at
    beat_s = lease.beat_s if lease else DEFAULT_BEAT_S
    ttl_s = lease.ends_at(timing.beat_grace_s) - lease.seen_at.timestamp() if lease else 0.0
    hard_s = hard_limit_s(lease.renewal_s) if lease else hard_limit_s(2 * FIRST_WORD_S)
    return Evidence(
        heard_at=heard_at,
        speaks_by=heard_at + timedelta(seconds=ttl_s if lease else FIRST_WORD_S),
        hard_at=heard_at + timedelta(seconds=hard_s),
        answer_s=2 * beat_s + timing.beat_grace_s,
        healthy_since=healthy,
        together=fleet.fell_silent_together if fleet else False,
    )


def answered(suspicion: Suspicion, lease: AgentLease | None) -> bool:
    return lease is not None and lease.seen_at > suspicion.asked_at


def word_of(rental: Rental, since: datetime, timing: Timing) -> Word:
    """From looks that began after `since`; what is missing from two whole listings is not there."""
    if vanished(rental, timing) and rental.absences[-1] > since:
        return Word.NOT_RUNNING
    if rental.seen_at is None or rental.seen_at <= since:
        return Word.NOTHING
    if rental.provider_status in NOT_RUNNING:
        return Word.NOT_RUNNING
    return Word.RUNNING if rental.provider_status == ContractStatus.RUNNING else Word.NOTHING


def doubted(rental: Rental, heard_at: datetime, timing: Timing) -> str:
    """What the provider says against it since it last spoke; "" for nothing."""
    if vanished(rental, timing) and rental.absences[-1] > heard_at:
        return "the provider does not list it any more"
    known = rental.seen_at is not None and rental.seen_at > heard_at
    if known and rental.provider_status in DOUBTFUL:
        return f"the provider says that it is {rental.provider_status}"
    return ""


def vanished(rental: Rental, timing: Timing) -> bool:
    if len(rental.absences) < 2:
        return False
    apart = rental.absences[-1] - rental.absences[0]
    return apart >= timedelta(seconds=timing.absence_gap_s)

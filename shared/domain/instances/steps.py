"""What may be done next for an instance."""

from __future__ import annotations

from datetime import datetime

from shared.domain.frozen import dataclass
from shared.domain.ids import RentalId, SnapshotId
from shared.domain.instances.model import InstanceState
from shared.domain.rentals.steps import RentalStep


@dataclass(frozen=True, slots=True)
class Cover:
    """Hold back what its machines may cost, before anything else is spent."""


@dataclass(frozen=True, slots=True)
class RentMore:
    """Add at most `width` rentals on different machines."""

    width: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """No machine could be had: fall back to the snapshot, or fail."""

    reason: str


@dataclass(frozen=True, slots=True)
class OrderSleep:
    """It is idle: desired becomes asleep."""

    reason: str


@dataclass(frozen=True, slots=True)
class ChooseWait:
    """It is quiet, and its policy is to wait as long as pays: how long is that this time?"""


@dataclass(frozen=True, slots=True)
class TakeTurn:
    """A moment of its schedules has come."""


@dataclass(frozen=True, slots=True)
class BeginDrain:
    destroy: bool
    reason: str


@dataclass(frozen=True, slots=True)
class CommandSnapshot:
    """The snapshot under way is recorded; its agent has to be told."""


@dataclass(frozen=True, slots=True)
class SendThaw:
    """A drain was given up; its machine has to be told."""


@dataclass(frozen=True, slots=True)
class Verify:
    """Look whether every byte of an uploaded snapshot is in place."""

    snapshot_id: SnapshotId


@dataclass(frozen=True, slots=True)
class AbandonDrain:
    """Let the processes run on; nothing is released. `alarm`: the owner is told."""

    reason: str
    alarm: bool


@dataclass(frozen=True, slots=True)
class InterruptDrain:
    """Its machine stands still: this drain is over, the order stands, and the owner is told."""

    reason: str


@dataclass(frozen=True, slots=True)
class SleepWithout:
    """Lost while it was put to sleep: it sleeps with the last head, and its machine is held."""

    why: str


@dataclass(frozen=True, slots=True)
class FinishDrain:
    """The point of no return: one save that lets the machine go."""


@dataclass(frozen=True, slots=True)
class DropSnapshot:
    """A snapshot taken while running did not come in time."""

    reason: str


@dataclass(frozen=True, slots=True)
class Enter:
    """Only a new state of the instance."""

    state: InstanceState
    reason: str


@dataclass(frozen=True, slots=True)
class ResumeFailed:
    """The stopped machine did not come back. Its disk holds the work: it is kept."""

    reason: str


@dataclass(frozen=True, slots=True)
class StoppedOutside:
    """Somebody else stopped the machine: that is no failure and no order of ours (rule 17)."""


@dataclass(frozen=True, slots=True)
class NoteSilence:
    """Its agent's lease has ended (`silent`), or it speaks again."""

    silent: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """Ask the agent to renew at once: what it answers, or does not, decides (rule 17)."""

    why: str


@dataclass(frozen=True, slots=True)
class Trust:
    """It has answered."""


@dataclass(frozen=True, slots=True)
class FailOver:
    """The machine is lost: fence it, hold it, bring the last snapshot up elsewhere."""

    why: str


@dataclass(frozen=True, slots=True)
class RetreatFrom:
    """A machine that took no work yet is given up; another is looked for."""

    why: str


@dataclass(frozen=True, slots=True)
class HoldBack:
    """It is lost, and may not be moved now: the owner is told why."""

    why: str


@dataclass(frozen=True, slots=True)
class ReleaseHeld:
    """Machines that were held for their work are let go."""

    why: str


@dataclass(frozen=True, slots=True)
class DropLate:
    """A fenced machine's snapshot did not come in time."""

    snapshot_id: SnapshotId


@dataclass(frozen=True, slots=True)
class CheckCredit:
    """It was stopped for want of credit: look whether that is back."""


@dataclass(frozen=True, slots=True)
class StartedOutside:
    """Somebody else started the paused machine: it is adopted."""


@dataclass(frozen=True, slots=True)
class HeardAgain:
    """A machine that was to boot never stood still: its agent goes on speaking."""


@dataclass(frozen=True, slots=True)
class AskAgent:
    """The evidence is too old to judge by: ask for a fresh beat."""


@dataclass(frozen=True, slots=True)
class TakeSnapshot:
    """Its policy asks for one."""


@dataclass(frozen=True, slots=True)
class StandBy:
    """Its work is in a verified snapshot; its machine is stopped for a quick start, and kept."""


@dataclass(frozen=True, slots=True)
class LeaveRested:
    """The machine that stands by is let go: its snapshot holds all that it did."""

    why: str


@dataclass(frozen=True, slots=True)
class OfRental:
    rental_id: RentalId
    step: RentalStep


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing before `until`; `look`: a rental waits for a listing pass."""

    until: datetime | None
    look: bool


InstanceStep = (
    Cover
    | RentMore
    | GiveUp
    | OrderSleep
    | ChooseWait
    | TakeTurn
    | BeginDrain
    | CommandSnapshot
    | SendThaw
    | Verify
    | AbandonDrain
    | InterruptDrain
    | SleepWithout
    | FinishDrain
    | DropSnapshot
    | Enter
    | ResumeFailed
    | StoppedOutside
    | NoteSilence
    | Suspect
    | Trust
    | FailOver
    | RetreatFrom
    | HoldBack
    | ReleaseHeld
    | DropLate
    | CheckCredit
    | StartedOutside
    | HeardAgain
    | AskAgent
    | TakeSnapshot
    | StandBy
    | LeaveRested
    | OfRental
    | Rest
)

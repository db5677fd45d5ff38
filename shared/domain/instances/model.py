"""The user's durable workspace. It outlives the machines beneath it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from shared.domain.billing.limits import NO_LIMITS, Limits
from shared.domain.failover.model import FailoverPolicy, FailoverState
from shared.domain.frozen import dataclass
from shared.domain.ids import AccountId, InstanceId, OperationId, RentalId, SnapshotId, UserId
from shared.domain.instances.policies import HibernationPolicy, RacePolicy, SnapshotPolicy
from shared.domain.market.offers import MachineType, OfferFilter
from shared.domain.replacing import replace
from shared.domain.serverless.model import InferenceLease, Mode, Serverless
from shared.domain.sleep.timetable import Turn
from shared.domain.sleep.wait import Wait


class Desired(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    ASLEEP = "asleep"
    DESTROYED = "destroyed"


class InstanceState(StrEnum):
    PROVISIONING = "provisioning"  # no machine is ours yet
    RESTORING = "restoring"  # a machine is; the workspace is not back
    RUNNING = "running"
    DRAINING = "draining"  # the last snapshot before the machine is let go
    ASLEEP = "asleep"  # a verified snapshot, no machine
    PAUSING = "pausing"
    PAUSED = "paused"  # the machine is stopped, its disk kept
    RESUMING = "resuming"
    DESTROYING = "destroying"
    DESTROYED = "destroyed"
    FAILED = "failed"  # no machine could be had and there is no snapshot to fall back on


@dataclass(frozen=True, slots=True)
class WorkspaceSpec:
    image: str
    disk_gb: int
    ports: tuple[int, ...]
    env: Mapping[str, str]
    onstart: str
    ssh_public_key: str


@dataclass(frozen=True, slots=True)
class Drain:
    """Freeze, snapshot, verify; then the machine may go. `destroy` says what follows."""

    id: str
    snapshot_id: SnapshotId
    rental_id: RentalId
    started_at: datetime
    deadline: datetime
    reason: str
    destroy: bool
    because_idle: bool  # nobody ordered it: work that begins meanwhile ends it


@dataclass(frozen=True, slots=True)
class Instance:
    """`generation` counts the owner's orders; `epoch` fences machines of the past.

    `primary` is the one rental whose writes count. `head` is the newest acknowledged snapshot.
    `source` is the snapshot that the workspace was filled from, or is to be, until one of its own
    is acknowledged; it was filled at `filled_at`. `drain` is set while DRAINING. `rested` is set
    while its machine stands still and all its work is in this verified snapshot. `due_at` is when
    somebody must look again; None: never.
    """

    id: InstanceId
    owner: UserId
    account_id: AccountId
    label: str
    created_at: datetime
    spec: WorkspaceSpec
    want: OfferFilter
    offer_id: str | None  # rent exactly this one, at the first provisioning
    bid: int | None  # micro-USD per hour, for interruptible machines
    race: RacePolicy
    hibernation: HibernationPolicy
    snapshots: SnapshotPolicy
    desired: Desired
    generation: int
    state: InstanceState
    state_reason: str
    state_since: datetime
    epoch: int
    primary: RentalId | None
    rentals: tuple[RentalId, ...]  # those that are not proven gone
    head: SnapshotId | None
    restore_from: SnapshotId | None
    drain: Drain | None
    thaw: str | None  # a drain given up, whose machine has to be told
    open_snapshot: SnapshotId | None  # taken while running
    keep_alive_until: datetime | None
    final_snapshot: bool  # of a destroy
    keep_snapshots: bool  # after a destroy
    attempts: int  # rentals begun in this provisioning
    provision_deadline: datetime | None
    search_at: datetime | None  # no offer fitted: when to look for one again
    avoid_machine: str | None  # by `machine_key`: a wake goes elsewhere when it can
    ready_at: datetime | None
    silent_since: datetime | None  # its agent's lease has ended, and it did not speak since
    next_snapshot_at: datetime | None
    operation_id: OperationId | None
    due_at: datetime | None
    shard: int
    failover_policy: FailoverPolicy = field(default_factory=FailoverPolicy)
    failover: FailoverState = field(default_factory=FailoverState)
    budget: Limits = NO_LIMITS
    budget_at: datetime | None = None  # when its reservations are looked at next
    last_rate: int = 0  # micro-USD per hour of its last machine while it ran
    race_look_at: datetime | None = None  # when those who race may want one more beside them
    tried: tuple[str, ...] = ()  # by `machine_key`: rented in this provisioning
    race_promised: int = 0  # micro-USD that its racers were promised; never given back
    source: SnapshotId | None = None
    filled_at: datetime | None = None
    usable_at: datetime | None = None  # RESTORING: its user was let in, the rest is on its way
    serverless: Serverless | None = None  # None: it is not
    inference: tuple[InferenceLease, ...] = ()
    inference_ended_at: datetime | None = None  # of the last lease that is not in `inference`
    rested: SnapshotId | None = None
    wait: Wait | None = None  # of an adaptive policy, for the idleness that was told last
    quiet_since: datetime | None = None  # it was put to sleep for being quiet since then
    woken_at: datetime | None = None  # until it runs again
    wakes_s: tuple[float, ...] = ()  # how long its last wakes took, from the order until it ran
    turn: Turn | None = None  # what its schedules ask for next

    @property
    def sleeps_by(self) -> HibernationPolicy:
        """The policy in force: serverless, when enabled, overrides its own."""
        chosen = self.serverless
        if chosen is None:
            return self.hibernation
        own, timeout_s = self.hibernation, chosen.idle_timeout_s
        return replace(
            own,
            enabled=True,
            idle_minutes=own.idle_minutes if timeout_s is None else timeout_s / 60,
            gpu_threshold_percent=chosen.gpu_threshold_percent,
            minimum_run_s=own.minimum_run_s if timeout_s is None else timeout_s,
            adaptive=timeout_s is None,
            schedules=(),
            quiet_hours=(),
        )

    @property
    def seeks(self) -> OfferFilter:
        """What its next machine has to be."""
        if self.serverless is None or self.serverless.mode is not Mode.SPOT:
            return self.want
        return replace(self.want, machine_type=MachineType.INTERRUPTIBLE)

    @property
    def saved(self) -> SnapshotId | None:
        """What brings the workspace back; None where nothing of it was ever saved."""
        return self.source or self.head

    @property
    def ended(self) -> bool:
        return self.state is InstanceState.DESTROYED

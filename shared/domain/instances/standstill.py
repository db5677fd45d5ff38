"""The rows of the state table for a machine that stands still, or is to. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.instances.standby import elsewhere, sooner, started_by
from shared.domain.instances.steps import (
    AskAgent,
    CheckCredit,
    Enter,
    HeardAgain,
    HoldBack,
    InstanceStep,
    LeaveRested,
    Rest,
    ResumeFailed,
    StartedOutside,
)
from shared.domain.rentals.contract_status import ContractStatus
from shared.domain.rentals.model import RentalState

if TYPE_CHECKING:
    from shared.domain.instances.scene import Scene
    from shared.domain.machines.lease import AgentLease
    from shared.domain.rentals.model import Rental
    from shared.domain.rentals.timing import Timing

CREDIT = "credit"  # why it was halted
NO_FINAL = (
    "no final snapshot could be taken for 24 hours: its machine is kept, stopped; "
    "destroy it without one to let it go"
)
NOT_STOPPED = frozenset(RentalState) - {RentalState.STOPPED}
FINAL_TRIES = timedelta(hours=24)
# A beat that was under way when the start was ordered has long come by then.
SPEAKS_ON_AFTER_S = 60


def pausing(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    primary = scene.primary()
    if scene.instance.desired is Desired.RUNNING:
        return Enter(InstanceState.RESUMING, "resumed before it had stopped")
    if scene.instance.desired is Desired.DESTROYED and not scene.instance.final_snapshot:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    if primary and primary.state is RentalState.STOPPED:
        return Enter(InstanceState.PAUSED, "its machine is stopped, the disk is kept")
    return None


def paused(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    instance = scene.instance
    if instance.desired is Desired.RUNNING:
        return Enter(InstanceState.RESUMING, "resumed by its owner")
    if instance.rested and instance.desired is not Desired.PAUSED:
        return LeaveRested("all its work is in its snapshot: its machine is released")
    if instance.desired is Desired.ASLEEP:
        return Enter(InstanceState.RESUMING, "started to take its snapshot")
    if instance.desired is Desired.DESTROYED:
        return _last_snapshot(instance, now)
    return _started_outside(scene, timing) or _unpaid(instance, now)


def _last_snapshot(instance: Instance, now: datetime) -> InstanceStep:
    """Decision 20: tried for 24 h; after that only an order without it, or the cap policy."""
    if not instance.final_snapshot:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    state, hours = instance.failover, instance.failover_policy.hold_hours
    since = state.final_since
    if since and hours is not None and now >= since + timedelta(hours=hours):
        return Enter(InstanceState.DESTROYING, "no final snapshot: its cap policy lets it go")
    if since and now >= since + FINAL_TRIES:
        return Rest(None, look=False) if state.told == NO_FINAL else HoldBack(NO_FINAL)
    if state.check_at and now < state.check_at:
        return Rest(state.check_at, look=False)
    return Enter(InstanceState.RESUMING, "started to take the final snapshot")


def _started_outside(scene: Scene, timing: Timing) -> InstanceStep | None:
    """Seen running long after our stop was taken: whoever holds the account's key started it."""
    primary = scene.primary()
    if (
        primary is None
        or primary.provider_status != ContractStatus.RUNNING
        or primary.state in NOT_STOPPED
    ):
        return None
    if primary.switching_since or primary.claim:
        return None  # a start of ours may be in effect: that is taken back first
    lag = timedelta(seconds=timing.listing_lag_s)
    if primary.seen_at and primary.seen_at > primary.state_since + lag:
        return StartedOutside()
    return Rest(None, look=True)


def _unpaid(instance: Instance, now: datetime) -> InstanceStep | None:
    state = instance.failover
    waiting = state.halted == CREDIT and instance.failover_policy.resume_when_paid
    if not waiting or state.check_at is None:
        return None
    return CheckCredit() if now >= state.check_at else Rest(state.check_at, look=False)


def resuming(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    instance, primary = scene.instance, scene.primary()
    if instance.desired is Desired.DESTROYED and not instance.final_snapshot:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    if instance.desired is Desired.PAUSED:
        return Enter(InstanceState.PAUSING, "paused by its owner")
    if primary and primary.state is RentalState.BOOTING:
        return _booting_again(scene, primary, now)
    return _not_taken(primary, instance, now, timing)


def _booting_again(scene: Scene, primary: Rental, now: datetime) -> InstanceStep | None:
    """Its agent says hello, or, where a stop never took effect, goes on speaking as before."""
    instance = scene.instance
    if _never_stood_still(scene.lease, primary):
        return HeardAgain()
    if primary.boot_deadline and now >= primary.boot_deadline:
        return ResumeFailed("the provider did not start the machine again in time")
    if late := elsewhere(instance, primary, primary.state_since, now):
        return late
    asked_at = primary.state_since + timedelta(seconds=SPEAKS_ON_AFTER_S)
    runs = primary.provider_status == ContractStatus.RUNNING
    if runs and now >= asked_at:
        return AskAgent()
    moments = (asked_at, started_by(instance, primary.state_since), primary.boot_deadline)
    return Rest(min((each for each in moments if each and each > now), default=None), look=True)


def _never_stood_still(lease: AgentLease | None, primary: Rental) -> bool:
    """What boots again has to say hello before it beats. A beat that was under way when the start
    was ordered is none: it counts a minute later.
    """
    if lease is None or (lease.rental_id, lease.epoch) != (primary.id, primary.epoch):
        return False
    begun_at = primary.state_since + timedelta(seconds=SPEAKS_ON_AFTER_S)
    return lease.boot_id == primary.boot_id and lease.seen_at > begun_at


def _not_taken(
    primary: Rental | None, instance: Instance, now: datetime, timing: Timing
) -> InstanceStep | None:
    """An order to start that is refused again and again is not given for ever."""
    if primary is None or primary.state is not RentalState.STOPPED:
        return None
    until = instance.state_since + timedelta(seconds=timing.boot_deadline_s)
    if now >= until:
        return ResumeFailed("the provider did not take the order to start in time")
    late = elsewhere(instance, primary, instance.state_since, now)
    return late or Rest(sooner(until, started_by(instance, instance.state_since)), look=False)

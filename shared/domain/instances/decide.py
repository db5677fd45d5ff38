"""The instance's state table: given what is known, the one next step. Pure.

The instance's own step comes first, then its rentals', then rest until the earliest moment
that anything of it asks for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.instances.idle import (
    IDLE_REASON,
    busy_again,
    fresh,
    held_awake,
    idle_now,
    judged_idle,
)
from shared.domain.instances.model import Desired, Drain, Instance, InstanceState
from shared.domain.instances.steps import (
    AbandonDrain,
    AskAgent,
    BeginDrain,
    CommandSnapshot,
    DropSnapshot,
    Enter,
    FinishDrain,
    GiveUp,
    InstanceStep,
    NoteSilence,
    OfRental,
    OrderSleep,
    RentMore,
    Rest,
    ResumeFailed,
    SendThaw,
    StoppedOutside,
    Verify,
)
from shared.domain.rentals.decide import next_step as next_rental_step
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.steps import RentalRest
from shared.domain.snapshots.model import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.instances.scene import Scene
    from shared.domain.rentals.timing import Timing

MAX_ATTEMPTS_PER_RACER = 5
ASK_AGAIN_S = 60
FIRST_WORD_S = 120
LATE_SWEEPS = 3


def next_step(scene: Scene, now: datetime, timing: Timing) -> InstanceStep:
    own = _TABLE[scene.instance.state](scene, now, timing)
    if own and not isinstance(own, Rest):
        return own
    waits = [own] if isinstance(own, Rest) else []
    for rental in scene.rentals:
        step = next_rental_step(rental, scene.parent_of(rental), now, timing)
        if not isinstance(step, RentalRest):
            return OfRental(rental.id, step)
        waits.append(Rest(step.until, step.look))
    moments = [each.until for each in waits if each.until]
    return Rest(min(moments, default=None), any(each.look for each in waits))


def _provisioning(scene: Scene, now: datetime, _timing: Timing) -> InstanceStep | None:
    instance = scene.instance
    if instance.desired is Desired.DESTROYED:
        return Enter(InstanceState.DESTROYING, "destroyed before a machine was ready")
    if instance.provision_deadline and now >= instance.provision_deadline:
        return GiveUp("no machine was ready in time")
    if scene.racers():
        return Rest(instance.provision_deadline, look=False)
    if spent := _tried_enough(instance):
        return GiveUp(spent)
    if instance.search_at and now < instance.search_at:
        return Rest(instance.search_at, look=False)
    return RentMore(instance.race.width)


def _tried_enough(instance: Instance) -> str:
    """Why nothing more is rented; empty while something is. A named offer has no substitute."""
    if instance.offer_id and instance.epoch == 0 and instance.attempts:
        return "the offer that was named was taken, or its machine did not become ready"
    if instance.attempts >= MAX_ATTEMPTS_PER_RACER * instance.race.width:
        return f"none of {instance.attempts} rented machines became ready"
    return ""


def _restoring(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    if scene.instance.desired is Desired.DESTROYED:
        return Enter(InstanceState.DESTROYING, "destroyed while restoring: the snapshot is whole")
    return None


def _running(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    instance = scene.instance
    if instance.thaw:
        return SendThaw()
    primary = scene.primary()
    if primary and primary.state is RentalState.STOPPED:
        return StoppedOutside()
    if instance.desired is not Desired.RUNNING:
        return _leave_running(instance)
    if idle_now(instance, scene.lease, now):
        return OrderSleep(IDLE_REASON)
    return (
        _silence(scene, now, timing)
        or _snapshot_under_way(scene, now)
        or _next_look(scene, now, timing)
    )


def _silence(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    """Silence alone proves nothing (rule 16): the owner is told, nothing is released."""
    primary, known = scene.primary(), scene.instance.silent_since is not None
    until = _speaks_by(scene, timing)
    if until is None or primary is None or primary.boot_deadline:
        return None  # a machine that is starting is judged by its boot deadline
    silent = now >= until
    if silent and _nobody_listened(scene.instance, now, timing):
        return None
    return NoteSilence(silent) if silent is not known else None


def _nobody_listened(instance: Instance, now: datetime, timing: Timing) -> bool:
    """It is looked at long after it was due: the control plane was away, not the machine."""
    late_s = LATE_SWEEPS * timing.sweep_s
    return instance.due_at is not None and now - instance.due_at > timedelta(seconds=late_s)


def _speaks_by(scene: Scene, timing: Timing) -> datetime | None:
    """The end of its lease, counted from its last beat or, after a start, from being ready."""
    lease, ready_at = scene.lease, scene.instance.ready_at
    if lease is None:
        # No beat yet: somebody has to look again, for its beats wake nobody.
        return ready_at + timedelta(seconds=FIRST_WORD_S) if ready_at else None
    end = datetime.fromtimestamp(lease.ends_at(timing.beat_grace_s), UTC)
    return end if ready_at is None else max(end, end + (ready_at - lease.seen_at))


def _leave_running(instance: Instance) -> InstanceStep:
    if instance.desired is Desired.PAUSED:
        return Enter(InstanceState.PAUSING, "paused by its owner")
    if instance.desired is Desired.ASLEEP:
        return BeginDrain(destroy=False, reason=instance.state_reason)
    if instance.final_snapshot:
        return BeginDrain(destroy=True, reason="final snapshot before it is destroyed")
    return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")


def _snapshot_under_way(scene: Scene, now: datetime) -> InstanceStep | None:
    snapshot = scene.snapshot
    if snapshot is None:
        return None
    if snapshot.state in {SnapshotState.UPLOADED, SnapshotState.VERIFIED}:
        return Verify(snapshot.id)
    if snapshot.state is SnapshotState.OPEN and now < snapshot.deadline:
        return None if snapshot.commanded else CommandSnapshot()
    return DropSnapshot(snapshot.failure or "it did not come in time")


def _next_look(scene: Scene, now: datetime, timing: Timing) -> InstanceStep:
    """When a running instance has to be looked at without being told."""
    moments = []
    lease, snapshot = scene.lease, scene.snapshot
    if lease and judged_idle(scene.instance, lease, now) and not fresh(lease, now):
        return AskAgent()
    speaks_by = _speaks_by(scene, timing)
    if speaks_by:
        # Beats wake nobody: whether a silent machine speaks again has to be looked up.
        moments.append(speaks_by if speaks_by > now else now + timedelta(seconds=FIRST_WORD_S))
    if lease and lease.verdict == "idle":
        moments.append(now + timedelta(seconds=ASK_AGAIN_S))
    if snapshot:
        moments.append(_told_or(snapshot.deadline, now))
    if scene.instance.keep_alive_until and scene.instance.keep_alive_until > now:
        moments.append(scene.instance.keep_alive_until)
    return Rest(min(moments, default=None), look=False)


def _draining(scene: Scene, now: datetime, _timing: Timing) -> InstanceStep | None:
    instance, drain, snapshot = scene.instance, scene.instance.drain, scene.snapshot
    if drain is None or snapshot is None:
        return AbandonDrain("the drain left no record", alarm=True)
    if instance.desired not in {Desired.ASLEEP, Desired.DESTROYED}:
        return AbandonDrain("ordered to stay awake", alarm=False)
    if held_awake(instance, now) and not drain.destroy:
        return AbandonDrain("a lease was opened", alarm=False)
    if drain.because_idle and busy_again(scene.lease, drain.started_at):
        return AbandonDrain("work began while it was put to sleep", alarm=False)
    return _by_snapshot(drain, snapshot, now)


def _by_snapshot(drain: Drain, snapshot: Snapshot, now: datetime) -> InstanceStep:
    """Rule 13: only the verified snapshot of this very drain lets the machine go."""
    if snapshot.state in {SnapshotState.UPLOADED, SnapshotState.VERIFIED}:
        return Verify(snapshot.id)
    if snapshot.state is SnapshotState.ACKED and snapshot.drain_id == drain.id:
        return FinishDrain()
    if snapshot.state is SnapshotState.OPEN and not snapshot.commanded:
        return CommandSnapshot()
    if snapshot.state is not SnapshotState.OPEN:
        return AbandonDrain(f"the snapshot failed: {snapshot.failure}", alarm=True)
    if now >= drain.deadline:
        return AbandonDrain("the snapshot did not come in time", alarm=True)
    return Rest(_told_or(drain.deadline, now), look=False)


def _told_or(deadline: datetime, now: datetime) -> datetime:
    """The agent tells when it is done; the hint of that may be lost."""
    return min(deadline, now + timedelta(seconds=ASK_AGAIN_S))


def _asleep(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    if scene.instance.desired is Desired.RUNNING:
        return Enter(InstanceState.PROVISIONING, "woken")
    if scene.instance.desired is Desired.DESTROYED:
        return Enter(InstanceState.DESTROYING, "destroyed while asleep")
    return None


def _pausing(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    primary = scene.primary()
    if scene.instance.desired is Desired.RUNNING:
        return Enter(InstanceState.RESUMING, "resumed before it had stopped")
    if primary and primary.state is RentalState.STOPPED:
        return Enter(InstanceState.PAUSED, "its machine is stopped, the disk is kept")
    return None


def _paused(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    instance = scene.instance
    if instance.desired is Desired.RUNNING:
        return Enter(InstanceState.RESUMING, "resumed by its owner")
    if instance.desired is Desired.ASLEEP:
        return Enter(InstanceState.RESUMING, "started to take its snapshot")
    if instance.desired is Desired.DESTROYED:
        if instance.final_snapshot:
            return Enter(InstanceState.RESUMING, "started to take the final snapshot")
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    return None


def _resuming(scene: Scene, now: datetime, _timing: Timing) -> InstanceStep | None:
    instance, primary = scene.instance, scene.primary()
    if instance.desired is Desired.DESTROYED and not instance.final_snapshot:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    if instance.desired is Desired.PAUSED:
        return Enter(InstanceState.PAUSING, "paused by its owner")
    late = primary and primary.boot_deadline and now >= primary.boot_deadline
    if primary and primary.state is RentalState.BOOTING and late:
        return ResumeFailed("the provider did not start the machine again in time")
    return None


def _destroying(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    if scene.instance.rentals:
        return None
    return Enter(InstanceState.DESTROYED, "the provider holds nothing of it any more")


def _ended(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    wanted = scene.instance.desired is Desired.DESTROYED
    if wanted and scene.instance.state is InstanceState.FAILED:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner")
    return None


_TABLE: dict[InstanceState, Callable[[Scene, datetime, Timing], InstanceStep | None]] = {
    InstanceState.PROVISIONING: _provisioning,
    InstanceState.RESTORING: _restoring,
    InstanceState.RUNNING: _running,
    InstanceState.DRAINING: _draining,
    InstanceState.ASLEEP: _asleep,
    InstanceState.PAUSING: _pausing,
    InstanceState.PAUSED: _paused,
    InstanceState.RESUMING: _resuming,
    InstanceState.DESTROYING: _destroying,
    InstanceState.DESTROYED: _ended,
    InstanceState.FAILED: _ended,
}

"""The instance's state table: given what is known, the one next step. Pure.

The instance's own step comes first, then its rentals', then rest until the earliest moment
that anything of it asks for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.failover.decide import evidence_of, held_due, on_held, on_silence
from shared.domain.failover.evidence import FIRST_WORD_S, Evidence
from shared.domain.instances.covering import cover_due
from shared.domain.instances.idle import (
    IDLE_REASON,
    busy_again,
    fresh,
    held_awake,
    idle_now,
    judged_idle,
    not_before,
    unused_from,
    wants_choice,
)
from shared.domain.instances.model import Desired, Drain, Instance, InstanceState
from shared.domain.instances.policies import RaceStart
from shared.domain.instances.scene import ENDING
from shared.domain.instances.standby import stands_by
from shared.domain.instances.standstill import paused, pausing, resuming
from shared.domain.instances.steps import (
    AbandonDrain,
    AskAgent,
    BeginDrain,
    ChooseWait,
    CommandSnapshot,
    Cover,
    DropSnapshot,
    Enter,
    FinishDrain,
    GiveUp,
    InstanceStep,
    InterruptDrain,
    OfRental,
    OrderSleep,
    RentMore,
    Rest,
    SendThaw,
    StandBy,
    StoppedOutside,
    TakeSnapshot,
    TakeTurn,
    Verify,
)
from shared.domain.rentals.decide import next_step as next_rental_step
from shared.domain.rentals.model import RentalState
from shared.domain.rentals.steps import RentalRest
from shared.domain.replacing import replace
from shared.domain.serverless.leases import open_leases
from shared.domain.snapshots.model import Snapshot, SnapshotState

if TYPE_CHECKING:
    from collections.abc import Callable

    from shared.domain.instances.scene import Scene
    from shared.domain.machines.lease import AgentLease
    from shared.domain.rentals.timing import Timing

MAX_ATTEMPTS_PER_RACER = 5
ASK_AGAIN_S = 60
LEISURE_S = 600  # until a lease is renewed, and as long again for the snapshot
UNTOLD_S = 7200  # longer than from one snapshot to the next, which writes it anyway


def next_step(scene: Scene, now: datetime, timing: Timing) -> InstanceStep:
    covered_until = cover_due(scene, now)
    if covered_until and covered_until <= now:
        return Cover()
    turn = _turn(scene.instance)
    if turn and turn <= now:
        return TakeTurn()
    own = _TABLE[scene.instance.state](scene, now, timing)
    if own and not isinstance(own, Rest):
        return own
    held = on_held(scene, now)
    if held:
        return held
    waits = [own] if isinstance(own, Rest) else []
    for rental in scene.rentals:
        step = next_rental_step(rental, scene.parent_of(rental), now, timing)
        if not isinstance(step, RentalRest):
            return OfRental(rental.id, step)
        waits.append(Rest(step.until, step.look))
    waits += [Rest(each, look=False) for each in (covered_until, held_due(scene), turn)]
    moments = [each.until for each in waits if each.until]
    return Rest(min(moments, default=None), any(each.look for each in waits))


def _turn(instance: Instance) -> datetime | None:
    """When its schedules ask for something: nothing of what ends, or is serverless."""
    if instance.turn is None or instance.serverless or instance.state in ENDING:
        return None
    return instance.turn.at


def _provisioning(scene: Scene, now: datetime, _timing: Timing) -> InstanceStep | None:
    instance = scene.instance
    if instance.desired is Desired.DESTROYED:
        return Enter(InstanceState.DESTROYING, "destroyed before a machine was ready")
    if instance.provision_deadline and now >= instance.provision_deadline:
        return GiveUp("no machine was ready in time")
    racing = len(scene.racers())
    if racing and not _may_grow(instance, racing):
        return Rest(instance.provision_deadline, look=False)
    if not racing and (spent := _tried_enough(instance)):
        return GiveUp(spent)
    looks = (instance.search_at, instance.race_look_at if racing else None)
    if later := max((each for each in looks if each and now < each), default=None):
        return Rest(_sooner(later, instance.provision_deadline), look=False)
    return RentMore(instance.race.width - racing)


def _may_grow(instance: Instance, racing: int) -> bool:
    """Another may join those who race."""
    named = instance.offer_id is not None and instance.epoch == 0
    by_odds = instance.race.start is RaceStart.ODDS
    return by_odds and not named and racing < instance.race.width and not _tried_enough(instance)


def _sooner(moment: datetime, other: datetime | None) -> datetime:
    return min(moment, other) if other else moment


def _tried_enough(instance: Instance) -> str:
    """Why nothing more is rented; empty while something is. A named offer has no substitute."""
    if instance.offer_id and instance.epoch == 0 and instance.attempts:
        return "the offer that was named was taken, or its machine did not become ready"
    if instance.attempts >= MAX_ATTEMPTS_PER_RACER * instance.race.width:
        return f"none of {instance.attempts} rented machines became ready"
    return ""


def _restoring(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    if scene.instance.desired is Desired.DESTROYED:
        return Enter(InstanceState.DESTROYING, "destroyed while restoring: the snapshot is whole")
    step = on_silence(scene, now, timing)
    evidence = evidence_of(scene, timing)
    if step or evidence is None:
        return step
    return Rest(_soon(evidence.speaks_by, now), look=False)


def _running(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    instance = scene.instance
    if instance.thaw:
        return SendThaw()
    primary = scene.primary()
    still = primary is not None and primary.state is RentalState.STOPPED
    if instance.desired is not Desired.RUNNING:
        return _leave_running(instance, still=still)
    if still:
        return _stopped_outside(instance, now)
    if tired := _tired(scene, now):
        return tired
    doubt = on_silence(scene, now, timing)
    if isinstance(doubt, Rest):
        under_way = _of_the_lost(scene) or _snapshot_under_way(scene, now)
        return under_way or _waiting(doubt, scene.snapshot, now)
    return doubt or _snapshot_under_way(scene, now) or _next_look(scene, now, timing)


def _of_the_lost(scene: Scene) -> InstanceStep | None:
    """What a machine that is confirmed lost has not written is not waited for: its owner is told
    now, not when the time is over. Should it come back, another is taken.
    """
    told, snapshot = scene.instance.failover.told, scene.snapshot
    if not told or snapshot is None or snapshot.state is not SnapshotState.OPEN:
        return None
    return DropSnapshot(told)


def _tired(scene: Scene, now: datetime) -> InstanceStep | None:
    if wants_choice(scene.instance, scene.lease):
        return ChooseWait()
    return OrderSleep(IDLE_REASON) if idle_now(scene.instance, scene.lease, now) else None


def _waiting(doubt: Rest, snapshot: Snapshot | None, now: datetime) -> Rest:
    """A snapshot of a machine that is waited for has its deadline all the same."""
    if snapshot is None:
        return doubt
    return replace(doubt, until=_sooner(_told_or(snapshot.deadline, now), doubt.until))


def _stopped_outside(instance: Instance, now: datetime) -> InstanceStep:
    """Where the credit could not be read it is asked for again; all else goes on meanwhile."""
    again = instance.failover.check_at
    return Rest(again, look=False) if again and now < again else StoppedOutside()


def _leave_running(instance: Instance, *, still: bool) -> InstanceStep:
    """`still`: its machine was stopped from outside. The order stands all the same, and what
    cannot speak is not asked for a snapshot: it is started for that first.
    """
    if instance.desired is Desired.PAUSED:
        return Enter(InstanceState.PAUSING, "paused by its owner")
    if instance.desired is Desired.DESTROYED and not instance.final_snapshot:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    if still:
        return Enter(InstanceState.PAUSED, "its machine was stopped from outside meanwhile")
    if instance.desired is Desired.ASLEEP:
        return BeginDrain(destroy=False, reason=instance.state_reason)
    return BeginDrain(destroy=True, reason="final snapshot before it is destroyed")


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
    later = not_before(scene.instance, now)
    idle = judged_idle(scene.instance, lease, now)
    if lease and idle and not later and not fresh(scene.instance, lease, now):
        return AskAgent()
    asked_at = scene.instance.next_snapshot_at
    if asked_at and snapshot is None and asked_at <= now:
        return TakeSnapshot()
    if asked_at and snapshot is None:
        moments.append(asked_at)
    evidence = evidence_of(scene, timing)
    if evidence:
        moments.append(_heard_until(lease, evidence, now))
    if scene.instance.failover.held:
        moments.append(now + timedelta(seconds=ASK_AGAIN_S))
    if lease and lease.verdict == "idle":
        moments.append(later if later and idle else now + timedelta(seconds=ASK_AGAIN_S))
    if snapshot:
        moments.append(reported_by(snapshot, now))
    if scene.instance.keep_alive_until and scene.instance.keep_alive_until > now:
        moments.append(scene.instance.keep_alive_until)
    if unused := unused_from(scene.instance, now):
        moments.append(unused)
    moments += [each.expires_at for each in open_leases(scene.instance, now)]
    return Rest(min(moments, default=None), look=False)


def _heard_until(lease: AgentLease | None, evidence: Evidence, now: datetime) -> datetime:
    """Sweeps find the end of a lease by itself: that its machine speaks is not looked up before.

    In between it is looked at all the same: code from before that, where it still runs beside
    this, renews leases that nobody watches.
    """
    if lease and lease.due_at and now < lease.due_at:
        return now + timedelta(seconds=UNTOLD_S)
    # Beats wake nobody: whether a silent machine speaks again has to be looked up.
    return _soon(evidence.speaks_by, now)


def _soon(moment: datetime, now: datetime) -> datetime:
    return moment if moment > now else now + timedelta(seconds=FIRST_WORD_S)


def _draining(scene: Scene, now: datetime, timing: Timing) -> InstanceStep | None:
    instance, drain, snapshot = scene.instance, scene.instance.drain, scene.snapshot
    if drain is None or snapshot is None:
        return AbandonDrain("the drain left no record", alarm=True)
    if instance.desired is Desired.DESTROYED and not instance.final_snapshot:
        return Enter(InstanceState.DESTROYING, "destroyed by its owner without a snapshot")
    if instance.desired not in {Desired.ASLEEP, Desired.DESTROYED}:
        return AbandonDrain("ordered to stay awake", alarm=False)
    if instance.desired is Desired.ASLEEP and held_awake(instance, now):
        return AbandonDrain("a lease was opened", alarm=False)
    if instance.desired is Desired.ASLEEP and _works_again(scene, drain):
        return AbandonDrain("work began while it was put to sleep", alarm=False)
    return _by_snapshot(instance, drain, snapshot, now) or _frozen(scene, drain, now, timing)


def _works_again(scene: Scene, drain: Drain) -> bool:
    """Only idleness put it to sleep, and that is over. Whoever ordered its end has ended it."""
    return drain.because_idle and busy_again(scene.lease, drain.started_at)


def _frozen(scene: Scene, drain: Drain, now: datetime, timing: Timing) -> InstanceStep:
    """Its agent is at work. A machine that dies meanwhile is judged as one that runs."""
    primary = scene.primary()
    if primary and primary.state is RentalState.STOPPED:
        return InterruptDrain("its machine was stopped from outside while it was drained")
    judged = on_silence(scene, now, timing)
    until = _told_or(drain.deadline, now)
    if judged is None:
        return Rest(until, look=False)
    return Rest(_sooner(until, judged.until), judged.look) if isinstance(judged, Rest) else judged


def _by_snapshot(
    instance: Instance, drain: Drain, snapshot: Snapshot, now: datetime
) -> InstanceStep | None:
    """Rule 13: only the verified snapshot of this very drain lets the machine go."""
    if snapshot.state in {SnapshotState.UPLOADED, SnapshotState.VERIFIED}:
        return Verify(snapshot.id)
    if snapshot.state is SnapshotState.ACKED and snapshot.drain_id == drain.id:
        return StandBy() if stands_by(instance, drain) else FinishDrain()
    if snapshot.state is SnapshotState.OPEN and not snapshot.commanded:
        return CommandSnapshot()
    if snapshot.state is not SnapshotState.OPEN:
        return AbandonDrain(f"the snapshot failed: {snapshot.failure}", alarm=True)
    if now >= drain.deadline:
        return AbandonDrain("the snapshot did not come in time", alarm=True)
    return None


def reported_by(snapshot: Snapshot, now: datetime) -> datetime:
    """When to look for a snapshot whose agent says nothing of it."""
    soon = _told_or(snapshot.deadline, now)
    if not snapshot.at_leisure:
        return soon
    usual = snapshot.created_at + timedelta(seconds=LEISURE_S)
    return min(snapshot.deadline, max(soon, usual))


def _told_or(deadline: datetime, now: datetime) -> datetime:
    """The agent tells when it is done; the hint of that may be lost."""
    return min(deadline, now + timedelta(seconds=ASK_AGAIN_S))


def _asleep(scene: Scene, _now: datetime, _timing: Timing) -> InstanceStep | None:
    if scene.instance.desired is Desired.RUNNING:
        return Enter(InstanceState.PROVISIONING, "woken")
    if scene.instance.desired is Desired.DESTROYED:
        return Enter(InstanceState.DESTROYING, "destroyed while asleep")
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
    InstanceState.PAUSING: pausing,
    InstanceState.PAUSED: paused,
    InstanceState.RESUMING: resuming,
    InstanceState.DESTROYING: _destroying,
    InstanceState.DESTROYED: _ended,
    InstanceState.FAILED: _ended,
}

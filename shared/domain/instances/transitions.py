"""How an instance changes. Pure: each returns the new instance."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.failover.limits import failed
from shared.domain.instances.model import Desired, Drain, Instance, InstanceState
from shared.domain.replacing import replace
from shared.domain.snapshots.periodic import first_after

if TYPE_CHECKING:
    from shared.domain.ids import OperationId, SnapshotId
    from shared.domain.rentals.model import Rental

# Somebody may work in it from then on: no snapshot of before holds everything.
RUNS = frozenset({InstanceState.RUNNING, InstanceState.RESTORING})
# A last snapshot that failed is tried again after as long as it has been tried, within these.
FINAL_AGAIN_FIRST = timedelta(seconds=60)
FINAL_AGAIN_LAST = timedelta(hours=1)
MOST_WAKES = 9


def enter(instance: Instance, state: InstanceState, reason: str, now: datetime) -> Instance:
    """A new state, and what belongs to entering it."""
    moved = replace(
        instance,
        state=state,
        state_reason=reason,
        state_since=now,
        usable_at=None,
        failover=replace(instance.failover, suspicion=None, told=""),
    )
    if state in RUNS:
        moved = replace(moved, rested=None)
    if state is InstanceState.RUNNING:
        return _up(moved, now)
    if state is InstanceState.RESUMING:
        return replace(moved, woken_at=now if instance.rested else None)
    if state is InstanceState.PROVISIONING:
        woken = instance.state is InstanceState.ASLEEP
        return provision(replace(moved, woken_at=now if woken else instance.woken_at), now)
    if state in {InstanceState.DESTROYING, InstanceState.FAILED}:
        # The epoch moves on: whatever machine is left is fenced from this moment.
        return replace(
            moved, primary=None, drain=None, open_snapshot=None, epoch=instance.epoch + 1
        )
    if state is InstanceState.DESTROYED:
        return replace(moved, silent_since=None)  # nobody is waited for any more
    return moved


def _up(instance: Instance, now: datetime) -> Instance:
    """It is in use again: how long that took is remembered, what put it to sleep is over."""
    woken = instance.woken_at
    took = ((now - woken) / timedelta(seconds=1),) if woken else ()
    return replace(
        instance,
        wait=None,
        quiet_since=None,
        woken_at=None,
        wakes_s=(*instance.wakes_s, *took)[-MOST_WAKES:],
    )


def provision(instance: Instance, now: datetime) -> Instance:
    """Look for a machine from the start."""
    return replace(
        instance,
        attempts=0,
        tried=(),
        race_promised=0,
        race_look_at=None,
        search_at=None,
        provision_deadline=now + timedelta(seconds=instance.race.deadline_s),
        ready_at=None,
        silent_since=None,
    )


def ordered(instance: Instance, desired: Desired, operation_id: OperationId | None) -> Instance:
    """The owner (or idleness) wants something else from now on."""
    return replace(
        instance,
        desired=desired,
        generation=instance.generation + 1,
        operation_id=operation_id,
    )


def won(instance: Instance, rental: Rental, now: datetime) -> Instance:
    """Rule 10: the first machine to say hello is the instance's, by one compare-and-set."""
    taken = replace(
        instance, primary=rental.id, provision_deadline=None, last_rate=rental.terms.rate
    )
    if instance.restore_from is None:
        return ready(enter(taken, InstanceState.RUNNING, "the machine is ready", now), now)
    return enter(taken, InstanceState.RESTORING, "a machine is ready: restoring the files", now)


def ready(instance: Instance, now: datetime) -> Instance:
    """Its workspace is there: the clocks of idleness and of snapshots start."""
    return replace(
        instance,
        ready_at=now,
        silent_since=None,
        restore_from=None,
        next_snapshot_at=first_after(instance.snapshots, instance.id, now),
    )


def restored(instance: Instance, now: datetime) -> Instance:
    filled = replace(instance, source=instance.restore_from, filled_at=now)
    return ready(enter(filled, InstanceState.RUNNING, "every file is back", now), now)


def retreat(instance: Instance, reason: str, now: datetime, machine: str | None = None) -> Instance:
    """The machine could not take the workspace: another one is looked for, this one fenced.

    `machine` is its `machine_key`.
    """
    again = enter(
        replace(
            instance,
            primary=None,
            epoch=instance.epoch + 1,
            avoid_machine=machine or instance.avoid_machine,
        ),
        InstanceState.PROVISIONING,
        reason,
        now,
    )
    return replace(
        again,
        attempts=instance.attempts,
        tried=instance.tried,
        race_promised=instance.race_promised,
    )


def drain(instance: Instance, begun: Drain, now: datetime) -> Instance:
    return enter(
        replace(instance, drain=begun, open_snapshot=None),
        InstanceState.DRAINING,
        begun.reason,
        now,
    )


def stay_awake(instance: Instance, reason: str, now: datetime) -> Instance:
    """A drain was given up: it runs on as if nothing had been ordered."""
    given_up = instance.drain.id if instance.drain else None
    awake = enter(replace(instance, drain=None, thaw=given_up), InstanceState.RUNNING, reason, now)
    return replace(awake, desired=Desired.RUNNING, ready_at=now)


def interrupted(instance: Instance, reason: str, now: datetime) -> Instance:
    """A drain whose machine stands still is over; what was ordered stands."""
    return replace(enter(instance, InstanceState.RUNNING, reason, now), drain=None, thaw=None)


def let_go(instance: Instance, machine: str | None, now: datetime) -> Instance:
    """Rule 13, the point of no return: the machine (by its key) is fenced and may be released."""
    drained = instance.drain
    state, reason = InstanceState.ASLEEP, "its snapshot is verified, its machine released"
    if drained and drained.destroy:
        state, reason = InstanceState.DESTROYING, "its final snapshot is verified"
    return replace(
        instance,
        state=state,
        state_reason=reason,
        state_since=now,
        primary=None,
        epoch=instance.epoch + 1,
        drain=None,
        open_snapshot=None,
        restore_from=instance.head,
        ready_at=None,
        silent_since=None,
        next_snapshot_at=None,
        avoid_machine=machine,
        failover=replace(instance.failover, suspicion=None, told=""),
    )


def stand_by(instance: Instance, now: datetime) -> Instance:
    """Nothing was done since its snapshot, and nothing will be before it is started again."""
    reason = "its snapshot is verified, its machine is stopped and kept"
    # Should the stop never reach the machine, its processes are to be let run on.
    thaw = instance.drain.id if instance.drain else None
    stopped = replace(instance, desired=Desired.PAUSED, drain=None, thaw=thaw, rested=instance.head)
    return enter(stopped, InstanceState.PAUSING, reason, now)


def leave_rested(instance: Instance, machine: str | None, reason: str, now: datetime) -> Instance:
    """The machine (by its key) that stood by is fenced and may be released; nothing is lost."""
    gone = replace(let_go(instance, machine, now), rested=None, thaw=None, state_reason=reason)
    if instance.desired is Desired.RUNNING:
        return enter(gone, InstanceState.PROVISIONING, reason, now)
    return gone


def acknowledged(instance: Instance, snapshot_id: SnapshotId) -> Instance:
    """Rule 11: the snapshot becomes head."""
    open_snapshot = instance.open_snapshot
    return replace(
        instance,
        head=snapshot_id,
        source=None,
        open_snapshot=None if open_snapshot == snapshot_id else open_snapshot,
    )


def gave_up(instance: Instance, reason: str, now: datetime) -> Instance:
    """Back to sleep where there is a snapshot; failed where there is nothing to fall back on."""
    recovering = instance.failover.recovery is not None
    fenced = replace(
        instance,
        primary=None,
        epoch=instance.epoch + 1,
        provision_deadline=None,
        woken_at=None,
        failover=failed(instance.failover, now) if recovering else instance.failover,
    )
    if instance.saved:
        asleep = replace(fenced, desired=Desired.ASLEEP, restore_from=instance.saved)
        return enter(asleep, InstanceState.ASLEEP, reason, now)
    return enter(replace(instance, failover=fenced.failover), InstanceState.FAILED, reason, now)


def put_off_end(instance: Instance, reason: str, now: datetime) -> Instance:
    """Decision 20: no final snapshot now. The machine is stopped, its disk kept, tried again."""
    since = instance.failover.final_since or now
    pause = min(max(now - since, FINAL_AGAIN_FIRST), FINAL_AGAIN_LAST)
    state = replace(instance.failover, final_since=since, check_at=now + pause)
    kept = replace(instance, drain=None, thaw=None, failover=state)
    return enter(kept, InstanceState.PAUSING, reason, now)


def started_outside(instance: Instance, now: datetime) -> Instance:
    """Adopted: a machine that runs belongs under the rules of what runs, idleness above all."""
    reason = "its machine was started from outside: it is taken as running"
    state = replace(instance.failover, halted="", check_at=None)
    adopted = enter(
        replace(instance, failover=state, rested=None), InstanceState.RESUMING, reason, now
    )
    return replace(adopted, desired=Desired.RUNNING)

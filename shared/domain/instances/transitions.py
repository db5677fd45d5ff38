"""How an instance changes. Pure: each returns the new instance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from shared.domain.instances.model import Desired, Drain, Instance, InstanceState

if TYPE_CHECKING:
    from shared.domain.ids import OperationId, RentalId, SnapshotId


def enter(instance: Instance, state: InstanceState, reason: str, now: datetime) -> Instance:
    """A new state, and what belongs to entering it."""
    moved = replace(instance, state=state, state_reason=reason, state_since=now)
    if state is InstanceState.PROVISIONING:
        return provision(moved, now)
    if state in {InstanceState.DESTROYING, InstanceState.FAILED}:
        # The epoch moves on: whatever machine is left is fenced from this moment.
        return replace(
            moved, primary=None, drain=None, open_snapshot=None, epoch=instance.epoch + 1
        )
    return moved


def provision(instance: Instance, now: datetime) -> Instance:
    """Look for a machine from the start."""
    return replace(
        instance,
        attempts=0,
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


def won(instance: Instance, rental_id: RentalId, now: datetime) -> Instance:
    """Rule 10: the first machine to say hello is the instance's, by one compare-and-set."""
    taken = replace(instance, primary=rental_id, provision_deadline=None)
    if instance.restore_from is None:
        return ready(enter(taken, InstanceState.RUNNING, "the machine is ready", now), now)
    return enter(taken, InstanceState.RESTORING, "a machine is ready: restoring the files", now)


def ready(instance: Instance, now: datetime) -> Instance:
    """Its workspace is there: the clocks of idleness and of snapshots start."""
    interval = instance.snapshots.interval_minutes
    return replace(
        instance,
        ready_at=now,
        silent_since=None,
        restore_from=None,
        next_snapshot_at=now + timedelta(minutes=interval) if interval else None,
    )


def restored(instance: Instance, now: datetime) -> Instance:
    return ready(enter(instance, InstanceState.RUNNING, "every file is back", now), now)


def retreat(instance: Instance, reason: str, now: datetime) -> Instance:
    """The machine could not take the workspace: another one is looked for, this one fenced."""
    attempts = instance.attempts
    again = enter(
        replace(instance, primary=None, epoch=instance.epoch + 1),
        InstanceState.PROVISIONING,
        reason,
        now,
    )
    return replace(again, attempts=attempts)


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


def let_go(instance: Instance, machine_id: str | None, now: datetime) -> Instance:
    """Rule 13, the point of no return: the machine is fenced and may be released."""
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
        avoid_machine=machine_id,
    )


def acknowledged(instance: Instance, snapshot_id: SnapshotId) -> Instance:
    """Rule 11: the snapshot becomes head."""
    open_snapshot = instance.open_snapshot
    return replace(
        instance,
        head=snapshot_id,
        open_snapshot=None if open_snapshot == snapshot_id else open_snapshot,
    )


def gave_up(instance: Instance, reason: str, now: datetime) -> Instance:
    """Back to sleep where there is a snapshot; failed where there is nothing to fall back on."""
    fenced = replace(instance, primary=None, epoch=instance.epoch + 1, provision_deadline=None)
    if instance.head:
        asleep = replace(fenced, desired=Desired.ASLEEP, restore_from=instance.head)
        return enter(asleep, InstanceState.ASLEEP, reason, now)
    return enter(instance, InstanceState.FAILED, reason, now)


def stopped_outside(instance: Instance, now: datetime) -> Instance:
    """Paused, as if its owner had ordered it: the disk is kept, a resume starts it again."""
    reason = "its machine was stopped from outside; resume starts it again"
    return replace(enter(instance, InstanceState.PAUSED, reason, now), desired=Desired.PAUSED)

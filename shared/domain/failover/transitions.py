"""How an instance moves on from a machine that it has lost. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.failover.limits import counted, failed
from shared.domain.failover.model import Held, Recovery
from shared.domain.history.book import machine_key
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.instances.transitions import enter
from shared.domain.replacing import replace

if TYPE_CHECKING:
    from datetime import datetime

    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental

CHECK_AGAIN_S = 300
ASK_AGAIN_S = 60


def operation_id_of(instance: Instance) -> str:
    """Rule 18: at most one failover per instance and epoch; its id is made of them."""
    return f"op_failover_{instance.id}_{instance.epoch}"


def failed_over(instance: Instance, lost: Rental, recovery: Recovery, now: datetime) -> Instance:
    """Rule 11, in one save: the epoch moves on, what was saved is restored, `lost` is held."""
    before = instance.failover
    if before.recovery:
        before = failed(before, now)
    under_way = instance.drain.snapshot_id if instance.drain else instance.open_snapshot
    state = replace(
        counted(before, now),
        suspicion=None,
        held=(*before.held, Held(lost.id, now, under_way)),
        recovery=recovery,
        told="",
        halted="",
    )
    fenced = replace(
        instance,
        primary=None,
        epoch=instance.epoch + 1,
        restore_from=instance.saved,
        drain=None,
        thaw=None,
        open_snapshot=None,
        avoid_machine=machine_key(lost.terms.provider, lost.terms.machine_id),
        operation_id=recovery.operation_id,
        failover=state,
    )
    moved = enter(fenced, InstanceState.PROVISIONING, recovery.why, now)
    return replace(moved, desired=Desired.RUNNING)


def asleep_without(instance: Instance, lost: Rental, why: str, now: datetime) -> Instance:
    """Rules 11 and 13: asleep with the head. `lost` is fenced and held for what is only on it."""
    under_way = instance.drain.snapshot_id if instance.drain else None
    asleep = enter(instance, InstanceState.ASLEEP, why, now)
    held = (*instance.failover.held, Held(lost.id, now, under_way))
    return replace(
        asleep,
        primary=None,
        epoch=instance.epoch + 1,
        restore_from=instance.saved,
        drain=None,
        thaw=None,
        open_snapshot=None,
        ready_at=None,
        silent_since=None,
        next_snapshot_at=None,
        avoid_machine=machine_key(lost.terms.provider, lost.terms.machine_id),
        failover=replace(asleep.failover, held=held),
    )


def validated(instance: Instance) -> Instance:
    """The successor has the files and speaks: what was held is held no longer."""
    state = replace(instance.failover, held=(), recovery=None, failures=0, told="")
    return replace(instance, failover=state)


def trusted(instance: Instance) -> Instance:
    """Its agent has answered: nothing is held against it."""
    state = replace(instance.failover, suspicion=None, told="")
    return replace(instance, silent_since=None, failover=state)


def halted(instance: Instance, by: str, reason: str, now: datetime) -> Instance:
    """Paused, though not by its owner: the disk is kept, a resume starts it again."""
    paused = enter(instance, InstanceState.PAUSED, reason, now)
    state = replace(paused.failover, halted=by, check_at=now + timedelta(seconds=CHECK_AGAIN_S))
    return replace(paused, desired=Desired.PAUSED, failover=state)


def still_halted(instance: Instance, now: datetime) -> Instance:
    """Not yet: look again later."""
    later = now + timedelta(seconds=CHECK_AGAIN_S)
    return replace(instance, failover=replace(instance.failover, check_at=later))


def unexplained(instance: Instance, now: datetime) -> Instance:
    """Its machine stands still and why cannot be said yet: ask again soon."""
    soon = now + timedelta(seconds=ASK_AGAIN_S)
    return replace(instance, failover=replace(instance.failover, check_at=soon))


def paid_again(instance: Instance) -> Instance:
    state = replace(instance.failover, halted="", check_at=None)
    return replace(instance, desired=Desired.RUNNING, failover=state)

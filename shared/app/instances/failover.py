"""A machine is doubted, trusted again, or lost: what is done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import RENEW
from shared.app.collections import OPERATIONS, SNAPSHOTS
from shared.app.history.record import loss_writes
from shared.app.instances.save import note, save
from shared.app.machines.mailbox import send
from shared.app.snapshots.open import given_up
from shared.domain.failover.model import Recovery, Suspicion
from shared.domain.failover.transitions import (
    failed_over,
    operation_id_of,
    trusted,
    validated,
)
from shared.domain.history.book import machine_key
from shared.domain.ids import OperationId
from shared.domain.instances.transitions import retreat
from shared.domain.operations import Operation, OperationKind, Phase
from shared.domain.replacing import replace
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.model import Instance
    from shared.domain.instances.steps import (
        DropLate,
        FailOver,
        HoldBack,
        ReleaseHeld,
        RetreatFrom,
        Suspect,
        Trust,
    )
    from shared.domain.rentals.model import Rental

GONE_MEANWHILE = "its machine was lost meanwhile"


def suspect(services: Services, loaded: Loaded, step: Suspect, also: Sequence[Write] = ()) -> None:
    """Ask for a beat without a receipt; recorded only afterwards, so that a crash asks again."""
    instance = loaded.instance.value
    if instance.primary is None:
        return
    now = services.clock.now()
    send(services, instance.primary, f"cmd_renew_{services.ids.new('ask')}", RENEW)
    doubt = Suspicion(instance.primary, now, step.why)
    doubted = replace(instance, failover=replace(instance.failover, suspicion=doubt))
    told = note(services, instance, "failover.detected", step.why, instance.primary)
    save(services, loaded, doubted, [told, *also])


def trust(services: Services, loaded: Loaded, _step: Trust) -> None:
    """It has answered, or another machine is the primary now."""
    instance = loaded.instance.value
    told = note(services, instance, "agent.back", "its agent speaks again", instance.primary)
    save(services, loaded, trusted(instance), [told])


def fail_over(services: Services, loaded: Loaded, step: FailOver) -> None:
    """Fence the lost machine and look for another, in one commit.

    The commit also names the version of the lease that was judged: a beat that comes meanwhile
    makes it fail, and the evidence is weighed again. Raises VersionConflict.
    """
    primary = loaded.scene().primary()
    if primary is None:
        return
    move(services, loaded, primary, step.why, loss_writes(services, primary, step.why))


def move(
    services: Services, loaded: Loaded, lost: Rental, why: str, also: Sequence[Write] = ()
) -> Operation:
    """Away from this machine; the operation that follows it. Raises VersionConflict."""
    instance, now = loaded.instance.value, services.clock.now()
    operation = _operation(instance, now)
    recovery = Recovery(
        operation_id=operation.id,
        why=why,
        began_at=now,
        saved_at=_saved_at(services, instance),
        heard_at=loaded.lease.value.seen_at if loaded.lease else None,
    )
    after = failed_over(instance, lost, recovery, now)
    where = f"machine {lost.terms.machine_id}: {why}"
    writes: list[Write] = [
        Add(OPERATIONS, operation.id, operation),
        note(services, instance, "failover.confirmed", where, lost.id),
        note(services, after, "failover.provisioning", "the last snapshot comes up elsewhere"),
        *also,
    ]
    if loaded.operation and not loaded.operation.value.finished_at:
        ended = loaded.operation.value.fail("superseded", f"failover: {why}", now)
        writes.append(Save(OPERATIONS, ended.id, ended, loaded.operation.version))
    save(services, replace(loaded, operation=None), after, writes)
    return operation


def _operation(instance: Instance, now: datetime) -> Operation:
    """With the phases of section 7 that lie behind it."""
    doubt = instance.failover.suspicion
    detected_at = doubt.asked_at if doubt else now
    passed = (
        Phase("detected", detected_at, now),
        Phase("confirmed", now, now),
        Phase("strategy chosen", now, now),
        Phase("provisioning", now),
    )
    return Operation.begun(
        OperationId(operation_id_of(instance)),
        instance.owner,
        OperationKind.FAILOVER,
        instance.id,
        detected_at,
        *passed,
    )


def _saved_at(services: Services, instance: Instance) -> datetime | None:
    """When what is on its disk was last whole in a snapshot: taken, or put back there."""
    stored = services.store.get(SNAPSHOTS, instance.saved) if instance.saved else None
    if stored is None:
        return None
    return max(stored.value.created_at, instance.filled_at or stored.value.created_at)


def retreat_from(services: Services, loaded: Loaded, step: RetreatFrom) -> None:
    """A machine that was only being filled: nothing is lost with it."""
    instance, primary = loaded.instance.value, loaded.scene().primary()
    machine = machine_key(primary.terms.provider, primary.terms.machine_id) if primary else None
    told = note(services, instance, "machine.lost", step.why, instance.primary)
    after = retreat(instance, step.why, services.clock.now(), machine)
    lost = loss_writes(services, primary, step.why) if primary else []
    save(services, loaded, after, [told, *lost])


def hold_back(services: Services, loaded: Loaded, step: HoldBack) -> None:
    instance = loaded.instance.value
    told = note(services, instance, "alarm.failover_held_back", step.why, instance.primary)
    state = replace(instance.failover, told=step.why)
    save(services, loaded, replace(instance, state_reason=step.why, failover=state), [told])


def release_held(services: Services, loaded: Loaded, step: ReleaseHeld) -> None:
    """From this save on the old machines are not wanted: their own steps end them."""
    instance, now = loaded.instance.value, services.clock.now()
    recovery, running = instance.failover.recovery, instance.primary is not None
    writes: list[Write] = [
        note(services, instance, "rental.let_go", step.why, each.rental_id)
        for each in instance.failover.held
    ]
    writes += _dropped(loaded)
    if recovery and running:
        writes.append(note(services, instance, "failover.done", _account(recovery, now)))
    if loaded.operation and loaded.operation.value.kind is OperationKind.FAILOVER and running:
        done = loaded.operation.value.enter("done", now).succeed(now)
        writes.append(Save(OPERATIONS, done.id, done, loaded.operation.version))
        loaded = replace(loaded, operation=None)
    save(services, loaded, validated(instance), writes)


def _account(recovery: Recovery, now: datetime) -> str:
    took_s = (now - recovery.began_at).total_seconds()
    lost = "unknown" if recovery.lost_s is None else f"{recovery.lost_s:.0f}"
    return f"{took_s:.0f} s after it was given up; seconds of work lost: {lost}"


def _dropped(loaded: Loaded) -> list[Write]:
    """Their machine goes: what they still write is not waited for."""
    return [write for each in loaded.late for write in given_up(each, GONE_MEANWHILE)]


def drop_late(services: Services, loaded: Loaded, step: DropLate) -> None:
    stored = next(each for each in loaded.late if each.key == step.snapshot_id)
    save(services, loaded, loaded.instance.value, given_up(stored, GONE_MEANWHILE))

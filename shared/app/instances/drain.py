"""Going to sleep: freeze, snapshot, verify, and only then let the machine go."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.messages import DRAIN, RENEW, SNAPSHOT, THAW
from shared.app.collections import INSTANCES, OPERATIONS, SNAPSHOTS
from shared.app.instances.save import note, save
from shared.app.machines.mailbox import send
from shared.app.sleep.book import told
from shared.app.snapshots.open import given_up, opened
from shared.domain.history.book import machine_key
from shared.domain.ids import OperationId
from shared.domain.instances.decide import ASK_AGAIN_S
from shared.domain.instances.idle import IDLE_REASON
from shared.domain.instances.model import Desired, Drain
from shared.domain.instances.rest import can_wait
from shared.domain.instances.transitions import (
    drain,
    interrupted,
    let_go,
    ordered,
    put_off_end,
    stay_awake,
)
from shared.domain.operations import Operation, OperationKind
from shared.domain.replacing import replace
from shared.domain.sleep.wait import in_words
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from datetime import datetime

    from shared.app.instances.scene import Loaded
    from shared.app.services import Services
    from shared.domain.instances.steps import (
        AbandonDrain,
        AskAgent,
        BeginDrain,
        CommandSnapshot,
        DropSnapshot,
        FinishDrain,
        InterruptDrain,
        OrderSleep,
        SendThaw,
    )


def order_sleep(services: Services, loaded: Loaded, step: OrderSleep) -> None:
    """Idleness orders what its owner would: an operation of its own follows it."""
    instance = loaded.instance.value
    now = services.clock.now()
    operation = Operation.begun(
        OperationId(services.ids.new("op")),
        instance.owner,
        OperationKind.HIBERNATE,
        instance.id,
        now,
    )
    asleep = replace(
        ordered(instance, Desired.ASLEEP, operation.id),
        state_reason=step.reason,
        quiet_since=_quiet_since(loaded),
    )
    weighed = in_words(instance.wait) if instance.sleeps_by.adaptive and instance.wait else ()
    writes: list[Write] = [
        Add(OPERATIONS, operation.id, operation),
        note(services, instance, "idle", "; ".join((step.reason, *weighed))),
    ]
    if loaded.operation and not loaded.operation.value.finished_at:
        before = loaded.operation.value.fail("superseded", "it went to sleep", now)
        writes.append(Save(OPERATIONS, before.id, before, loaded.operation.version))
    save(services, loaded, asleep, writes)


def _quiet_since(loaded: Loaded) -> datetime | None:
    """The agent calls its machine idle after a whole window of quiet."""
    since = loaded.lease.value.idle_since if loaded.lease else None
    window = timedelta(seconds=loaded.instance.value.sleeps_by.window_s)
    return since - window if since else None


def begin_drain(services: Services, loaded: Loaded, step: BeginDrain) -> None:
    """The snapshot's document and the drain are one save; the command is the next step."""
    instance = loaded.instance.value
    if instance.primary is None:
        raise AssertionError("a running instance has a primary")
    now = services.clock.now()
    deadline = now + timedelta(seconds=services.settings.timing.drain_deadline_s)
    drain_id = services.ids.new("drain")
    primary = loaded.rental(instance.primary).value
    snapshot = opened(services, instance, primary, step.reason, drain_id, deadline)
    begun = Drain(
        id=drain_id,
        snapshot_id=snapshot.id,
        rental_id=instance.primary,
        started_at=now,
        deadline=deadline,
        reason=step.reason,
        destroy=step.destroy,
        because_idle=step.reason == IDLE_REASON,
    )
    writes: list[Write] = [Add(SNAPSHOTS, snapshot.id, snapshot)]
    writes += given_up(loaded.snapshot, "the drain's own snapshot takes its place")
    save(services, loaded, drain(instance, begun, now), writes)


def command_snapshot(services: Services, loaded: Loaded, _step: CommandSnapshot) -> bool:
    """Tell the agent; recorded only afterwards, so that a crash tells it again. Whether it was
    all there was to do: it is due already when the answer should have come.
    """
    stored = loaded.snapshot
    if stored is None:
        return False
    snapshot = stored.value
    send(
        services,
        snapshot.rental_id,
        f"cmd_{snapshot.id}",
        DRAIN if snapshot.drain_id else SNAPSHOT,
        snapshot_id=snapshot.id,
        drain_id=snapshot.drain_id,
        parent_manifest_key=snapshot.parent_manifest_key,
    )
    services.store.save(SNAPSHOTS, snapshot.id, replace(snapshot, commanded=True), stored.version)
    instance, now = loaded.instance.value, services.clock.now()
    return can_wait(instance) and instance.due_at is not None and instance.due_at > now


def send_thaw(services: Services, loaded: Loaded, _step: SendThaw) -> None:
    """After the drain was given up in a save of its own: never before, or work would be lost."""
    instance = loaded.instance.value
    if instance.primary and instance.thaw:
        send(services, instance.primary, f"cmd_thaw_{instance.thaw}", THAW, drain_id=instance.thaw)
    save(services, loaded, replace(instance, thaw=None))


def abandon_drain(services: Services, loaded: Loaded, step: AbandonDrain) -> None:
    """Nothing is released; the frozen processes run on."""
    instance = loaded.instance.value
    now = services.clock.now()
    writes: list[Write] = []
    writes += given_up(loaded.snapshot, step.reason)
    if step.alarm:
        writes.append(note(services, instance, "alarm.drain_failed", step.reason))
    if step.alarm and instance.desired is Desired.DESTROYED:
        save(services, loaded, put_off_end(instance, step.reason, now), writes)
        return
    save(services, loaded, stay_awake(instance, step.reason, now), writes)


def interrupt_drain(services: Services, loaded: Loaded, step: InterruptDrain) -> None:
    """The machine stands still. What follows is decided as for one that was stopped before."""
    instance = loaded.instance.value
    writes: list[Write] = [note(services, instance, "alarm.drain_failed", step.reason)]
    writes += given_up(loaded.snapshot, step.reason)
    save(services, loaded, interrupted(instance, step.reason, services.clock.now()), writes)


def finish_drain(services: Services, loaded: Loaded, _step: FinishDrain) -> None:
    """One save: primary none, epoch + 1. Whoever is left on the old machine is fenced."""
    instance = loaded.instance.value
    primary = loaded.scene().primary()
    machine = machine_key(primary.terms.provider, primary.terms.machine_id) if primary else None
    writes: list[Write] = []
    if loaded.lease and loaded.lease.value.rests:
        writes = told(services, instance, loaded.lease.value.rests)
    save(services, loaded, let_go(instance, machine, services.clock.now()), writes)


def drop_snapshot(services: Services, loaded: Loaded, step: DropSnapshot) -> None:
    instance = loaded.instance.value
    writes: list[Write] = [note(services, instance, "snapshot.failed", step.reason)]
    writes += given_up(loaded.snapshot, step.reason)
    if loaded.operation and loaded.operation.value.kind is OperationKind.SNAPSHOT:
        failed = loaded.operation.value.fail("snapshot_failed", step.reason, services.clock.now())
        writes.append(Save(OPERATIONS, failed.id, failed, loaded.operation.version))
    save(services, loaded, replace(instance, open_snapshot=None), writes)


def ask_agent(services: Services, loaded: Loaded, _step: AskAgent) -> None:
    """Ask for a beat without a receipt, and look again when it should have come."""
    instance = loaded.instance.value
    if instance.primary is None:
        return
    now = services.clock.now()
    minute = now.strftime("%Y%m%d%H%M")
    send(services, instance.primary, f"cmd_renew_{instance.primary}_{minute}", RENEW)
    later = replace(instance, due_at=now + timedelta(seconds=ASK_AGAIN_S))
    services.store.save(INSTANCES, instance.id, later, loaded.instance.version)

"""What an owner may order of an instance. The order is written down; its steps follow."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.agent_wire.messages import POLICY, SNAPSHOT
from shared.app.budgets.change import limited_by
from shared.app.budgets.refuse import refuse_again
from shared.app.collections import LEASES, OPERATIONS, RENTALS, SNAPSHOTS
from shared.app.instances.hints import hint
from shared.app.instances.read import owned
from shared.app.instances.save import note, save
from shared.app.instances.scene import Loaded, load
from shared.app.machines.mailbox import send
from shared.app.snapshots.lend import lent
from shared.app.snapshots.open import opened
from shared.domain.accounts import CANNOT_REBOOT
from shared.domain.errors import Conflicting, NotFound, StoreError, VersionConflict
from shared.domain.ids import OperationId, SnapshotId, UserId
from shared.domain.instances.model import Desired, Instance, InstanceState
from shared.domain.instances.orders import changes, refuse_ended, refuse_unless
from shared.domain.instances.transitions import ordered
from shared.domain.machines.mailbox import QueuedCommand, errand_id
from shared.domain.operations import Operation, OperationKind, Phase
from shared.domain.replacing import replace
from shared.domain.serverless.model import told_of
from shared.domain.serverless.wakes import manner_of
from shared.domain.sleep.timetable import next_turn
from shared.domain.snapshots.periodic import next_after
from shared.ports.store import Add, Save, Write

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from shared.app.services import Services
    from shared.domain.billing.limits import Limits
    from shared.domain.failover.model import FailoverPolicy
    from shared.domain.ids import InstanceId
    from shared.domain.instances.policies import HibernationPolicy, SnapshotPolicy
    from shared.domain.market.offers import OfferFilter
    from shared.domain.serverless.model import Serverless
    from shared.domain.snapshots.model import Snapshot

TRIES = 10
SNAPSHOT_DEADLINE_S = 3600

Change = tuple[Instance, list[Write]]


def pause(services: Services, owner: UserId, instance_id: InstanceId) -> Operation:
    """Stop the machine, keep its disk. Raises Conflicting unless it runs."""
    return _order(services, owner, instance_id, OperationKind.PAUSE, _to(Desired.PAUSED))


def resume(services: Services, owner: UserId, instance_id: InstanceId) -> Operation:
    """Start the paused machine again. Raises BudgetExceeded."""

    def change(loaded: Loaded) -> Change:
        refuse_again(services, loaded.instance.value)
        return ordered(loaded.instance.value, Desired.RUNNING, None), []

    return _order(services, owner, instance_id, OperationKind.RESUME, change)


def hibernate(services: Services, owner: UserId, instance_id: InstanceId) -> Operation:
    """Snapshot, verify, release."""

    def change(loaded: Loaded) -> Change:
        # What it is put to sleep for goes with the drain and its snapshot.
        asleep = ordered(loaded.instance.value, Desired.ASLEEP, None)
        return replace(asleep, state_reason="put to sleep by its owner"), []

    return _order(services, owner, instance_id, OperationKind.HIBERNATE, change)


def wake(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    *,
    want: OfferFilter | None,
    snapshot_id: SnapshotId | None,
) -> Operation:
    """Bring the workspace up on any machine that fits; from another snapshot when named.

    Raises BudgetExceeded, NotFound for no snapshot of the owner's that can be restored, and
    Conflicting for another instance's, and for a named one while what runs is still drained.
    """

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        refuse_again(services, instance)
        if snapshot_id:
            _refuse_foreign(services, instance, snapshot_id)
        source = snapshot_id or instance.source
        woken = replace(
            ordered(instance, Desired.RUNNING, None), want=want or instance.want, offer_id=None
        )
        if instance.state is not InstanceState.DRAINING:
            # What is draining may stay on its machine, whose files are newer than any snapshot.
            woken = replace(woken, restore_from=source or instance.head, source=source)
        if instance.state is InstanceState.FAILED:
            woken = replace(woken, state=InstanceState.ASLEEP, state_since=services.clock.now())
        return woken, [lent(services, snapshot_id, instance_id)] if snapshot_id else []

    return _order(services, owner, instance_id, OperationKind.WAKE, change)


def _refuse_foreign(services: Services, instance: Instance, snapshot_id: SnapshotId) -> None:
    stored = services.store.get(SNAPSHOTS, snapshot_id)
    if stored is None or stored.value.owner != instance.owner or not stored.value.restorable:
        raise NotFound("no such snapshot")
    if stored.value.instance_id != instance.id:
        raise Conflicting("this snapshot is of another instance: restore it there")
    if instance.state is InstanceState.DRAINING:
        raise Conflicting("it is still being put to sleep: name a snapshot once it sleeps")


def reboot(services: Services, owner: UserId, instance_id: InstanceId) -> Operation:
    """Restart the container on its machine."""

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        if instance.primary is None:
            raise Conflicting("there is no machine to reboot")
        rental = loaded.rental(instance.primary)
        provider = rental.value.terms.provider
        if provider in CANNOT_REBOOT:
            raise Conflicting(f"{provider} cannot reboot a machine; pause and resume it instead")
        wanted = replace(rental.value, reboot_wanted=True)
        return instance, [Save(RENTALS, rental.key, wanted, rental.version)]

    return _order(services, owner, instance_id, OperationKind.REBOOT, change)


def snapshot(services: Services, owner: UserId, instance_id: InstanceId, reason: str) -> Operation:
    """Take a snapshot while it runs."""

    def change(loaded: Loaded) -> Change:
        return open_snapshot(services, loaded, reason)

    return _order(services, owner, instance_id, OperationKind.SNAPSHOT, change)


def open_snapshot(
    services: Services, loaded: Loaded, reason: str, *, at_leisure: bool = False
) -> Change:
    """Raises Conflicting when one is under way, or its machine is lost. `at_leisure` its machine
    is told when it renews its lease, in which the command is written now.
    """
    instance = loaded.instance.value
    if instance.primary is None or instance.open_snapshot:
        raise Conflicting("a snapshot is under way")
    if instance.failover.told:
        raise Conflicting(f"nothing can be taken of it now: {instance.failover.told}")
    now = services.clock.now()
    deadline = now + timedelta(seconds=SNAPSHOT_DEADLINE_S)
    primary = loaded.rental(instance.primary).value
    fresh = opened(services, instance, primary, reason, "", deadline)
    following = next_after(instance.snapshots, now)
    begun = replace(instance, open_snapshot=fresh.id, next_snapshot_at=following)
    if not at_leisure or loaded.lease is None:
        return begun, [Add(SNAPSHOTS, fresh.id, fresh)]
    fresh = replace(fresh, commanded=True, at_leisure=True)
    asked = replace(loaded.lease.value, errand=_errand(fresh, now), next_errand_at=following)
    return begun, [
        Add(SNAPSHOTS, fresh.id, fresh),
        Save(LEASES, loaded.lease.key, asked, loaded.lease.version),
    ]


def _errand(snapshot: Snapshot, now: datetime) -> QueuedCommand:
    return QueuedCommand(
        id=errand_id(snapshot.id),
        kind=SNAPSHOT,
        issued_at=now,
        expires_at=snapshot.deadline,
        snapshot_id=snapshot.id,
        parent_manifest_key=snapshot.parent_manifest_key,
    )


def destroy(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    *,
    final_snapshot: bool,
    keep_snapshots: bool,
    reason: str,
) -> Operation:
    """Release every machine and end. With `final_snapshot` only after one is verified."""

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        gone = replace(
            ordered(instance, Desired.DESTROYED, None),
            final_snapshot=final_snapshot,
            keep_snapshots=keep_snapshots,
        )
        return gone, []

    return _order(services, owner, instance_id, OperationKind.DESTROY, change, reason)


def keep_alive(
    services: Services, owner: UserId, instance_id: InstanceId, minutes: float
) -> Instance:
    """A lease: never idle until it ends."""
    until = services.clock.now() + timedelta(minutes=minutes)

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        refuse_unless(instance, OperationKind.SNAPSHOT)
        latest = max(until, instance.keep_alive_until or until)
        return replace(instance, keep_alive_until=latest), [
            note(services, instance, "lease.opened", f"kept awake until {latest:%H:%M:%S} UTC")
        ]

    return change_instance(services, owner, instance_id, change)


def configure(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    *,
    label: str | None,
    hibernation: HibernationPolicy | None,
    snapshots: SnapshotPolicy | None,
    failover: FailoverPolicy | None = None,
    budget: Limits | None = None,
) -> Instance:
    """Other rules from now on; a running machine is told."""

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        if budget:
            instance = limited_by(services, instance, budget)
        after = replace(
            instance,
            label=instance.label if label is None else label,
            hibernation=hibernation or instance.hibernation,
            snapshots=snapshots or instance.snapshots,
            failover_policy=failover or instance.failover_policy,
        )
        if after.snapshots != instance.snapshots and instance.ready_at:
            following = next_after(after.snapshots, services.clock.now())
            after = replace(after, next_snapshot_at=following)
        if hibernation:
            turn = next_turn(hibernation.schedules, services.clock.now())
            after = replace(after, turn=turn, wait=None)
        said = changes(instance, after)
        return after, [note(services, instance, "ordered.configure", said)] if said else []

    after = change_instance(services, owner, instance_id, change)
    if hibernation and after.primary:
        name = f"cmd_policy_{services.ids.new('pol')}"
        send(services, after.primary, name, POLICY, policy=after.sleeps_by)
    return after


def set_serverless(
    services: Services, owner: UserId, instance_id: InstanceId, chosen: Serverless | None
) -> Instance:
    """Sleep by its rules from now on (None: by the instance's own again); its machine is told."""

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        refuse_ended(instance)
        turn = next_turn(instance.hibernation.schedules, services.clock.now())
        after = replace(instance, serverless=chosen, turn=turn, wait=None)
        said = "serverless: off" if chosen is None else f"serverless: {told_of(chosen)}"
        if instance.serverless == chosen:
            return after, []
        return after, [note(services, instance, "ordered.configure", said)]

    after = change_instance(services, owner, instance_id, change)
    if after.primary:
        name = f"cmd_policy_{services.ids.new('pol')}"
        send(services, after.primary, name, POLICY, policy=after.sleeps_by)
    return after


def _to(desired: Desired) -> Callable[[Loaded], Change]:
    return lambda loaded: (ordered(loaded.instance.value, desired, None), [])


def _order(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    kind: OperationKind,
    change: Callable[[Loaded], Change],
    reason: str = "",
) -> Operation:
    """Write the order, its operation and its giver in one commit. Raises NotFound, Conflicting."""
    made: list[Operation] = []

    def with_operation(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        refuse_unless(instance, kind)
        now = services.clock.now()
        operation = replace(
            Operation.begun(
                OperationId(services.ids.new("op")),
                owner,
                kind,
                instance_id,
                now,
                Phase("ordered", now),
            ),
            mode=manner_of(instance, kind),
        )
        after, writes = change(loaded)
        said = note(
            services,
            instance,
            f"ordered.{kind.value}",
            reason or "by its owner",
            target=operation.id,
        )
        writes = [*writes, Add(OPERATIONS, operation.id, operation), said]
        writes += _superseded(loaded, f"{kind.value} was ordered", now)
        made[:] = [operation]
        return replace(after, operation_id=operation.id), writes

    change_instance(services, owner, instance_id, with_operation)
    return made[0]


def stay(services: Services, owner: UserId, instance_id: InstanceId) -> Instance:
    """What was ordered to stand still or to sleep, and has not begun to, runs on.

    Raises NotFound, and Conflicting where it has begun.
    """

    def change(loaded: Loaded) -> Change:
        instance = loaded.instance.value
        if instance.state is not InstanceState.RUNNING or instance.desired is Desired.DESTROYED:
            raise Conflicting(f"it is {instance.state.value}")
        now, why = services.clock.now(), "it is wanted before it slept"
        runs_on = ordered(instance, Desired.RUNNING, instance.operation_id)
        said = note(services, instance, "ordered.wake", why)
        return runs_on, [*_superseded(loaded, why, now), said]

    return change_instance(services, owner, instance_id, change)


def _superseded(loaded: Loaded, why: str, now: datetime) -> list[Write]:
    """What was under way has another end than it was to have."""
    if loaded.operation is None or loaded.operation.value.finished_at:
        return []
    before = loaded.operation.value.fail("superseded", why, now)
    return [Save(OPERATIONS, before.id, before, loaded.operation.version)]


def change_instance(
    services: Services,
    owner: UserId,
    instance_id: InstanceId,
    change: Callable[[Loaded], Change],
) -> Instance:
    """The instance after its owner's change and what goes with it. Raises NotFound."""
    for _ in range(TRIES):
        owned(services, owner, instance_id)
        loaded = load(services, instance_id)
        if loaded is None:
            raise NotFound("no such instance")
        after, writes = change(loaded)
        try:
            save(services, replace(loaded, operation=None), after, writes)
        except VersionConflict:
            continue
        hint(services, instance_id, "ordered")
        return after
    raise StoreError("the instance is too busy")

"""What users wrote, from the disk on which they wrote it to the disk on which they find it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.agent_wire.messages import READY
from shared.domain.instances.idle import held_awake
from shared.domain.instances.model import Desired, InstanceState
from shared.domain.snapshots.model import SnapshotState
from tests.simulation.judge.findings import (
    BROKEN_CHAINS,
    SNAPSHOTS_LOST,
    STOPS_UNDER_LEASE,
    UNSAFE_RELEASES,
    WORK_LOST,
)
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from shared.domain.rentals.model import Rental
    from shared.domain.snapshots.model import Snapshot
    from tests.simulation.blobs import SimulatedBlobs
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.machines.host import Host
    from tests.simulation.machines.truth import DiskTruth, Filled, Taken
    from tests.simulation.ports import World

WHOLE = frozenset({SnapshotState.ACKED, SnapshotState.BRANCH})


class WorkJudge:
    """Implements the machines' Watcher."""

    def __init__(
        self,
        world: World,
        documents: Documents,
        truth: DiskTruth,
        blobs: SimulatedBlobs,
        findings: Findings,
    ) -> None:
        self._world = world
        self._documents = documents
        self._truth = truth
        self._blobs = blobs
        self._findings = findings
        self.named: set[str] = set()  # snapshots that their owner asked for by name
        self._acked: set[str] = set()
        self._lost: set[str] = set()  # rentals that were given up as lost
        self._validated: dict[str, int] = {}  # the newest epoch that came to run
        documents.on("instances", self._instance_changed)
        documents.on("snapshots", self._snapshot_changed)
        truth.listeners.append(self._filled)

    def came_to_run(self) -> int:
        """How many instances ran at some time."""
        return len(self._validated)

    # --- machines

    def began_to_work(self, host: Host) -> None: ...
    def spoke(self, host: Host) -> None: ...
    def was_fenced(self, host: Host) -> None: ...
    def went_down(self, host: Host, was_working: bool) -> None: ...

    def released(self, host: Host) -> None:
        """Its contract was destroyed by our order: is what its user wrote in a snapshot?"""
        if host.disk.writes <= host.disk.filled_writes or host.plan is None:
            return
        instance = self._documents.instances.get(host.plan.instance_id)
        rental = self._documents.rentals.get(rental_named(host.contract))
        if instance is None or rental is None or self._may_be_lost(instance, rental):
            return
        if host.disk.memory.usable and self._validated.get(instance.id, -1) < rental.epoch:
            return  # its user was let in, and the rest never came: another begins, as the docs say
        if not any(self._holds_it_all(each, host) for each in self._truth.taken.values()):
            text = f"contract {host.contract.id} of {instance.id} had {host.disk.content!r}"
            self._findings.add(UNSAFE_RELEASES, host.contract.id, text)

    def _may_be_lost(self, instance: Instance, rental: Rental) -> bool:
        """Its owner wants no snapshot, or another machine took over from what had been saved."""
        unwanted = instance.desired is Desired.DESTROYED and not instance.final_snapshot
        if unwanted or instance.failover_policy.hold_hours is not None:
            return True
        successor = self._validated.get(instance.id, -1) > rental.epoch
        return rental.id in self._lost and (successor or instance.desired is Desired.DESTROYED)

    def _holds_it_all(self, taken: Taken, host: Host) -> bool:
        if taken.contract_id != host.contract.id or taken.writes != host.disk.writes:
            return False
        document = self._documents.snapshots.get(taken.snapshot_id)
        return taken.frozen and document is not None and document.state in WHOLE

    def _filled(self, filled: Filled) -> None:
        """A restore ended: byte for byte what was taken, and from the head."""
        taken = self._truth.taken.get(filled.snapshot_id)
        if filled.snapshot_id and (taken is None or taken.content != filled.content):
            text = f"{filled.snapshot_id} brought {filled.content!r}"
            self._findings.add(SNAPSHOTS_LOST, filled.snapshot_id, text)
        if filled.before not in {"", filled.content}:
            text = f"{filled.snapshot_id} was restored over {filled.before!r}"
            self._findings.add(WORK_LOST, (filled.instance_id, filled.contract_id), text)
        instance = self._documents.instances.get(filled.instance_id)
        if instance is not None and instance.head and not filled.content:
            text = f"{instance.id} began with nothing, its head is {instance.head}"
            self._findings.add(WORK_LOST, (instance.id, filled.contract_id), text)

    # --- documents

    def _instance_changed(self, _key: str, before: Instance | None, after: Instance | None) -> None:
        if before is None or after is None:
            return
        self._lost |= _held(after)
        if after.state is InstanceState.RUNNING:
            self._validated[after.id] = max(self._validated.get(after.id, -1), after.epoch)
        if after.head != before.head and after.head is not None:
            self._head_moved(before, after)
        if _held(before) - _held(after) and after.state is InstanceState.RUNNING:
            self._let_go(after)
        if before.state is InstanceState.DRAINING and after.primary is None:
            self._drained(before, after)
        woken = after.state is InstanceState.PROVISIONING
        wanted = {after.head, *self.named}
        if before.state is InstanceState.ASLEEP and woken and after.restore_from not in wanted:
            text = f"{after.id} wakes from {after.restore_from}, its head is {after.head}"
            self._findings.add(WORK_LOST, (after.id, after.epoch), text)

    def _let_go(self, after: Instance) -> None:
        """Rule 13: a lost machine is kept until its successor has the files and speaks."""
        lease = self._documents.leases.get(after.primary or "")
        ready_at, allowed = after.ready_at, after.failover_policy.hold_hours is not None
        spoke = lease is not None and ready_at is not None and lease.seen_at >= ready_at
        if not (allowed or spoke or (lease is not None and lease.phase == READY)):
            text = f"{after.id} lets go what was lost, and {after.primary} has not spoken yet"
            self._findings.add(UNSAFE_RELEASES, (after.id, after.epoch), text)

    def _head_moved(self, before: Instance, after: Instance) -> None:
        """Rule 11: the new head was written by the primary, and based on the old one."""
        snapshot = self._documents.snapshots.get(after.head or "")
        if snapshot is None or snapshot.parent != before.head:
            parent = snapshot.parent if snapshot else "unknown"
            text = f"{after.id}: {after.head} on {parent} follows {before.head}"
            self._findings.add(BROKEN_CHAINS, after.head, text)
        elif (snapshot.rental_id, snapshot.epoch) != (before.primary, before.epoch):
            text = f"{after.id}: {after.head} is of {snapshot.rental_id}, not of {before.primary}"
            self._findings.add(BROKEN_CHAINS, after.head, text)

    def _drained(self, before: Instance, after: Instance) -> None:
        """The point of no return: what lets the machine go."""
        drain = before.drain
        if drain is None:
            return
        dropped = after.desired is Desired.DESTROYED and not after.final_snapshot
        document = self._documents.snapshots.get(drain.snapshot_id)
        taken = self._truth.taken.get(drain.snapshot_id)
        acked = document is not None and document.state is SnapshotState.ACKED
        frozen = taken is not None and taken.frozen
        kept = drain.rental_id in _held(after)  # lost in its drain: nothing of it is let go
        if not dropped and not kept and not (acked and frozen and after.head == drain.snapshot_id):
            text = f"{after.id} was let go without the snapshot of {drain.id}"
            self._findings.add(UNSAFE_RELEASES, drain.id, text)
        ends = drain.destroy or after.desired is Desired.DESTROYED
        if not ends and held_awake(before, self._world.clock.now()):
            text = f"{after.id} sleeps, held awake until {before.keep_alive_until}"
            self._findings.add(STOPS_UNDER_LEASE, drain.id, text)

    def _snapshot_changed(self, key: str, before: Snapshot | None, after: Snapshot | None) -> None:
        condemned = after is not None and after.state is SnapshotState.CONDEMNED
        if condemned and (before is None or before.state is not SnapshotState.CONDEMNED):
            self._check_needed(key)
        acked = after is not None and after.state is SnapshotState.ACKED
        if acked and (before is None or before.state is not SnapshotState.ACKED):
            self._acked.add(key)
            self.check_bytes(key)

    def _check_needed(self, snapshot_id: str) -> None:
        """Its bytes stay for a day; whoever is to be brought up from it gets it no more."""
        for instance in self._documents.instances.values():
            needs = {instance.head, instance.restore_from, instance.source}
            if instance.state is not InstanceState.DESTROYED and snapshot_id in needs:
                text = f"{snapshot_id} is condemned, and {instance.id} needs it"
                self._findings.add(SNAPSHOTS_LOST, (snapshot_id, instance.id), text)

    # --- the blob store

    def check_bytes(self, snapshot_id: str) -> None:
        """What was acknowledged lies in the store as it was written."""
        taken = self._truth.taken.get(snapshot_id)
        objects = self._blobs.objects
        whole = taken is not None and (
            objects.get(taken.image.manifest_key) == taken.image.manifest
            and objects.get(taken.image.pack_key) == taken.image.pack
        )
        if not whole:
            self._findings.add(SNAPSHOTS_LOST, snapshot_id, f"{snapshot_id} is not whole")

    def check_all(self) -> None:
        """Every acknowledged snapshot that nobody let go is still there."""
        needed = {
            each
            for instance in self._documents.instances.values()
            if instance.state is not InstanceState.DESTROYED
            for each in (instance.head, instance.restore_from)
        }
        for snapshot_id in sorted(self._acked):
            document = self._documents.snapshots.get(snapshot_id)
            if snapshot_id in needed or (document is not None and document.state in WHOLE):
                self.check_bytes(snapshot_id)


def _held(instance: Instance) -> set[str]:
    """Machines that are lost, and kept for what may be only on them."""
    return {each.rental_id for each in instance.failover.held}

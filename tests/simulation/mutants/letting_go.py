"""Faults around release: snapshots of the drain, leases, reservations, things left due."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

LETTING_GO = (
    Mutant(
        "any_snapshot_releases",
        "an unverified snapshot lets the machine go (rule 13)",
        "shared.domain.instances.decide",
        "    if snapshot.state in {SnapshotState.UPLOADED, SnapshotState.VERIFIED}:\n"
        "        return Verify(snapshot.id)\n"
        "    if snapshot.state is SnapshotState.ACKED and snapshot.drain_id == drain.id:",
        "    if snapshot.state is not SnapshotState.OPEN:",
        shown_by=(
            "machine.put",
            "machine.snapshot",
        ),
    ),
    Mutant(
        "lease_not_asked_at_the_end",
        "a machine is let go under an open lease (rule 13)",
        "shared.domain.instances.decide",
        "    if instance.desired is Desired.ASLEEP and held_awake(instance, now):\n"
        '        return AbandonDrain("a lease was opened", alarm=False)\n',
        "",
    ),
    Mutant(
        "stale_evidence_counts",
        "idleness is judged from an old beat (rule 18)",
        "shared.domain.instances.idle",
        "    return of_now and now - lease.seen_at <= timedelta(seconds=FRESH_S)",
        "    return of_now or now is not None",
        shown_by=(
            "partition",
            "late",
        ),
    ),
    Mutant(
        "left_undone",
        "a step that failed is never looked at again",
        "shared.app.instances.save",
        "    moved = replace(instance, due_at=until or _again_at(instance, writes, now))",
        "    moved = replace(instance, due_at=until)",
        shown_by=(
            "lost at instance-changed",
            "no answer, nothing done at bus.publish",
        ),
    ),
    Mutant(
        "work_after_the_freeze_forgotten",
        "a wake restores an older snapshot than the last (rule 11)",
        "shared.domain.instances.transitions",
        "        restore_from=instance.head,\n        ready_at=None,\n        silent_since=None,\n"
        "        next_snapshot_at=None,",
        "        restore_from=None,\n        ready_at=None,\n        silent_since=None,\n"
        "        next_snapshot_at=None,",
    ),
    Mutant(
        "thaw_forgotten",
        "a drain that was given up leaves the work frozen",
        "shared.domain.instances.decide",
        "    if instance.thaw:\n        return SendThaw()\n",
        "",
        shown_by=(
            "machine.snapshot",
            "machine.put",
        ),
    ),
    Mutant(
        "reservation_never_topped_up",
        "a machine costs more than was held back for it (rule 4)",
        "shared.domain.instances.covering",
        "    return min([*moments, planned] if planned else moments)",
        "    return None",
    ),
)

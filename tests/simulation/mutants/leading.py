"""Faults around the one machine that may write: winners, fences, heads."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

LEADING = (
    Mutant(
        "losers_win_too",
        "the second hello takes the workspace over (rule 10)",
        "shared.domain.instances.hello",
        "    if instance.primary not in {None, rental.id}:\n        return Verdict.FENCED\n",
        "    if instance.primary not in {None, rental.id} and rental.contract_id:\n"
        "        return Verdict.WINS\n",
    ),
    Mutant(
        "losers_kept",
        "racers that lost bill on (rule 10)",
        "shared.domain.instances.scene",
        '            return "" if rental_id == instance.primary '
        'else "another machine was ready first"',
        '            return ""',
    ),
    Mutant(
        "uploads_not_fenced",
        "a machine of the past writes on (rule 12)",
        "shared.app.machines.uploads",
        "    if not is_primary or instance is None:\n",
        "    if instance is None:\n",
        shown_by=("lost_in_snapshot",),
    ),
    Mutant(
        "head_set_by_anybody",
        "a snapshot from the wrong machine becomes the head (rule 11)",
        "shared.domain.snapshots.acknowledge",
        "    return (\n        snapshot.rental_id == instance.primary\n"
        "        and snapshot.epoch == instance.epoch\n"
        "        and snapshot.parent == instance.head\n    )",
        "    return bool(snapshot.id and instance.id)",
        shown_by=("lost_in_snapshot",),
    ),
    Mutant(
        "kept_disk_filled_again",
        "a machine that boots again gets the head over its newer files (rule 11)",
        "shared.app.machines.plan",
        "    return instance.restore_from if instance.state in BEING_MADE else None\n",
        "    return instance.restore_from or instance.head\n",
    ),
    Mutant(
        "acknowledged_early",
        "a snapshot counts before its bytes were looked for",
        "shared.app.snapshots.verify",
        "        found = services.snapshots.verify("
        "snapshot.manifest_key, snapshot.manifest_md5, proven)\n",
        "        from shared.ports.snapshots import VerifiedSnapshot\n\n"
        "        found = VerifiedSnapshot(0, 0) if proven or snapshot else None\n",
        shown_by=("blob_stored_cut",),
    ),
    Mutant(
        "head_condemned",
        "retention takes what the instance would wake from (rule 20)",
        "shared.domain.snapshots.retention",
        "    alive = instance is not None and instance.state is not InstanceState.DESTROYED",
        "    alive = False",
    ),
    Mutant(
        "lent_snapshot_condemned",
        "a policy takes what another instance is being made from (rule 20)",
        "shared.app.snapshots.condemn",
        "if each.value in free and not borrowed_why(services, each.value)",
        "if each.value in free",
    ),
)

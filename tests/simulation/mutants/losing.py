"""Faults around death and silence: who is lost, who is only not heard."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

LOSING = (
    Mutant(
        "silence_is_death",
        "a machine that is cut off for a while is replaced (rules 16 and 17)",
        "shared.domain.failover.decide",
        "    if now < evidence.hard_at or evidence.together:",
        "    if evidence.together and not silent:",
        shown_by=("partition",),
    ),
    Mutant(
        "nobody_asked",
        "a suspicion counts as a loss before its answer (rule 17)",
        "shared.domain.failover.decide",
        "    if now < evidence.answer_by(suspicion):\n"
        "        return Rest(evidence.answer_by(suspicion), look=True)\n",
        "",
        shown_by=(
            "host_offline",
            "host_unknown",
            "host_freezes",
            "lost_in_snapshot",
        ),
    ),
    Mutant(
        "our_absence_blamed_on_machines",
        "an hour without a control plane kills the fleet (rule 16)",
        "shared.domain.failover.evidence",
        "    healthy = fleet.healthy_since if fleet else None\n",
        "    healthy = None\n",
        shown_by=("the control plane is away",),
    ),
    Mutant(
        "held_machine_let_go_at_once",
        "a lost machine's work goes before its successor has proven itself (rule 13)",
        "shared.domain.failover.decide",
        "    return lease.seen_at >= instance.ready_at or lease.phase == READY",
        "    return True",
        shown_by=(
            "host_dies",
            "host_freezes",
            "partition",
        ),
    ),
    Mutant(
        "dead_machines_ignored",
        "nobody moves the work of a dead machine (rule 15)",
        "shared.domain.failover.decide",
        "    return FailOver(why)",
        "    return _held_back(scene, why, None, now)",
        shown_by=("host_dies",),
    ),
    Mutant(
        "moved_without_its_files",
        "a failover starts with an empty workspace (rule 11)",
        "shared.domain.failover.transitions",
        "        restore_from=instance.saved,\n        drain=None,\n        thaw=None,\n"
        "        open_snapshot=None,\n"
        "        avoid_machine=machine_key(lost.terms.provider, lost.terms.machine_id),\n"
        "        operation_id=",
        "        restore_from=None,\n        drain=None,\n        thaw=None,\n"
        "        open_snapshot=None,\n"
        "        avoid_machine=machine_key(lost.terms.provider, lost.terms.machine_id),\n"
        "        operation_id=",
        shown_by=("host_dies",),
    ),
    Mutant(
        "failover_keeps_the_epoch",
        "a machine that comes back from the dead writes on (rule 11)",
        "shared.domain.failover.transitions",
        "    fenced = replace(\n        instance,\n        primary=None,\n"
        "        epoch=instance.epoch + 1,",
        "    fenced = replace(\n        instance,\n        primary=None,\n"
        "        epoch=instance.epoch,",
        shown_by=(
            "host_dies",
            "host_freezes",
            "host_offline",
        ),
    ),
)

"""Rule 18: nobody is put to sleep on what a machine said longer ago than two minutes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.instances.idle import IDLE_REASON
from shared.domain.instances.model import Desired
from tests.simulation.judge.findings import SLEEPS_UNASKED

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings

EVIDENCE = timedelta(seconds=120)


class IdleJudge:
    """Judges the moment of the order: that a drain finds out later undoes no freeze."""

    def __init__(self, documents: Documents, findings: Findings) -> None:
        self._documents = documents
        self._findings = findings
        documents.on("instances", self._changed)

    def _changed(self, key: str, before: Instance | None, after: Instance | None) -> None:
        if before is None or after is None or after.state_reason != IDLE_REASON:
            return
        if (before.desired, after.desired) != (Desired.RUNNING, Desired.ASLEEP):
            return
        lease = self._documents.leases.get(after.primary or "")
        ordered = self._documents.operations.get(after.operation_id or "")
        if lease is None or ordered is None:
            return
        age = ordered.created_at - lease.seen_at
        if age > EVIDENCE:
            self._findings.add(SLEEPS_UNASKED, ordered.id, f"{key}: its machine spoke {age} before")

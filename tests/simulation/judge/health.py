"""Was the machine really lost that was given up as lost?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.judge.findings import HEALTHY_FAILOVERS

if TYPE_CHECKING:
    from shared.domain.instances.model import Instance
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.machines.host import Host
    from tests.simulation.machines.machines import Machines
    from tests.simulation.ports import World

# The longest way from silence to the decision: lease 300 s, suspicion, two sweeps.
WINDOW_S = 435.0 + 75.0 + 140.0


class HealthJudge:
    def __init__(
        self, world: World, documents: Documents, machines: Machines, findings: Findings
    ) -> None:
        self._world = world
        self._documents = documents
        self._machines = machines
        self._findings = findings
        documents.on("instances", self._changed)

    def _changed(self, _key: str, before: Instance | None, after: Instance | None) -> None:
        if before is None or after is None or before.primary is None:
            return
        if after.failover.recovery is None or before.failover.recovery is not None:
            return
        rental = self._documents.rentals.get(before.primary)
        host = self._host(rental.contract_id if rental else None)
        if host is not None and self._was_healthy(host):
            text = f"contract {host.contract.id} of {after.id}: {after.failover.recovery.why}"
            self._findings.add(HEALTHY_FAILOVERS, (after.id, after.epoch), text)

    def _host(self, contract_id: str | None) -> Host | None:
        return self._machines.of.get(int(contract_id)) if contract_id else None

    def _was_healthy(self, host: Host) -> bool:
        """It ran, undisturbed, for longer than silence takes to be acted upon."""
        now = self._world.clock.monotonic_s()
        parted_at = host.link.parted_at
        bad_at = max(host.impaired_at, -1.0 if parted_at is None else parted_at)
        up = host.container is not None and host.life is not None and not host.is_suspended
        speaks = host.life is not None and not host.life.core.stopped
        return up and speaks and host.link.is_whole and now - bad_at > WINDOW_S

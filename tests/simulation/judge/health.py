"""Was the machine really lost that was given up as lost, and was what is lost given up?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.failover.limits import refusal
from shared.domain.instances.model import Desired, InstanceState
from tests.simulation.judge.findings import HEALTHY_FAILOVERS, LEFT_DEAD

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from shared.domain.instances.model import Instance
    from shared.domain.machines.lease import AgentLease
    from tests.simulation.judge.documents import Documents
    from tests.simulation.judge.findings import Findings
    from tests.simulation.machines.host import Host
    from tests.simulation.machines.machines import Machines
    from tests.simulation.ports import World
    from tests.simulation.provider.desk import Desk

# The longest way from silence to the decision: lease 300 s, suspicion, two sweeps.
WINDOW_S = 435.0 + 75.0 + 140.0
GRACE_S = 15.0  # that an answer may take beyond two beats
# Docs, "The numbers": silence alone is enough after 300 s with a lease of 60 s, 900 s with 300 s.
HARD_BASE_S, HARD_PER_RENEWAL = 150.0, 2.5
LIES = 2  # two lists that nobody can see through are a proof of absence
# Silence alone is enough after 900 s; some sweeps; newer code may have its document for 1200 s.
PATIENCE_S = 900.0 + 300.0 + 1200.0


class HealthJudge:
    """`check` is asked now and then, and once at the end."""

    def __init__(
        self,
        world: World,
        documents: Documents,
        machines: Machines,
        desk: Desk,
        findings: Findings,
    ) -> None:
        self._world = world
        self._documents = documents
        self._machines = machines
        self._desk = desk
        self._findings = findings
        self._ran: dict[int, bool] = {}
        self._odd_at: dict[int, float] = {}  # when its provider last said that it does not run
        self._refused_at: dict[str, float] = {}
        documents.on("instances", self._changed)
        machines.site.watchers.append(self._contract_changed)

    def _contract_changed(self, contract: Contract) -> None:
        runs = contract.actual_status == "running"
        if not (runs and self._ran.get(contract.id, False)):
            self._odd_at[contract.id] = self._world.clock.monotonic_s()
        self._ran[contract.id] = runs

    def _changed(self, _key: str, before: Instance | None, after: Instance | None) -> None:
        if before is None or after is None or before.primary is None:
            return
        if after.failover.recovery is None or before.failover.recovery is not None:
            return
        host = self._host(before)
        if host is None or host.container is None:
            return
        why = "it was healthy" if self._was_healthy(host) else self._too_soon(before, host)
        if why:
            text = f"contract {host.contract.id} of {after.id}: {after.failover.recovery.why}"
            self._findings.add(HEALTHY_FAILOVERS, (after.id, after.epoch), f"{text}; {why}")

    def _host(self, instance: Instance) -> Host | None:
        rental = self._documents.rentals.get(instance.primary or "")
        contract_id = rental.contract_id if rental else None
        return self._machines.of.get(int(contract_id)) if contract_id else None

    def _was_healthy(self, host: Host) -> bool:
        """It ran, undisturbed, for longer than silence takes to be acted upon."""
        now = self._world.clock.monotonic_s()
        parted_at = host.link.parted_at
        bad_at = max(host.impaired_at, -1.0 if parted_at is None else parted_at)
        up = host.container is not None and host.life is not None and not host.is_suspended
        speaks = host.life is not None and not host.life.core.stopped
        return up and speaks and host.link.is_whole and now - bad_at > WINDOW_S

    def _too_soon(self, before: Instance, host: Host) -> str:
        """Rules 16 and 17, of one that is cut off and lives: "" where it was waited for."""
        suspicion = before.failover.suspicion
        lease = self._documents.leases.get(before.primary or "")
        if suspicion is None or lease is None:
            return ""
        now = self._world.clock.now()
        asked_s = (now - suspicion.asked_at).total_seconds()
        if asked_s < 2 * lease.beat_s + GRACE_S:
            return f"it was asked {asked_s:.0f} s before"
        silent_s = self._silent_s(lease)
        odd_s = self._world.clock.monotonic_s() - self._odd_at.get(host.contract.id, 0.0)
        known = odd_s > asked_s and self._desk.lies < LIES
        runs = known and host.contract.actual_status == "running"
        if runs and silent_s < HARD_BASE_S + HARD_PER_RENEWAL * lease.renewal_s:
            return f"its provider runs it, and it was silent for {silent_s:.0f} s"
        return ""

    def _silent_s(self, lease: AgentLease) -> float:
        """Since we are there to hear it."""
        told_s = (self._world.clock.now() - lease.seen_at).total_seconds()
        return min(told_s, self._world.there_for_s)

    def check(self) -> None:
        """A dead machine is moved away from, where its owner has not forbidden it."""
        for instance in self._documents.instances.values():
            if self._should_move(instance) and self._dead_s(instance) > PATIENCE_S:
                text = f"{instance.id} is left on a machine that died {PATIENCE_S:.0f} s ago"
                self._findings.add(LEFT_DEAD, (instance.id, instance.epoch), text)

    def _should_move(self, instance: Instance) -> bool:
        runs = instance.state is InstanceState.RUNNING and instance.desired is Desired.RUNNING
        if not runs or instance.saved is None or not instance.failover_policy.enabled:
            return False
        if refusal(instance.failover, self._world.clock.now()):
            self._refused_at[instance.id] = self._world.clock.monotonic_s()
            return False
        return True

    def _dead_s(self, instance: Instance) -> float:
        """How long its host is dead, as far as somebody was there to do something about it."""
        host = self._host(instance)
        if host is None or not self._machines.site.is_dead(host.contract):
            return 0.0
        now = self._world.clock.monotonic_s()
        began_s = max(host.impaired_at, self._refused_at.get(instance.id, 0.0))
        since_s = (self._world.clock.now() - instance.state_since) / timedelta(seconds=1)
        return min(now - began_s, since_s, self._world.there_for_s)

"""Judges a seed: watches from the first moment on, and says at the end what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.judge.absence import AbsenceJudge
from tests.simulation.judge.caps import CapJudge
from tests.simulation.judge.convergence import Convergence
from tests.simulation.judge.documents import Documents
from tests.simulation.judge.endings import EndJudge
from tests.simulation.judge.findings import KINDS, Findings, Verdict
from tests.simulation.judge.health import HealthJudge
from tests.simulation.judge.idleness import IdleJudge
from tests.simulation.judge.money import MoneyJudge
from tests.simulation.judge.requests import RequestJudge
from tests.simulation.judge.roles import RoleJudge
from tests.simulation.judge.work import WorkJudge

if TYPE_CHECKING:
    from tests.simulation.blobs import SimulatedBlobs
    from tests.simulation.judge.documents import ObservedStore
    from tests.simulation.machines.machines import Machines
    from tests.simulation.ports import World
    from tests.simulation.provider.provider import Provider


class Judge:
    """`watch` is called before the first order; `verdict` once, after convergence."""

    def __init__(
        self, world: World, provider: Provider, machines: Machines, blobs: SimulatedBlobs
    ) -> None:
        self.documents = Documents()
        self.findings = Findings(world.tell)
        found, documents, site = self.findings, self.documents, provider.site
        self.requests = RequestJudge(world, site, documents, found)
        self.roles = RoleJudge(world, site, documents, found)
        self.work = WorkJudge(world, documents, machines.truth, blobs, found)
        self.health = HealthJudge(world, documents, machines, provider.desk, found)
        self.money = MoneyJudge(world, site, documents, self.requests, found)
        self.caps = CapJudge(world, documents, self.money, found)
        self.ends = EndJudge(world, site, documents, found)
        self.absence = AbsenceJudge(site, provider.desk, documents, found)
        self.idleness = IdleJudge(documents, found)
        self.convergence = Convergence(site, documents)
        self.money.counted += [self.ends.look, self.roles.look, self.health.check]
        provider.desk.log.append(self.requests)
        machines.watchers += [self.roles, self.work]
        machines.guards.append(self.roles)

    def watch(self, store: ObservedStore) -> None:
        """Follow this store from now on; in place of another, if there was one."""
        store.observers = (self.documents.committed,)

    def verdict(self) -> Verdict:
        self.requests.check_foreign()
        self.work.check_all()
        self.money.check()
        self.ends.check()
        self.health.check()
        counts = {kind: self.findings.counts[kind] for kind in KINDS}
        after_usd = self.money.after_release_usd()
        return Verdict(counts, tuple(self.findings.texts), after_usd)

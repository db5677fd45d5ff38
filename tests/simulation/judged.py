"""A small world for the judge's own tests: one machine made by hand, no control plane at all."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from infra.simulators.vast.model import create
from infra.simulators.wire import Request
from shared.agent_wire import messages as wire
from shared.app.collections import (
    BUDGETS,
    INSTANCES,
    LEASES,
    OPERATIONS,
    RENTALS,
    SNAPSHOTS,
    SPENDING_LIMITS,
)
from shared.ports.store import Collection, Save, Version
from tests.simulation.agenda import Agenda
from tests.simulation.blobs import SimulatedBlobs
from tests.simulation.images import image_of
from tests.simulation.judge.judge import Judge
from tests.simulation.machines.machines import Machines
from tests.simulation.menu import STORM_S
from tests.simulation.provider.provider import Provider
from tests.unit.agent.core_world import PLAN

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Contract
    from tests.simulation.machines.host import Host

_COLLECTIONS: dict[str, Collection[Any]] = {
    "Instance": INSTANCES,
    "Rental": RENTALS,
    "Snapshot": SNAPSHOTS,
    "Operation": OPERATIONS,
}
FIRST_KEY = "user_ada"


class NoFaults:
    calm = False

    def strikes(self, _fault: str, _call: str) -> bool:
        return False


class EmptyWorld:
    """Implements World: time passes, nobody answers."""

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.clock = self.agenda.clock
        self.faults = NoFaults()
        self.store: Any = None
        self.storm_s = STORM_S
        self.away_s = 0.0
        self.there_for_s = 10_000.0
        self._chances: dict[str, random.Random] = {}

    def chance(self, name: str) -> random.Random:
        return self._chances.setdefault(name, random.Random(name))

    def later(self, seconds: float, _what: str, run: Callable[[], None]) -> None:
        self.agenda.later(seconds, run)

    def ask(self, *_request: object) -> None:
        """Into the void."""

    def tell(self, text: str) -> None:
        """Nobody traces it."""


class Judged:
    """`claim` is what the documents say; everything else is what really happens."""

    def __init__(self) -> None:
        self.world = EmptyWorld()
        self.blobs = SimulatedBlobs(self.world)
        self.provider = Provider(self.world, "test")
        self.site = self.provider.site
        self.machines = Machines(self.world, self.site, self.blobs)
        self.judge = Judge(self.world, self.provider, self.machines, self.blobs)

    def pass_time(self, seconds: float) -> None:
        self.world.agenda.run_until(self.world.agenda.now_s + seconds)

    def claim(self, *documents: Any) -> None:
        writes = [
            Save(_COLLECTIONS[type(each).__name__], each.id, each, Version("1"))
            for each in documents
        ]
        self.judge.documents.committed(writes)

    def claim_budget(self, budget: Any) -> None:
        key = f"{budget.owner}:{budget.month}"
        self.judge.documents.committed([Save(BUDGETS, key, budget, Version("1"))])

    def claim_limits(self, limits: Any) -> None:
        write = Save(SPENDING_LIMITS, limits.owner, limits, Version("1"))
        self.judge.documents.committed([write])

    def claim_lease(self, lease: Any) -> None:
        write = Save(LEASES, lease.rental_id, lease, Version("1"))
        self.judge.documents.committed([write])

    def rent(self, rental_id: str = "rent_1") -> Contract:
        """A contract under our label that runs the onstart line, up by the end."""
        label = f"dumont/test/{rental_id}/mac"
        body: dict[str, object] = {
            "label": label,
            "image": "python:3.12",
            "disk": 50,
            "env": {wire.ENV_TOKEN: "token"},
        }
        ask_id = next(iter(self.site.model.asks))
        made = create.create(self.site.model, self.site.account, ask_id, body, self.site.now())
        self.site.looked()
        self.pass_time(120.0)
        return made

    def at_work(self, contract: Contract, epoch: int = 0) -> Host:
        """Its agent has a plan for `inst_1` and let the user in, who has begun to write."""
        host = self.machines.of[contract.id]
        host.plan = wire.Plan(
            "inst_1", "rent_1", epoch, "/workspace", None, {}, "", "", PLAN.idle, ()
        )
        host.open(frozen=False)
        host.user_writes()
        return host

    def take(self, host: Host, snapshot_id: str = "snap_1") -> None:
        """A snapshot as the agent takes it, stored whole."""
        prefix = "snapshots/inst_1/0-rent_1/"
        image = image_of(host.disk.content, prefix, snapshot_id, "")
        host.took(snapshot_id, image, host.disk.content)
        self.blobs.put_new(image.pack_key, image.pack)
        self.blobs.put_new(image.manifest_key, image.manifest)

    def order(self, method: str, contract: Contract, body: bytes = b"") -> None:
        """An order of ours for a contract, carried out."""
        key = self.site.key_of(FIRST_KEY)
        headers = {"authorization": f"Bearer {key}"}
        path = f"/api/v0/instances/{contract.id}/"
        call = "provider.destroy" if method == "DELETE" else "provider.stop"
        self.provider.desk.exchange(call, Request(method, path, "", body, headers))

    def found(self) -> dict[str, int]:
        return {kind: count for kind, count in self.judge.verdict().counts.items() if count}

"""The store is put back to what it was, or to nothing: what it forgot still runs.

Most promises are about what the store knows; it has lost them. One is left to judge: nothing of
ours that works and that it does not know any more is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from shared.adapters.embedded.memory import Tables
    from tests.simulation.world import SimWorld

FORGOTTEN_TOUCHED = "forgotten_touched"


class LostStore:
    """`keep` a copy; `put_back` what was kept, whatever was written since."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._copy: Tables = {}
        self.happened = False
        self.forgotten: list[Contract] = []
        self.keep()

    def keep(self) -> None:
        self._copy = self._world.store.copy()

    def put_back(self) -> None:
        """Every process ends; those that come next meet the older documents."""
        world, store = self._world, self._world.store
        world.tell("the store is put back to an older copy of it")
        self.happened = True
        world.fleet.end_all("the store is put back")
        store.observers = ()
        store.put_back(self._copy)
        self.forgotten = [
            each
            for each in world.provider.site.ours()
            if each.id in world.machines.of
            and world.machines.of[each.id].works
            and each.id not in world.judge.requests.halted
            and not self._is_known(each)
        ]

    def findings(self) -> list[str]:
        """What we ordered to stop or to end though no document tells of it."""
        return [
            f"{FORGOTTEN_TOUCHED}: contract {each.id}, {each.label}, was ended"
            for each in self.forgotten
            if each.id in self._world.judge.requests.halted
        ]

    def _is_known(self, contract: Contract) -> bool:
        return rental_named(contract) in self._world.store.bodies("rentals")

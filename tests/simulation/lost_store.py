"""The store is put back to what it was, or to nothing: what it forgot still runs.

Most promises are about what the store knows; it has lost them. Two are left to judge: nothing of
ours that works and that it does not know any more is touched, and what began in the life of this
store and never spoke is ended (rule 9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.app.collections import INCARNATION, INCARNATION_KEY
from shared.domain.market.strays import ALWAYS_ALLOWED
from tests.simulation.judge.findings import LEAKED
from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from shared.adapters.embedded.memory import Tables
    from tests.simulation.world import SimWorld

FORGOTTEN_TOUCHED = "forgotten_touched"
CLOCKS_S = 5.0  # by so much the provider's clock may differ from ours


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

    def would_forget(self) -> list[Contract]:
        """What stands and is not in the copy."""
        known, ours = self._copy.get("rentals", {}), self._world.provider.site.ours()
        standing = (each for each in ours if each.destroyed_at is None)
        return [each for each in standing if rental_named(each) not in known]

    def counts(self) -> dict[str, int]:
        return {FORGOTTEN_TOUCHED: len(self._touched()), LEAKED: len(self._left())}

    def findings(self) -> list[str]:
        left = [f"{LEAKED}: contract {each.id}, {each.label}, stands" for each in self._left()]
        return [*self._touched(), *left]

    def _left(self) -> list[Contract]:
        """What began in this life of the store and has no document. Not where they are so many
        that the sweep has to stop, nor where a machine of a later state has spoken since.
        """
        site = self._world.provider.site
        life = self._world.store.get(INCARNATION, INCARNATION_KEY)
        if life is None:
            return []
        began = life.value.since.timestamp() + CLOCKS_S
        left = [
            each
            for each in site.ours()
            if each.destroyed_at is None and each.created_at > began and not self._is_known(each)
        ]
        return left if len(left) <= ALWAYS_ALLOWED else []

    def _touched(self) -> list[str]:
        """What we ordered to stop or to end though no document tells of it."""
        return [
            f"{FORGOTTEN_TOUCHED}: contract {each.id}, {each.label}, was ended"
            for each in self.forgotten
            if each.id in self._world.judge.requests.halted
        ]

    def _is_known(self, contract: Contract) -> bool:
        return rental_named(contract) in self._world.store.bodies("rentals")

"""The store is put back to what it was, or to nothing: what it forgot still runs.

Most promises are about what the store knows; it has lost them. One is left to judge: nothing of
ours that works and that it does not know any more is touched.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from tests.simulation.judge.naming import rental_named

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from tests.simulation.world import SimWorld

FORGOTTEN_TOUCHED = "forgotten_touched"


class LostStore:
    """`keep` a copy; `put_back` what was kept, whatever was written since."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._copy: sqlite3.Connection | None = None
        self.happened = False
        self.forgotten: list[Contract] = []
        self.keep()

    def keep(self) -> None:
        copy = sqlite3.connect(":memory:")
        self._world.store._database._writer.backup(copy)
        self.close()
        self._copy = copy

    def put_back(self) -> None:
        """Every process ends; those that come next meet the older documents."""
        world, store = self._world, self._world.store
        world.tell("the store is put back to an older copy of it")
        self.happened = True
        world.fleet.end_all("the store is put back")
        store.observers = ()
        if self._copy is not None:
            self._copy.backup(store._database._writer)
        store._decoded.clear()
        store._known.clear()
        store._indexed.clear()
        store._writer._expiring.clear()  # the copy may be older than a table that is swept
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

    def close(self) -> None:
        if self._copy is not None:
            self._copy.close()

    def _is_known(self, contract: Contract) -> bool:
        with self._world.store._database.reading() as connection:
            tables = connection.execute(
                "SELECT 1 FROM sqlite_master WHERE name = 'documents_rentals'"
            ).fetchall()
            if not tables:
                return False
            key = rental_named(contract)
            found = connection.execute(
                "SELECT 1 FROM documents_rentals WHERE key = ?", (key,)
            ).fetchall()
        return bool(found)

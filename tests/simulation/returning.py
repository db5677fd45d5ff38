"""Machines that come back when it matters: just after they were given up, or later than we do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.domain.instances.model import Instance
    from tests.simulation.machines.host import Host
    from tests.simulation.world import SimWorld

GIVEN_UP = 0.5  # of them so many are back before their successor has proven itself
GIVEN_UP_S = (0.2, 90.0)
AWAY, AWAY_S = 0.5, (60.0, 400.0)  # shorter than a lease: nobody who waits loses one of them


class Returning:
    """Without a chance of its own to begin anything: something else has taken them away."""

    def __init__(self, world: SimWorld) -> None:
        self._world = world
        self._chance = world.chance("returning")
        world.judge.documents.on("instances", self._instance_changed)

    def some_come_later(self) -> None:
        """We are back from a long absence; not every way to us is whole again at once."""
        for host in self._world.machines.of.values():
            if self._chance.random() < AWAY:
                host.link.part(self._chance.uniform(*AWAY_S))

    def _instance_changed(self, _key: str, before: Instance | None, after: Instance | None) -> None:
        if before is None or after is None or self._world.faults.calm:
            return
        for host in self._given_up(before, after):
            if self._chance.random() < GIVEN_UP:
                self._world.later(self._chance.uniform(*GIVEN_UP_S), "it is back", host.come_back)

    def _given_up(self, before: Instance, after: Instance) -> Iterator[Host]:
        known = {each.rental_id for each in before.failover.held}
        for held in after.failover.held:
            rental = self._world.judge.documents.rentals.get(held.rental_id)
            if held.rental_id in known or rental is None or rental.contract_id is None:
                continue
            host = self._world.machines.of.get(int(rental.contract_id))
            if host is not None:
                yield host

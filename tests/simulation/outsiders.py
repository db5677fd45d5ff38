"""Other systems, which ask for snapshots over the topic that is open to them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.domain.events import SnapshotRequested
from shared.domain.ids import InstanceId

if TYPE_CHECKING:
    from tests.simulation.users import Users
    from tests.simulation.world import SimWorld

IN_EACH = 10  # of so many seeds, one: an instance's own policy asks nobody for its snapshots
_BETWEEN_S = (20.0, 400.0)
_STRANGE, _TOO_LATE = 0.1, 0.1
_WITHIN_S = 600.0


class Outsiders:
    """They know the instances by name, ask until `until_s`, and hear no answer."""

    def __init__(self, world: SimWorld, users: Users, until_s: float) -> None:
        self._world, self._users, self._until_s = world, users, until_s
        self._chance = world.chance("outsiders")
        self._asked = 0
        if world.seed % IN_EACH == 0:
            self._plan()

    def _plan(self) -> None:
        wait_s = self._chance.uniform(*_BETWEEN_S)
        if self._world.agenda.now_s + wait_s < self._until_s:
            self._world.agenda.later(wait_s, self._ask)

    def _ask(self) -> None:
        """Now and then of what nobody has, or after its own time."""
        strange = self._chance.random() < _STRANGE
        known = self._chance.choice(sorted(self._users.instances))
        instance_id = InstanceId("inst_of_nobody") if strange else known
        lives_s = -1.0 if self._chance.random() < _TOO_LATE else _WITHIN_S
        self._asked += 1
        event = SnapshotRequested(
            request_id=f"outside_{self._asked}",
            instance_id=instance_id,
            reason="another system asks for one",
            expires_at=(self._world.clock.now() + timedelta(seconds=lives_s)).isoformat(),
        )
        self._world.tell(f"another system asks for a snapshot of {instance_id}")
        self._world.bus.publish([event])
        self._plan()

"""What befalls a rented host, drawn once for each start of its container."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tests.simulation.provider.menu import HOST

if TYPE_CHECKING:
    from infra.simulators.vast.model.state import Contract
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site


@dataclass(frozen=True, slots=True)
class Misfortune:
    """The model's event, what ends it again ("" for nothing), and how long it lasts."""

    event: str
    end: str = ""
    lasts_s: tuple[float, float] = (0.0, 0.0)
    only_bids: bool = False


KINDS = {
    "host_dies": Misfortune("host_death"),
    "host_offline": Misfortune("host_offline", "host_returns", (40.0, 1500.0)),
    "host_unknown": Misfortune("host_unknown", "host_returns", (20.0, 300.0)),
    "host_freezes": Misfortune("freeze", "thaw", (20.0, 900.0)),
    "outbid": Misfortune("outbid", "rival_leaves", (60.0, 1200.0), only_bids=True),
    "stopped_outside": Misfortune("stop_outside"),
    "container_restarts": Misfortune("container_ended"),
}
IN_SNAPSHOT = Misfortune("host_offline", "host_returns", (150.0, 900.0))
AFTER_S = (0.0, 1000.0)
RESTARTS_AFTER_S = 4.0
LOOK_S = 30.0
# Finding out that a silent machine is lost takes so long (lease of 300 s, docs: the numbers): that
# is no convergence, so nothing begins in the storm's last minutes that has to be found out first.
FOUND_WITHIN_S = 435.0


class Hosts:
    """Everything that was temporary ends when the faults stop."""

    def __init__(self, world: World, site: Site) -> None:
        self._world = world
        self._site = site
        self._chance = world.chance("provider.hosts")
        self._drawn: set[tuple[int, int]] = set()
        self._last_s = world.clock.monotonic_s() + world.storm_s - FOUND_WITHIN_S

    @property
    def too_late(self) -> bool:
        """For something to begin that nobody is told of."""
        return self._world.faults.calm or self._world.clock.monotonic_s() > self._last_s

    def container_up(self, contract: Contract) -> None:
        """Its container has just started."""
        if (contract.id, contract.boot_no) in self._drawn:
            return
        self._drawn.add((contract.id, contract.boot_no))
        for name, kind in KINDS.items():
            if kind.only_bids and not contract.is_bid:
                continue
            if self._world.faults.strikes(name, HOST[0]):
                after_s = self._chance.uniform(*AFTER_S)
                self._world.later(after_s, name, partial(self._begin, kind, contract))

    def lose_sight_of(self, contract: Contract) -> None:
        """Now, at a moment that its machine has chosen."""
        self._begin(IN_SNAPSHOT, contract)

    def come_back(self, contract: Contract) -> None:
        """What would have ended by itself ends now."""
        if contract.destroyed_at is None:
            for event in ("host_returns", "thaw"):
                self._site.befall(event, contract)

    def _begin(self, kind: Misfortune, contract: Contract) -> None:
        if self.too_late or contract.destroyed_at is not None:
            return
        if contract.up_since is None or contract.actual_status != "running":
            return
        self._site.befall(kind.event, contract)
        if kind.end:
            self._go_on(kind, contract, self._chance.uniform(*kind.lasts_s))
        elif kind.event == "container_ended":
            self._world.later(RESTARTS_AFTER_S, "restart", lambda: self._restart(contract))

    def _go_on(self, kind: Misfortune, contract: Contract, left_s: float) -> None:
        """It lasts, until its time is over or the faults stop."""
        if contract.destroyed_at is not None:
            return
        if left_s <= 0 or self._world.faults.calm:
            self._site.befall(kind.end, contract)
            return
        wait_s = min(left_s, LOOK_S)
        self._world.later(wait_s, kind.end, lambda: self._go_on(kind, contract, left_s - wait_s))

    def _restart(self, contract: Contract) -> None:
        """The host starts a container again whose own process ended, if it is still to run."""
        wanted = contract.destroyed_at is None and contract.intended_status == "running"
        if wanted and contract.actual_status == "exited":
            self._site.restart(contract)

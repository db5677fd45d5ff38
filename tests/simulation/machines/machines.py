"""Every rented host of a seed that runs our onstart line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shared.agent_wire.messages import ENV_TOKEN
from tests.simulation.machines.host import Host
from tests.simulation.machines.truth import DiskTruth

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.vast.model.state import Contract
    from tests.simulation.blobs import SimulatedBlobs
    from tests.simulation.ports import World
    from tests.simulation.provider.site import Site


class Watcher(Protocol):
    """Hears at the very moment what a host does."""

    def began_to_work(self, host: Host) -> None: ...
    def spoke(self, host: Host) -> None: ...
    def went_down(self, host: Host, was_working: bool) -> None: ...
    def was_fenced(self, host: Host) -> None: ...
    def released(self, host: Host) -> None: ...


class Guard(Protocol):
    """Knows who may write (rule 12)."""

    def is_past(self, host: Host) -> bool:
        """Whether it is fenced by now."""

    def was_let_write(self, host: Host) -> None:
        """Though it was fenced when it asked."""


class Machines:
    """`of` holds a host for each contract that ever ran our agent."""

    def __init__(self, world: World, site: Site, blobs: SimulatedBlobs) -> None:
        self.world = world
        self.site = site
        self.blobs = blobs
        self.chance = world.chance("machines")
        self.truth = DiskTruth()
        self.of: dict[int, Host] = {}
        self.watchers: list[Watcher] = []
        self.guards: list[Guard] = []
        site.watchers.append(self._follow)

    def _follow(self, contract: Contract) -> None:
        host = self.of.get(contract.id)
        if host is None:
            if not contract.container_wanted or ENV_TOKEN not in contract.env:
                return
            host = self.of[contract.id] = Host(self, contract)
        host.follow()
        if contract.destroyed_at is not None and not host.is_released:
            host.is_released = True
            for each in self.watchers:
                each.released(host)
        if contract.container_wanted:
            self.site.hosts.container_up(contract)

    def when_let_write(self, host: Host) -> Callable[[], None]:
        """Taken when it asks for the right to write, called when it is given that."""
        past = [each for each in self.guards if each.is_past(host)]

        def given() -> None:
            for each in past:
                each.was_let_write(host)

        return given

    def began_to_work(self, host: Host) -> None:
        for each in self.watchers:
            each.began_to_work(host)

    def spoke(self, host: Host) -> None:
        for each in self.watchers:
            each.spoke(host)

    def went_down(self, host: Host, *, was_working: bool) -> None:
        for each in self.watchers:
            each.went_down(host, was_working)

    def was_fenced(self, host: Host) -> None:
        for each in self.watchers:
            each.was_fenced(host)

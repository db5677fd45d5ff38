"""The running marketplace."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from infra.simulators.machine.load import write_whole
from infra.simulators.machines.keeper import Wanted
from infra.simulators.machines.ports import port_is_free
from infra.simulators.running import Paths, Running
from infra.simulators.tensordock import persist, side_door
from infra.simulators.tensordock.api import dispatch
from infra.simulators.tensordock.machine_specs import machine_spec
from infra.simulators.tensordock.model import lifecycle
from infra.simulators.tensordock.model.state import World

if TYPE_CHECKING:
    from infra.simulators.clock import SimulatedClock
    from infra.simulators.tensordock.model.state import Machine
    from infra.simulators.wire import Answer, Request


class Simulation(Running[World]):
    def __init__(
        self, world: World, clock: SimulatedClock, paths: Paths, sim_key: str, *, isolated: bool
    ) -> None:
        super().__init__(world, clock, paths, lifecycle.PORTS, isolated=isolated)
        self._sim_key = sim_key
        world.port_is_free = port_is_free

    def save(self) -> None:
        persist.save(self.paths.state, self.world)

    def advance(self, now: float) -> None:
        lifecycle.advance(self.world, now)

    def dispatch(self, request: Request, now: float, base_url: str) -> Answer:
        del base_url
        return dispatch.answer(self.world, request, now, time.monotonic())

    def side_door(self, request: Request) -> tuple[Answer, float]:
        return side_door.answer(self, request, self._sim_key)

    def want_machines(self) -> None:
        for machine in self.world.machines.values():
            if machine.gone_at is None:
                self._want(machine)

    def _want(self, machine: Machine) -> None:
        host = self.world.hosts[machine.host_id]
        runs = machine.status == "running" and not host.dead
        self.keeper.want(
            Wanted(
                machine.id,
                machine_spec(machine, host) if runs else None,
                destroyed=machine.destroyed_at is not None,
                gently=machine.destroyed_at is None and not host.dead,
            )
        )

    def is_gone(self, machine_id: str) -> bool:
        machine = self.world.machines.get(machine_id)
        return machine is None or machine.gone_at is not None

    def ended(self, machine_id: str, boot_no: int) -> None:
        machine = self.world.machines[machine_id]
        if machine.boot_no == boot_no and machine.status == "running":
            lifecycle.fail(self.world, machine, self.clock.now())

    def count_traffic(self) -> None:
        """It costs nothing here, but a machine knows its own."""
        for machine in self.world.machines.values():
            if machine.gone_at is None:
                self._show_traffic(machine)

    def _show_traffic(self, machine: Machine) -> None:
        received, sent = self.proxies.take(machine.id)
        run = self.paths.run(machine.id)
        if not (received or sent) or not run.exists():
            return
        machine.received += received
        machine.sent += sent
        shown = {"rx_bytes": machine.received, "tx_bytes": machine.sent}
        write_whole(run / "net.json", json.dumps(shown))

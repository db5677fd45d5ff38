"""The running marketplace: model, clock, disk and machines under one lock."""

from __future__ import annotations

import json
import os
import random
import threading
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.simulators.machine.load import write_whole
from infra.simulators.machines import folders
from infra.simulators.machines.keeper import Keeper, Wanted
from infra.simulators.machines.ports import port_is_free
from infra.simulators.machines.proxy import Proxies
from infra.simulators.tensordock import persist, side_door
from infra.simulators.tensordock.api import dispatch
from infra.simulators.tensordock.machine_specs import machine_spec
from infra.simulators.tensordock.model import lifecycle
from infra.simulators.tensordock.model.state import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.clock import SimulatedClock
    from infra.simulators.tensordock.model.state import Machine, Row
    from infra.simulators.wire import Answer, Request

TICK_S = 0.1
PORTS_APART = 97


@dataclass(frozen=True, slots=True)
class Paths:
    data: Path

    @property
    def state(self) -> Path:
        return self.data / "state.json"

    @property
    def machines(self) -> Path:
        return self.data / "machines"


class Simulation:
    """Thread-safe. Every answer is given only after what it changed is on disk."""

    def __init__(
        self, world: World, clock: SimulatedClock, paths: Paths, sim_key: str, *, isolated: bool
    ) -> None:
        self.world = world
        self.clock = clock
        self.paths = paths
        self.lock = threading.RLock()
        self._sim_key = sim_key
        self._saved_changes = -1
        self._stopping = threading.Event()
        self._proxies = Proxies()
        paths.machines.mkdir(parents=True, exist_ok=True)
        self.keeper = Keeper(paths.machines, self._proxies, self._ended, isolated=isolated)
        world.port_is_free = port_is_free
        # Simulators that run side by side begin at different ports
        ports = lifecycle.PORTS
        world.next_port = ports.start + os.getpid() * PORTS_APART % len(ports)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Adopt what still lives, then keep time until `finish`."""
        self.keeper.adopt()
        with self.lock:
            self.step()
        self._thread.start()

    def finish(self) -> None:
        """Stop every machine, keep the books."""
        self._stopping.set()
        self._thread.join(timeout=10)
        self.keeper.stop_all()
        with self.lock:
            persist.save(self.paths.state, self.world)
        self._proxies.stop()

    def answer(self, request: Request, base_url: str) -> tuple[Answer, float]:
        """The answer and the simulated time at which it was given."""
        del base_url
        with self.lock:
            now = self.clock.now()
            made = dispatch.answer(self.world, request, now, time.monotonic())
            self._save_changes()
        return made, now

    def side_door(self, request: Request) -> tuple[Answer, float]:
        """What happened in truth, and what is to happen: for whoever holds the simulator's key."""
        return side_door.answer(self, request, self._sim_key)

    def change(self, act: Callable[[World, float], Row]) -> tuple[Row, float]:
        """Run a side-door action on the model at the present moment."""
        with self.lock:
            now = self.clock.now()
            lifecycle.advance(self.world, now)
            result = act(self.world, now)
            lifecycle.advance(self.world, now)
            self._save_changes()
        return result, now

    def step(self) -> None:
        """One look: time, machines, traffic, disk. The lock is held."""
        lifecycle.advance(self.world, self.clock.now())
        for machine in self.world.machines.values():
            if machine.gone_at is None:
                self._want(machine)
                self._show_traffic(machine)
        for machine_id in self.keeper.machine_ids():
            known = self.world.machines.get(machine_id)
            if known is None or known.gone_at is not None:
                self.keeper.want(Wanted(machine_id, None, destroyed=True, gently=False))
        self._save_changes()

    def _run(self) -> None:
        while not self._stopping.wait(TICK_S):
            try:
                with self.lock:
                    self.step()
                self.keeper.notice_ends()
            except Exception:  # noqa: BLE001 - one machine's trouble must not stop time
                traceback.print_exc()

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

    def _ended(self, machine_id: str, boot_no: int) -> None:
        with self.lock:
            machine = self.world.machines[machine_id]
            if machine.boot_no == boot_no and machine.status == "running":
                lifecycle.fail(self.world, machine, self.clock.now())
                self._save_changes()

    def _show_traffic(self, machine: Machine) -> None:
        """Traffic costs nothing here, but a machine knows its own."""
        received, sent = self._proxies.take(machine.id)
        run = folders.machine_folder(self.paths.machines, machine.id) / "run"
        if not (received or sent) or not run.exists():
            return
        machine.received += received
        machine.sent += sent
        shown = {"rx_bytes": machine.received, "tx_bytes": machine.sent}
        write_whole(run / "net.json", json.dumps(shown))

    def _save_changes(self) -> None:
        if self.world.changes != self._saved_changes:
            persist.save(self.paths.state, self.world)
            self._saved_changes = self.world.changes


def fresh_world(seed: int) -> World:
    return World(rng=random.Random(seed))  # noqa: S311 - a simulation, not a secret

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
from infra.simulators.machines import figures, folders, texts
from infra.simulators.machines.keeper import Keeper, Wanted
from infra.simulators.machines.ports import port_is_free
from infra.simulators.machines.proxy import Proxies
from infra.simulators.vast import persist, side_door
from infra.simulators.vast.api import dispatch
from infra.simulators.vast.machine_specs import machine_spec
from infra.simulators.vast.model import billing, misfortune
from infra.simulators.vast.model.advance import advance
from infra.simulators.vast.model.pulling import PORT_RANGE
from infra.simulators.vast.model.state import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.simulators.clock import SimulatedClock
    from infra.simulators.vast.model.state import Contract, Row
    from infra.simulators.wire import Answer, Request

TICK_S = 0.1
PORTS_APART = 97
LOOKS_PER_GPU_READING = 10


@dataclass(frozen=True, slots=True)
class Paths:
    data: Path

    @property
    def state(self) -> Path:
        return self.data / "state.json"

    @property
    def market(self) -> Path:
        return self.data / "market.json"

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
        self._sim_key = sim_key
        self.lock = threading.RLock()
        self._book = persist.Book(paths.state)
        self._saved_changes = -1
        self._looks = 0
        self._traffic_shown: dict[int, tuple[int, int]] = {}
        self._stopping = threading.Event()
        self._proxies = Proxies()
        paths.machines.mkdir(parents=True, exist_ok=True)
        self.keeper = Keeper(paths.machines, self._proxies, self._ended, isolated=isolated)
        world.port_is_free = port_is_free
        low, high = PORT_RANGE
        # Simulators that run side by side begin at different ports
        world.next_port = low + os.getpid() * PORTS_APART % (high - low)
        world.machine_text = self._machine_text
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self) -> None:
        """Adopt what still lives, then keep time until `finish`."""
        self.keeper.adopt()
        with self.lock:
            self._count_what_was_shown()
            self.step()
        self._thread.start()

    def finish(self) -> None:
        """Stop every machine, keep the books."""
        self._stopping.set()
        self._thread.join(timeout=10)
        with self.lock:
            self.step()
        self.keeper.stop_all()
        with self.lock:
            self._bill_traffic()
            self._book.save(self.world)
        self._proxies.stop()

    def answer(self, request: Request, base_url: str) -> tuple[Answer, float]:
        """The answer and the simulated time at which it was given."""
        with self.lock:
            self._bill_traffic()
            now = self.clock.now()
            made = dispatch.answer(self.world, request, now, time.monotonic(), base_url)
            self._save_changes()
        return made, now

    def side_door(self, request: Request) -> tuple[Answer, float]:
        """What happened in truth, and what is to happen: for whoever holds the simulator's key."""
        return side_door.answer(self, request, self._sim_key)

    def change(self, act: Callable[[World, float], Row]) -> tuple[Row, float]:
        """Run a side-door action on the model at the present moment."""
        with self.lock:
            self._bill_traffic()
            now = self.clock.now()
            advance(self.world, now)
            result = act(self.world, now)
            advance(self.world, now)
            self._save_changes()
        return result, now

    def step(self) -> None:
        """One look: time, traffic, machines, disk. The lock is held."""
        self._looks += 1
        self._bill_traffic()
        advance(self.world, self.clock.now())
        for contracts in self.world.open_contracts.values():
            for contract_id in contracts:
                self._want(self.world.contracts[contract_id])
        for machine_id in self.keeper.machine_ids():
            contract = self.world.contracts.get(int(machine_id))
            if contract is None or contract.gone_at is not None:
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

    def _want(self, contract: Contract) -> None:
        spec = None
        if contract.container_wanted:
            account = self.world.accounts[contract.account_id]
            keys = tuple(account.ssh_keys.values())
            spec = machine_spec(contract, self.world.slices[contract.slot], keys, self.world.knobs)
            self._read_gpus(contract)
        self.keeper.want(
            Wanted(
                str(contract.id),
                spec,
                suspended=contract.container_suspended,
                destroyed=contract.destroyed_at is not None,
                gently=contract.destroyed_at is None and contract.actual_status != "unknown",
            )
        )

    def _read_gpus(self, contract: Contract) -> None:
        if self._looks % LOOKS_PER_GPU_READING == 0:
            folder = folders.machine_folder(self.paths.machines, str(contract.id))
            contract.gpu_readings = figures.gpu_reading(folder / "run")

    def _ended(self, machine_id: str, boot_no: int) -> None:
        with self.lock:
            contract = self.world.contracts[int(machine_id)]
            if contract.boot_no == boot_no and contract.container_wanted:
                misfortune.happen(self.world, "container_ended", contract, self.clock.now())
                self._save_changes()

    def _bill_traffic(self) -> None:
        """Bill what the proxies counted and show the machines the same numbers."""
        for contracts in self.world.open_contracts.values():
            for contract_id in contracts:
                contract = self.world.contracts[contract_id]
                down, up = self._proxies.take(str(contract_id))
                if (down or up) and contract.destroyed_at is None:
                    billing.add_traffic(self.world, contract, down, up, self.clock.now())
                self._show_traffic(contract)

    def _show_traffic(self, contract: Contract) -> None:
        totals = (contract.down_bytes, contract.up_bytes)
        run = folders.machine_folder(self.paths.machines, str(contract.id)) / "run"
        if self._traffic_shown.get(contract.id) == totals or not run.exists():
            return
        self._traffic_shown[contract.id] = totals
        shown = {"rx_bytes": totals[0], "tx_bytes": totals[1]}
        write_whole(run / "net.json", json.dumps(shown))

    def _count_what_was_shown(self) -> None:
        """Bytes counted after the last save are in net.json: they are billed too."""
        for contract in self.world.contracts.values():
            if contract.gone_at is not None:
                continue
            folder = folders.machine_folder(self.paths.machines, str(contract.id))
            shown = figures.traffic(folder / "run")
            down = max(0, shown[0] - contract.down_bytes)
            up = max(0, shown[1] - contract.up_bytes)
            billing.add_traffic(self.world, contract, down, up, self.world.now)

    def _save_changes(self) -> None:
        if self.world.changes != self._saved_changes:
            self._book.save(self.world)
            self._saved_changes = self.world.changes

    def _machine_text(self, contract_id: int, kind: str, options: Row) -> str:
        folder = folders.machine_folder(self.paths.machines, str(contract_id))
        return texts.logs(folder, options) if kind == "logs" else texts.execute(folder, options)


def fresh_world(seed: int) -> World:
    return World(rng=random.Random(seed))  # noqa: S311 - a simulation, not a secret

"""The running marketplace."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from infra.simulators.machine.load import write_whole
from infra.simulators.machines import figures, folders, texts
from infra.simulators.machines.keeper import Wanted
from infra.simulators.machines.ports import port_is_free
from infra.simulators.running import Paths, Running
from infra.simulators.vast import persist, side_door
from infra.simulators.vast.api import dispatch
from infra.simulators.vast.machine_specs import machine_spec
from infra.simulators.vast.model import billing, misfortune
from infra.simulators.vast.model.advance import advance
from infra.simulators.vast.model.pulling import PORTS
from infra.simulators.vast.model.state import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.simulators.clock import SimulatedClock
    from infra.simulators.vast.model.state import Contract, Row
    from infra.simulators.wire import Answer, Request

LOOKS_PER_GPU_READING = 10


class Simulation(Running[World]):
    def __init__(
        self, world: World, clock: SimulatedClock, paths: Paths, sim_key: str, *, isolated: bool
    ) -> None:
        super().__init__(world, clock, paths, PORTS, isolated=isolated)
        self._sim_key = sim_key
        world.port_is_free = port_is_free
        self._book = persist.Book(paths.state)
        self._looks = 0
        self._traffic_shown: dict[int, tuple[int, int]] = {}
        world.machine_text = self._machine_text

    def save(self) -> None:
        self._book.save(self.world)

    def advance(self, now: float) -> None:
        advance(self.world, now)

    def dispatch(self, request: Request, now: float, base_url: str) -> Answer:
        return dispatch.answer(self.world, request, now, time.monotonic(), base_url)

    def side_door(self, request: Request) -> tuple[Answer, float]:
        return side_door.answer(self, request, self._sim_key)

    def want_machines(self) -> None:
        self._looks += 1
        for contract in self._open_contracts():
            self._want(contract)

    def _open_contracts(self) -> Iterator[Contract]:
        for contracts in self.world.open_contracts.values():
            for contract_id in contracts:
                yield self.world.contracts[contract_id]

    def _want(self, contract: Contract) -> None:
        spec = None
        if contract.container_wanted:
            account = self.world.accounts[contract.account_id]
            keys = tuple(account.ssh_keys.values())
            spec = machine_spec(contract, self.world.slices[contract.slot], keys, self.world.knobs)
            if self._looks % LOOKS_PER_GPU_READING == 0:
                contract.gpu_readings = figures.gpu_reading(self.paths.run(str(contract.id)))
        self.keeper.want(
            Wanted(
                str(contract.id),
                spec,
                suspended=contract.container_suspended,
                destroyed=contract.destroyed_at is not None,
                gently=contract.destroyed_at is None and contract.actual_status != "unknown",
            )
        )

    def is_gone(self, machine_id: str) -> bool:
        contract = self.world.contracts.get(int(machine_id))
        return contract is None or contract.gone_at is not None

    def ended(self, machine_id: str, boot_no: int) -> None:
        contract = self.world.contracts[int(machine_id)]
        if contract.boot_no == boot_no and contract.container_wanted:
            misfortune.happen(self.world, "container_ended", contract, self.clock.now())

    def count_traffic(self) -> None:
        """Bill what the proxies counted and show the machines the same numbers."""
        for contract in self._open_contracts():
            down, up = self.proxies.take(str(contract.id))
            if (down or up) and contract.destroyed_at is None:
                billing.add_traffic(self.world, contract, down, up, self.clock.now())
            self._show_traffic(contract)

    def _show_traffic(self, contract: Contract) -> None:
        totals = (contract.down_bytes, contract.up_bytes)
        run = self.paths.run(str(contract.id))
        if self._traffic_shown.get(contract.id) == totals or not run.exists():
            return
        self._traffic_shown[contract.id] = totals
        shown = {"rx_bytes": totals[0], "tx_bytes": totals[1]}
        write_whole(run / "net.json", json.dumps(shown))

    def before_first_look(self) -> None:
        """Bytes counted after the last save are in net.json: they are billed too."""
        for contract in self.world.contracts.values():
            if contract.gone_at is not None:
                continue
            shown = figures.traffic(self.paths.run(str(contract.id)))
            down = max(0, shown[0] - contract.down_bytes)
            up = max(0, shown[1] - contract.up_bytes)
            billing.add_traffic(self.world, contract, down, up, self.world.now)

    def _machine_text(self, contract_id: int, kind: str, options: Row) -> str:
        folder = folders.machine_folder(self.paths.machines, str(contract_id))
        return texts.logs(folder, options) if kind == "logs" else texts.execute(folder, options)

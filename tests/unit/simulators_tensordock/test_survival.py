"""A simulator that is killed leaves its machines running, and the next one adopts them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from infra.simulators import records
from infra.simulators.machines import processes
from infra.simulators.machines.processes import ProcessRecord
from shared.domain.rentals.contract_status import ContractStatus
from tests.contract.renting import rented, until
from tests.contract.tensordock_simulator import running_tensordock
from tests.contract.vast_simulator import eventually

if TYPE_CHECKING:
    from pathlib import Path

SPEED = 60.0


def test_machines_outlive_a_simulator_that_is_killed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_tensordock(data, SPEED) as first:
        market, account_id = first.open_account()
        contract_id = rented(market)
        until(market, contract_id, ContractStatus.RUNNING)
        truth = f"/sim/truth?account={account_id}"
        eventually(lambda: first.side("GET", truth)["contracts"][0]["alive_processes"] > 1)
        record = records.read(data)
        assert record is not None
        processes.psutil.Process(record.pid).kill()
        eventually(lambda: not record.process.alive)
        key = market._http._client.headers["Authorization"].removeprefix("Bearer ")

    with running_tensordock(data, SPEED) as second:
        again = second.market(key)
        shown = again.show(contract_id)
        alive = eventually(lambda: second.side("GET", truth)["contracts"][0]["alive_processes"])
        boots = second.side("GET", truth)["contracts"][0]["boot_no"]
        again.destroy(contract_id)
        eventually(lambda: not again.listing().contracts)

    assert shown is not None
    assert shown.status is ContractStatus.RUNNING
    assert (alive > 1, boots) == (True, 1)


def test_cleaning_ends_what_was_left_behind(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_tensordock(data, SPEED) as simulator:
        market, _ = simulator.open_account()
        contract_id = rented(market)
        until(market, contract_id, ContractStatus.RUNNING)
        saved = data / "machines" / contract_id / "process.json"
        eventually(saved.exists)
        left = records.read(data)
        assert left is not None
        processes.psutil.Process(left.pid).kill()
        eventually(lambda: not left.process.alive)
    machine = _recorded(saved)
    assert machine.alive

    command = [sys.executable, "-m", "infra.simulators.clean", "--data", str(data)]
    subprocess.run(command, check=True, capture_output=True)

    assert not machine.alive


def _recorded(path: Path) -> ProcessRecord:
    import json

    told = json.loads(path.read_text())
    return ProcessRecord(told["pid"], told["mark"])

"""The VAST simulator as a process of its own, and the side door that tells what really happened."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from shared.adapters.market_api.signup import SimulatedSignup
from shared.adapters.system import SystemClock
from shared.adapters.vast.marketplace import VastMarketplace
from shared.adapters.vast.transport import VastTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIM_KEY = "contract-suite"
ROOT = Path(__file__).parents[2]
START_S = 30.0
_PATIENCE_S = 40.0
_LOOK_EVERY_S = 0.1

T = TypeVar("T")


@contextmanager
def running_simulator(folder: Path, speed: float) -> Iterator[Simulator]:
    """Answers when it serves; it and its machines are ended at the end."""
    command = [
        sys.executable, "-m", "infra.simulators.vast", "--port", "0", "--api-key", SIM_KEY,
        "--data", str(folder), "--speed", str(speed), "--no-call-intervals",
    ]  # fmt: skip
    errors = (folder.parent / "simulator.log").open("w")
    with (
        errors,
        subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("serving "), Path(errors.name).read_text()
            yield Simulator(line.split()[1])
        finally:
            process.terminate()
            try:
                process.wait(timeout=START_S)
            finally:
                process.kill()


@dataclass
class Account:
    """A funded account of its own, and its truth."""

    simulator: Simulator
    market: VastMarketplace
    key: str
    id: int

    def truth(self) -> dict[str, Any]:
        return self.simulator.side("GET", f"/sim/truth?account={self.id}")

    def true_contract(self, contract_id: str) -> dict[str, Any]:
        (found,) = [row for row in self.truth()["contracts"] if str(row["id"]) == contract_id]
        return dict(found)


class Simulator:
    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = SystemClock()

    def side(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"X-Sim-Key": SIM_KEY}
        answer = httpx.request(method, self.url + path, json=body, headers=headers, timeout=20)
        answer.raise_for_status()
        return dict(answer.json())

    def market(self, key: str) -> VastMarketplace:
        return VastMarketplace(key, self.clock, self.url)

    def open_account(self, credit: int = 50_000_000) -> Account:
        """By the port; the account's number, for the truth, is read off its own face."""
        key = SimulatedSignup(
            "vast", VastTransport, self.url, SIM_KEY, self.clock, credit
        ).open_account("suite")
        me = httpx.get(
            f"{self.url}/api/v0/users/current", headers={"Authorization": f"Bearer {key}"}
        ).json()
        return Account(self, self.market(key), key, me["id"])

    def faults(self, *rules: dict[str, Any]) -> None:
        self.side("PUT", "/sim/faults", {"rules": list(rules)})

    def knobs(self, **values: object) -> None:
        self.side("PUT", "/sim/knobs", values)

    def befall(self, contract_id: str, event: str) -> None:
        self.side("POST", f"/sim/contracts/{contract_id}/{event}", {})


def eventually(look: Callable[[], T | None]) -> T:
    """The first answer that is something, within the deadline."""
    give_up = monotonic() + _PATIENCE_S
    while True:
        found = look()
        if found:
            return found
        assert monotonic() < give_up, "it did not happen in time"
        sleep(_LOOK_EVERY_S)

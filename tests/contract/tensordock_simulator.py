"""The TensorDock simulator as a process of its own, and the side door that tells the truth."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from shared.adapters.system import SystemClock
from shared.adapters.tensordock.marketplace import TensorDockMarketplace

if TYPE_CHECKING:
    from collections.abc import Iterator

SIM_KEY = "contract-suite"
ROOT = Path(__file__).parents[2]
START_S = 30.0


@contextmanager
def running_tensordock(folder: Path, speed: float, *options: str) -> Iterator[TensorDockSimulator]:
    """Answers when it serves; it and its machines are ended at the end."""
    command = [
        sys.executable, "-m", "infra.simulators.tensordock", "--port", "0", "--api-key", SIM_KEY,
        "--data", str(folder), "--speed", str(speed), "--no-call-limit", *options,
    ]  # fmt: skip
    errors = (folder.parent / "tensordock.log").open("w")
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
            yield TensorDockSimulator(line.split()[1])
        finally:
            process.terminate()
            try:
                process.wait(timeout=START_S)
            finally:
                process.kill()


class TensorDockSimulator:
    def __init__(self, url: str) -> None:
        self.url = url

    def side(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        headers = {"X-Sim-Key": SIM_KEY}
        answer = httpx.request(method, self.url + path, json=body, headers=headers, timeout=20)
        answer.raise_for_status()
        return dict(answer.json())

    def market(self, key: str) -> TensorDockMarketplace:
        return TensorDockMarketplace(key, SystemClock(), self.url)

    def open_account(self, credit_usd: float = 50.0) -> tuple[TensorDockMarketplace, int]:
        made = self.side("POST", "/sim/accounts", {"hint": "suite", "credit_usd": credit_usd})
        return self.market(made["api_key"]), made["account_id"]

    def faults(self, *rules: dict[str, Any]) -> None:
        self.side("PUT", "/sim/faults", {"rules": list(rules)})

    def knobs(self, **values: object) -> None:
        self.side("PUT", "/sim/knobs", values)

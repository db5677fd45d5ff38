"""A simulator as a process of its own, and a client that waits for what it asks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "simulator-key"
DEADLINE_S = 40.0


@dataclass
class Simulator:
    process: subprocess.Popen[bytes]
    url: str
    data: Path
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30, trust_env=False))

    def ask(self, method: str, path: str, body: object = None, key: str = KEY) -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        if path.startswith("/sim/"):
            headers = {"X-Sim-Key": KEY}
        return self.http.request(method, self.url + path, json=body, headers=headers).json()

    def rent(self, onstart: str = "", **body: object) -> int:
        query = {"order": [["dph_total", "asc"]], "limit": 1}
        ask_id = self.ask("POST", "/api/v0/bundles/", query)["offers"][0]["id"]
        wanted = {"image": "python:3.11", "disk": 10, "onstart": onstart, **body}
        return int(self.ask("PUT", f"/api/v0/asks/{ask_id}/", wanted)["new_contract"])

    def show(self, contract_id: int) -> Any:
        return self.ask("GET", f"/api/v0/instances/{contract_id}/")["instances"]

    def wait_for_status(self, contract_id: int, status: str) -> Any:
        return wait_until(lambda: _if_status(self.show(contract_id), status))

    def truth_of(self, contract_id: int) -> Any:
        accounts = self.ask("GET", "/sim/truth")["accounts"]
        rows = [row for account in accounts for row in account["contracts"]]
        return next(row for row in rows if row["id"] == contract_id)

    def folder(self, contract_id: int) -> Path:
        return self.data / "machines" / str(contract_id)

    def file(self, contract_id: int, name: str) -> str | None:
        path = self.folder(contract_id) / name
        return path.read_text() if path.exists() and path.stat().st_size else None

    def gpu(self, contract_id: int) -> Any:
        return json.loads(self.file(contract_id, "run/gpu.json") or '{"gpus": [{}]}')["gpus"][0]

    def kill(self) -> None:
        """As if the power failed: nothing is tidied up."""
        self.http.close()
        self.process.kill()
        self.process.wait(timeout=DEADLINE_S)

    def stop(self) -> int:
        self.http.close()
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=DEADLINE_S)


def _if_status(row: Any, status: str) -> Any:
    return row if row and row["actual_status"] == status else None


def wait_until(look: Callable[[], Any]) -> Any:
    """The first truthy value of `look` before the deadline."""
    until = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while time.monotonic() < until:
        if found := look():
            return found
        pause.wait(0.05)
    raise AssertionError("it did not happen in time")


def start(data: Path, *options: str) -> Simulator:
    """Serve `data` on a free port; the caller stops it."""
    command = [sys.executable, "-m", "infra.simulators.vast", "--port", "0", "--data", str(data)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with (data.parent / f"{data.name}.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--no-call-intervals", *options],
            env=environment,
            stdout=log,
            stderr=log,
        )
    record = data / "simulator.json"

    def port() -> int | None:
        assert process.poll() is None, (data.parent / f"{data.name}.log").read_text()
        if not record.exists():
            return None
        told = json.loads(record.read_text())
        return int(told["port"]) if told["pid"] == process.pid else None

    url = f"http://127.0.0.1:{wait_until(port)}"
    simulator = Simulator(process, url, data)
    wait_until(lambda: simulator.ask("GET", "/sim/health")["ok"])
    return simulator


def clean(data: Path) -> str:
    """What `make clean-machines` runs."""
    command = [sys.executable, "-m", "infra.simulators.clean", "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout

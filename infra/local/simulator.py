"""The simulated marketplace beside the stack: a process of its own, that outlives it.

A stack that is killed finds its machines again: the next start adopts the running simulator.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx

from infra.local.settings import ROOT, Local, free_port
from infra.simulators.vast import records

if TYPE_CHECKING:
    from pathlib import Path

START_S = 20.0


class SimulatorDown(RuntimeError):
    """It did not answer in time; its log says why."""


def start_or_adopt(local: Local, key: str) -> str:
    """The URL of a simulator that answers. Raises SimulatorDown."""
    folder = local.simulator_folder
    folder.mkdir(parents=True, exist_ok=True)
    earlier = records.read(folder)
    if earlier and earlier.process.alive:
        url = f"http://127.0.0.1:{earlier.port}"
    else:
        port = earlier.port if earlier and _is_free(earlier.port) else free_port()
        _spawn(local, port, key)
        url = f"http://127.0.0.1:{port}"
    _wait(url, key, folder)
    return url


def stop(local: Local, wait_s: float = 20.0) -> None:
    """End it and every machine of it."""
    record = records.read(local.simulator_folder)
    if record is None or not record.process.alive:
        return
    os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while record.process.alive and time.monotonic() < deadline:
        time.sleep(0.05)


def _spawn(local: Local, port: int, key: str) -> None:
    command = [sys.executable, "-m", "infra.simulators.vast"]
    command += ["--port", str(port), "--data", str(local.simulator_folder)]
    # with "=": a random key may begin with a dash
    command += [f"--api-key={key}", "--speed", str(local.speed), "--credit", "1000"]
    if local.offers:
        command += ["--offers", str(local.offers)]
    with (local.simulator_folder / "simulator.log").open("ab") as log:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            start_new_session=True,
        )


def _is_free(port: int) -> bool:
    try:
        httpx.get(f"http://127.0.0.1:{port}/", timeout=0.2)
    except httpx.HTTPError:
        return True
    return False


def _wait(url: str, key: str, folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            answer = httpx.get(f"{url}/sim/health", headers={"X-Sim-Key": key}, timeout=1.0)
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        if answer.status_code == httpx.codes.OK:
            return
        time.sleep(0.05)
    raise SimulatorDown(f"the simulated marketplace did not answer; see {folder}/simulator.log")

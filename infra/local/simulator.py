"""The simulated marketplaces beside the stack: processes of their own, that outlive it.

A stack that is killed finds its machines again: the next start adopts the running simulators.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx

from infra.local.settings import ROOT, SIMULATED, Local, free_port
from infra.simulators import records

if TYPE_CHECKING:
    from pathlib import Path

START_S = 20.0


class SimulatorDown(RuntimeError):
    """It did not answer in time; its log says why."""


def start_or_adopt(local: Local, key: str) -> dict[str, str]:
    """The URL of each provider's simulator, once it answers. Raises SimulatorDown."""
    urls = {each: _started(local, each, key) for each in local.simulated}
    for provider, url in urls.items():
        _wait(url, key, local.simulator_folder(provider))
    return urls


def stop(local: Local, wait_s: float = 20.0) -> None:
    """End them and every machine of theirs, those of an earlier start too."""
    found = [records.read(local.simulator_folder(each)) for each in SIMULATED]
    alive = [each for each in found if each is not None and each.process.alive]
    for record in alive:
        os.kill(record.pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while any(each.process.alive for each in alive) and time.monotonic() < deadline:
        time.sleep(0.05)


def _started(local: Local, provider: str, key: str) -> str:
    folder = local.simulator_folder(provider)
    folder.mkdir(parents=True, exist_ok=True)
    earlier = records.read(folder)
    if earlier and earlier.process.alive:
        return f"http://127.0.0.1:{earlier.port}"
    port = earlier.port if earlier and _is_free(earlier.port) else free_port()
    _spawn(local, provider, port, key)
    return f"http://127.0.0.1:{port}"


def _spawn(local: Local, provider: str, port: int, key: str) -> None:
    folder = local.simulator_folder(provider)
    command = [sys.executable, "-m", f"infra.simulators.{provider}"]
    command += ["--port", str(port), "--data", str(folder)]
    # with "=": a random key may begin with a dash
    command += [f"--api-key={key}", "--speed", str(local.speed), "--credit", "1000"]
    if local.offers and provider == "vast":
        command += ["--offers", str(local.offers)]
    with (folder / "simulator.log").open("ab") as log:
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

"""A machine for tests: a folder of its own in which the real bundle runs as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from infra.simulators.machines.interpreters import installed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.agent.fake_control_plane import FakeControlPlane

OLDEST = "3.10"
DEADLINE_S = 40.0


def pythons() -> list[str]:
    """The interpreter of these tests, and the oldest one that is promised where it is there."""
    oldest = installed(OLDEST)
    return [sys.executable, *([str(oldest / f"bin/python{OLDEST}")] if oldest else [])]


def eventually(question: Callable[[], object], what: str, seconds: float = DEADLINE_S) -> None:
    give_up_at = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < give_up_at, f"it did not come to pass: {what}"
        time.sleep(0.03)  # between two looks at another process


class Machine:
    def __init__(
        self, folder: Path, bundle: Path, plane: FakeControlPlane, python: str, token: str
    ) -> None:
        self.folder = folder
        self.workspace = folder / "workspace"
        self.workspace.mkdir(parents=True, exist_ok=True)
        self.gpu_file = folder / "gpu.json"
        self._bundle = bundle
        self._python = python
        self._log = folder / "agent.log"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "DUMONT_AGENT_API": plane.url,
            "DUMONT_BOOTSTRAP_TOKEN": token,
            "DUMONT_AGENT_HOME": str(folder / "agent"),
            "DUMONT_AGENT_WHEELS": str(bundle.parent / "wheels"),  # one disk for all of them
            "DUMONT_BUNDLE": f"{plane.url}/blobs/agent.pyz",
            "DUMONT_BUNDLE_BEARER": "grant-token",
            "WORKSPACE": str(self.workspace),
            "SIM_GPU_FILE": str(self.gpu_file),
            "SIM_NET_FILE": str(folder / "net.json"),
        }
        (folder / "net.json").write_text('{"rx_bytes": 0, "tx_bytes": 0}')
        self.show_gpu(0.0)
        self.agents: list[subprocess.Popen[bytes]] = []
        self._users: list[subprocess.Popen[bytes]] = []

    def show_gpu(self, util_percent: float) -> None:
        gpu = {
            "index": 0,
            "name": "RTX 4090",
            "util_percent": util_percent,
            "memory_used_mib": 10,
            "memory_total_mib": 24564,
            "temperature_c": 40,
            "power_w": 30,
        }
        self.gpu_file.write_text(json.dumps({"as_of": time.time(), "gpus": [gpu]}))

    def boot(self, **more: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            agent = subprocess.Popen(
                [self._python, str(self._bundle)],
                env={**self.environ, **more},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.agents.append(agent)
        return agent

    def run(self, script: str) -> subprocess.Popen[bytes]:
        """Something of the user's, in the workspace."""
        user = subprocess.Popen(
            [self._python, "-c", script],
            cwd=self.workspace,
            env=self.environ,
            start_new_session=True,
        )
        self._users.append(user)
        return user

    def log(self) -> str:
        return self._log.read_text()

    def clean(self) -> None:
        for process in [*self.agents, *self._users]:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
            process.wait()


def state_of(pid: int) -> str:
    """The letter of /proc/<pid>/stat."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

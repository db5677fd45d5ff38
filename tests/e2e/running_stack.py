"""A local stack as a person starts it, that can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx

from infra.local.emulated import processes, world
from infra.local.own_stack import START_EMULATORS_S, healthy, memory_of
from infra.local.settings import ROOT, free_port
from infra.simulators import records
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

START_S = 60.0
END_S = 60.0
POLL_S = 0.05
SPEED = 60.0
# `make e2e-emulators` puts the same tests through the stack of emulators.
ON_EMULATORS = os.environ.get("DUMONT_E2E_ON") == "emulators"


class RunningStack:
    """`python -m infra.local` on a folder and a port that stay the same over its restarts.

    Its processes are a session of their own; the simulator and its machines are another, so
    that a killed stack leaves them running, as on a laptop.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str] | None = None,
        *,
        emulators: bool = ON_EMULATORS,
    ) -> None:
        self.folder = folder
        self._settings = dict(settings or {})
        self._arguments = ["--emulators"] if emulators else []
        self._start_s = START_EMULATORS_S if emulators else START_S
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "stack.log"
        self.taken: set[str] = set()  # machines that a test has to itself
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until /health says that everything is well."""
        began_s = time.monotonic()
        environment = {
            **os.environ,
            "PORT": str(self.port),
            "DUMONT_DATA_DIR": str(self.folder),
            "DUMONT_SIM_SPEED": str(SPEED),
            "DUMONT_VAST_KEY": "",
            "DUMONT_OFFERS_DIR": "",
            "DUMONT_LEASE_RENEWAL_S": "5",
            "DUMONT_TENSORDOCK": "off",
            **self._settings,
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "infra.local", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=environment,
                start_new_session=True,
            )
        while not healthy(self.url):
            if self._process.poll() is not None or time.monotonic() - began_s > self._start_s:
                raise AssertionError(f"the stack does not start:\n{self.last_lines()}")
            time.sleep(POLL_S)
        return time.monotonic() - began_s

    def demo_is_there(self) -> None:
        """Waits for the demo data, whose machines would otherwise come in the middle of a test."""

        def look() -> bool:
            shown = httpx.get(f"{self.url}/api/instances", params={"demo": "true"}, timeout=10)
            return shown.status_code == httpx.codes.OK and len(shown.json()["items"]) == 2

        until("the demo's two workspaces", look, self._start_s)

    @property
    def memory(self) -> str:
        assert self._process is not None
        return memory_of(self._process.pid)

    def kill(self) -> None:
        """SIGKILL for the serving processes; nobody gets to tidy up."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        processes.end_recorded(world.states(self.folder))
        self._process.wait(END_S)

    def killed_and_started_again(self) -> float:
        self.kill()
        return self.start()

    def interrupt(self) -> int:
        """Ctrl-C; the exit status."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGINT)
        return self._process.wait(END_S)

    def end(self) -> None:
        """Whatever runs of it ends: the stack, the simulator, the machines."""
        if self._process is not None and self._process.poll() is None:
            self.interrupt()
        command = [sys.executable, "-m", "infra.local.clean", "--data", str(self.folder)]
        subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False, timeout=END_S)

    @property
    def simulator_alive(self) -> bool:
        record = records.read(self.folder / "vast")
        return record is not None and record.process.alive

    def side_door(self, provider: str = "vast") -> httpx.Client:
        """The provider's back door: ground truth, faults, accidents."""
        record = records.read(self.folder / provider)
        assert record is not None
        key = (self.folder / "simulator-key").read_text()
        url = f"http://127.0.0.1:{record.port}"
        return httpx.Client(base_url=url, headers={"X-Sim-Key": key}, timeout=20)

    def last_lines(self, count: int = 60) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

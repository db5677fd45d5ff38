"""A function as the platform runs it: its bundle, served by functions-framework, in a process.

One process stands for all the instances that the platform would start, so its threads are the
requests that all of them would take, up to a bound.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from infra.local.settings import free_port
from infra.simulators.machine.load import write_whole
from infra.simulators.machines.processes import ProcessRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.packaging.manifest import Function

MOST_THREADS = 8
# What a process needs of whoever starts it; everything else is said by name.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class State:
    """What is written down of a function's process. `starts` counts this stack's life."""

    function: str
    pid: int
    mark: str
    port: int
    starts: int
    started_at: float


class FunctionProcess:
    """Started, watched and ended by one keeper; its port changes with each start."""

    def __init__(
        self, function: Function, bundle: Path, states: Path, environment: Mapping[str, str]
    ) -> None:
        self.function = function
        self._bundle = bundle
        self._state_file = states / f"{function.name}.json"
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self.starts = 0

    @property
    def name(self) -> str:
        return self.function.name

    def start(self) -> None:
        self.port = free_port()
        self.starts += 1
        self._process = subprocess.Popen(
            self._command(),
            stdin=subprocess.DEVNULL,
            cwd=self._bundle,
            env=self._told(),
            process_group=0,  # a Ctrl-C at the terminal is the stack's, which ends it in order
        )
        found = ProcessRecord.of(self._process.pid)
        state = State(
            self.function.name, found.pid, found.mark, self.port, self.starts, time.time()
        )
        self._state_file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._state_file, json.dumps(asdict(state)))

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def listening(self) -> bool:
        """functions-framework has loaded the function before it listens."""
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def ask_to_end(self) -> None:
        if self._process is not None and self.running:
            self._process.terminate()

    def end(self, within_s: float) -> None:
        """After `ask_to_end`: it has so long for what it is at."""
        if self._process is None:
            return
        try:
            self._process.wait(max(0.0, within_s))
        except subprocess.TimeoutExpired:
            kill(self._process.pid)
            self._process.wait()
        self._state_file.unlink(missing_ok=True)

    def _command(self) -> list[str]:
        function = self.function
        signature = "cloudevent" if function.topic else "http"
        return [
            *(sys.executable, "-m", "functions_framework"),
            *("--target", function.name, "--source", "main.py", "--signature-type", signature),
            *("--host", "127.0.0.1", "--port", str(self.port)),
        ]

    def _told(self) -> dict[str, str]:
        function = self.function
        threads = min(function.concurrency * function.max_instances, MOST_THREADS)
        return {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            **self._environment,
            "K_SERVICE": function.name,
            "FUNCTION_TARGET": function.name,
            "WORKERS": "1",
            "THREADS": str(threads),
            "CLOUD_RUN_TIMEOUT_SECONDS": str(function.timeout_s),
            # The bundle's own `shared`, never the one of the environment that serves it.
            "PYTHONPATH": str(self._bundle),
            "PYTHONUNBUFFERED": "1",
        }


def kill(pid: int) -> None:
    """The server and its workers, at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def recorded(states: Path) -> list[State]:
    """What an earlier stack of this folder wrote down and did not take back."""
    found = [json.loads(path.read_text()) for path in sorted(states.glob("*.json"))]
    return [State(**each) for each in found]


def end_recorded(states: Path) -> int:
    """End what an earlier stack left running; how many there were."""
    ended = 0
    for state in recorded(states):
        if ProcessRecord(state.pid, state.mark).alive:
            kill(state.pid)
            ended += 1
        (states / f"{state.function}.json").unlink(missing_ok=True)
    return ended

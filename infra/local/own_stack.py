"""A whole stack of one's own: a free port, a temporary folder, nothing left behind.

For the demo, the measurements and end-to-end tests: whoever runs a stack here already keeps it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil

from infra.local.settings import ROOT, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COMMAND = [sys.executable, "-m", "infra.local"]
START_S = 90.0
START_EMULATORS_S = 300.0  # two Java programs and a process for each function, on a busy machine
STOP_S = 30.0
POLL_S = 0.05
SHOWN_LINES = 40


class StackDown(RuntimeError):
    """It ended, or did not become healthy in time; the message ends with its log."""


@dataclass(frozen=True, slots=True)
class OwnStack:
    """A running stack. `healthy_after_s` counts from the start of its process."""

    url: str
    folder: Path
    pid: int
    healthy_after_s: float


@contextlib.contextmanager
def own_stack(
    speed: float = 1.0,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    emulators: bool = False,
) -> Iterator[OwnStack]:
    """A stack that answers `ok` at /health, ended with its simulator and machines afterwards.

    Without a folder its files are removed too. Raises StackDown.
    """
    with contextlib.ExitStack() as leave:
        if folder is None:
            made = tempfile.TemporaryDirectory(prefix="dumont-", ignore_cleanup_errors=True)
            folder = Path(leave.enter_context(made))
        leave.callback(_clean, folder)
        command = [*COMMAND, "--emulators"] if emulators else COMMAND
        within_s = START_EMULATORS_S if emulators else START_S
        yield leave.enter_context(_started(command, within_s, speed, folder, environment or {}))


def memory_of(pid: int) -> str:
    """How many processes a stack has, and what they hold; what they share counts once."""
    top = psutil.Process(pid)
    all_of_it = [top, *top.children(recursive=True)]
    mib = sum(each.memory_full_info().pss for each in all_of_it) / 2**20
    return f"{len(all_of_it)} processes hold {mib:,.0f} MiB"


def healthy(url: str) -> bool:
    """Whether a Dumont Cloud answers there and every part of it is well."""
    try:
        answer = httpx.get(f"{url}/health", timeout=2.0)
        return answer.status_code == httpx.codes.OK and answer.json().get("status") == "ok"
    except (httpx.HTTPError, ValueError, AttributeError):
        return False


@contextlib.contextmanager
def _started(
    command: list[str],
    within_s: float,
    speed: float,
    folder: Path,
    environment: Mapping[str, str],
) -> Iterator[OwnStack]:
    port = free_port()
    told = {
        "PORT": str(port),
        "DUMONT_DATA_DIR": str(folder),
        "DUMONT_SIM_SPEED": str(speed),
        "DUMONT_VAST_KEY": "",
    }
    log_path = folder / "stack.log"
    began = time.monotonic()
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**os.environ, **environment, **told},
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(process, url, log_path, within_s)
        yield OwnStack(url, folder, process.pid, time.monotonic() - began)
    finally:
        _stop(process)


def _wait_until_healthy(
    process: subprocess.Popen[bytes], url: str, log_path: Path, within_s: float
) -> None:
    deadline = time.monotonic() + within_s
    while not healthy(url):
        if process.poll() is not None:
            raise StackDown(f"the stack ended with {process.returncode}\n{_last_lines(log_path)}")
        if time.monotonic() > deadline:
            raise StackDown(f"not healthy within {within_s:.0f} s\n{_last_lines(log_path)}")
        time.sleep(POLL_S)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _clean(folder: Path) -> None:
    """A stack that was killed leaves its simulators and emulators: end what the folder records."""
    command = [sys.executable, "-m", "infra.local.clean", "--data", str(folder)]
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=False)


def _last_lines(log_path: Path) -> str:
    return "\n".join(log_path.read_text(errors="replace").splitlines()[-SHOWN_LINES:])

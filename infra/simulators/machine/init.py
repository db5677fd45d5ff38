"""The machine's init: runs the onstart line, tends ssh and GPU figures, reaps, and ends cleanly.

`python -m infra.simulators.machine.init FOLDER`, where FOLDER holds machine.json and
container.log. With runtype `args` the container ends with its command, else it lives on.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
GRACE_S = 3.0
OPEN_FILES = 8192
PROCESSES = 4096
BYTES_PER_GB = 1_000_000_000


class Stopping(Exception):
    """The container was told to stop."""


def main() -> int:
    folder = Path(sys.argv[1])
    spec = json.loads((folder / "machine.json").read_text())
    signal.signal(signal.SIGTERM, _stop)
    _become_reaper()
    _limit(float(spec["disk_gb"]))
    with (folder / "container.log").open("ab") as log:
        attendant = _attendant(spec, folder)
        command = _onstart(spec, log.fileno())
        try:
            return _wait(attendant.pid, command.pid, ends_with_command=spec["runtype"] == "args")
        except Stopping:
            _end_all()
            return 0


def _stop(_number: int, _frame: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopping


def _become_reaper() -> None:
    """Orphans come to us even where we are not process 1."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _limit(disk_gb: float) -> None:
    largest_file = int(disk_gb * BYTES_PER_GB)
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_NPROC: PROCESSES,
        resource.RLIMIT_FSIZE: largest_file,
    }
    for kind, soft in wanted.items():
        hard = resource.getrlimit(kind)[1]
        value = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(kind, (value, value))


def _attendant(spec: dict[str, object], folder: Path) -> subprocess.Popen[bytes]:
    module = "infra.simulators.machine.attend"
    command = [sys.executable, "-m", module, str(folder)]
    out = Path(str(spec["run"])) / "attendant.log"
    with out.open("ab") as log:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )


def _onstart(spec: dict[str, object], log: int) -> subprocess.Popen[bytes]:
    """`sh` on the onstart line, or the image's arguments with runtype `args`."""
    arguments = spec["image_args"]
    line = ["sh", "-c", str(spec["onstart"]) or "true"]
    if spec["runtype"] == "args" and isinstance(arguments, list) and arguments:
        line = [str(each) for each in arguments]
    environment = spec["environment"]
    return subprocess.Popen(
        line,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        cwd=str(spec["workspace"]),
        env=environment if isinstance(environment, dict) else {},
        start_new_session=True,
    )


def _wait(attendant: int, command: int, *, ends_with_command: bool) -> int:
    while True:
        pid, status = os.wait()
        if pid == attendant or (pid == command and ends_with_command):
            _end_all()
            return os.waitstatus_to_exitcode(status) & 0xFF


def _end_all() -> None:
    """TERM for everybody, KILL for who stays."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGKILL):
        _signal_all(number)
        until = time.monotonic() + GRACE_S
        while time.monotonic() < until:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                time.sleep(0.02)


def _signal_all(number: signal.Signals) -> None:
    if os.getpid() == 1:
        os.kill(-1, number)
        return
    for pid in descendants(os.getpid()):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def descendants(parent: int) -> list[int]:
    """Every process below `parent`, from the process table."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    parents = {int(pid): int(above) for pid, above in map(str.split, listing.splitlines())}
    found, edge = [], [parent]
    while edge:
        edge = [pid for pid, above in parents.items() if above in edge]
        found += edge
    return found


if __name__ == "__main__":
    sys.exit(main())

"""`simgpu --util 85 --seconds 20 [-- CMD ...]`: keep the simulated GPU busy.

The load counts for as long as this process lives: for the seconds given, or while CMD runs
(whichever ends first when both are given). The exit status is that of CMD.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from infra.simulators.machine.load import process_mark, write_whole

MOST_PERCENT = 100.0


def main() -> int:
    wanted = _arguments()
    folder = Path(os.environ["SIM_GPU_FILE"]).parent / "loads"
    folder.mkdir(exist_ok=True)
    path = folder / f"{os.getpid()}.json"
    load = {
        "pid": os.getpid(),
        "started": process_mark(os.getpid()),
        "util_percent": min(MOST_PERCENT, max(0.0, wanted.util)),
        "memory_mib": wanted.memory_mib,
        "gpu": wanted.gpu,
    }
    write_whole(path, json.dumps(load))
    try:
        return _work(wanted.command, wanted.seconds)
    finally:
        path.unlink(missing_ok=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="simgpu", description=__doc__)
    parser.add_argument("--util", type=float, default=MOST_PERCENT, help="percent")
    parser.add_argument("--seconds", type=float, help="how long")
    parser.add_argument("--memory-mib", type=int, default=1024)
    parser.add_argument("--gpu", type=int, help="index; all without it")
    parser.add_argument("command", nargs="*")
    return parser.parse_args()


def _work(command: list[str], seconds: float | None) -> int:
    if not command:
        time.sleep(seconds if seconds is not None else 3600.0)
        return 0
    child = subprocess.Popen(command)
    try:
        return child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        child.terminate()
        return child.wait()


if __name__ == "__main__":
    sys.exit(main())

"""What a simulated GPU shows, driven by the work that is registered on the machine."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass
from pathlib import Path

IDLE_CELSIUS = 33.0
FULL_CELSIUS = 74.0
CELSIUS_LAG_S = 12.0
WATTS_LAG_S = 2.0
IDLE_WATTS_SHARE = 0.08
FULL_WATTS_SHARE = 0.93
IDLE_MEMORY_MIB = 3


@dataclass(frozen=True)
class Load:
    """One process that says how busy it keeps a GPU; `gpu` None means all of them."""

    pid: int
    started: str
    util_percent: float
    memory_mib: int
    gpu: int | None


@dataclass
class Gpu:
    index: int
    name: str
    memory_total_mib: int
    max_watts: float
    util_percent: float = 0.0
    memory_used_mib: int = IDLE_MEMORY_MIB
    celsius: float = IDLE_CELSIUS
    watts: float = 0.0

    def follow(self, loads: list[Load], seconds: float) -> None:
        """Utilisation at once, temperature and power with their lag. Idle is exactly 0."""
        mine = [load for load in loads if load.gpu in {None, self.index}]
        self.util_percent = min(100.0, sum(load.util_percent for load in mine))
        used = IDLE_MEMORY_MIB + sum(load.memory_mib for load in mine)
        self.memory_used_mib = min(self.memory_total_mib, used)
        share = self.util_percent / 100
        celsius = IDLE_CELSIUS + (FULL_CELSIUS - IDLE_CELSIUS) * share
        self.celsius = _approach(self.celsius, celsius, seconds, CELSIUS_LAG_S)
        watts = self.max_watts * (IDLE_WATTS_SHARE + (FULL_WATTS_SHARE - IDLE_WATTS_SHARE) * share)
        self.watts = _approach(self.watts or watts, watts, seconds, WATTS_LAG_S)

    def reading(self) -> dict[str, object]:
        return {
            "index": self.index,
            "name": self.name,
            "util_percent": self.util_percent,
            "memory_used_mib": self.memory_used_mib,
            "memory_total_mib": self.memory_total_mib,
            "temperature_c": round(self.celsius, 1),
            "power_w": round(self.watts, 1),
        }


def _approach(value: float, target: float, seconds: float, lag_s: float) -> float:
    return target + (value - target) * math.exp(-seconds / lag_s)


def process_mark(pid: int) -> str:
    """What tells a process from a later one with the same number; empty when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _mark_without_proc(pid)
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else fields[19]


def _mark_without_proc(pid: int) -> str:
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"


def live_loads(folder: Path) -> list[Load]:
    """Registered loads whose process still lives; files of the dead are removed."""
    loads = []
    for path in folder.glob("*.json"):
        load = _read(path)
        if load is not None and load.started and process_mark(load.pid) == load.started:
            loads.append(load)
        else:
            path.unlink(missing_ok=True)
    return loads


def _read(path: Path) -> Load | None:
    try:
        return Load(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_whole(path: Path, text: str) -> None:
    """Replace the file in one step, so that no reader sees half of it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text)
    part.replace(path)

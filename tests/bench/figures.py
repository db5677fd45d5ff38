"""Numbers out of samples and processes. What could not be measured is None, never zero."""

from __future__ import annotations

import json
from statistics import median, quantiles
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MIB = 1024 * 1024


def middle(samples: Sequence[float]) -> float | None:
    return round(median(samples), 3) if samples else None


def p99(samples: Sequence[float]) -> float | None:
    """None for fewer than a hundred samples."""
    return round(quantiles(samples, n=100)[98], 3) if len(samples) >= 100 else None


def resident_mib(processes: Sequence[psutil.Process]) -> float | None:
    """Memory of them all, in which what they share counts once (PSS)."""
    try:
        return round(sum(each.memory_full_info().pss for each in processes) / MIB, 1)
    except (psutil.Error, AttributeError):
        return None


def stack_processes(pid: int, simulator_pid: int) -> list[psutil.Process]:
    """The serving processes without the simulator, which is a child too."""
    master = psutil.Process(pid)
    return [master, *(each for each in master.children() if each.pid != simulator_pid)]


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """Processor seconds that they used until now."""
    spent = [each.cpu_times() for each in processes]
    return sum(each.user + each.system for each in spent)


def counted_operations(log: Path, from_byte: int, message: str) -> list[dict[str, int]]:
    """What each call with this log message counted since then; empty where it counted nothing."""
    with log.open("rb") as file:
        file.seek(from_byte)
        lines = file.read().decode(errors="replace").splitlines()
    told = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [each.get("operations") or {} for each in told if each.get("message") == message]

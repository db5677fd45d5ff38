"""What a simulated GPU shows follows from what is registered, with no noise."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from infra.simulators.machine.load import Gpu, Load, live_loads, process_mark

if TYPE_CHECKING:
    from pathlib import Path


def gpu(index: int = 0) -> Gpu:
    return Gpu(index, "RTX 4090", memory_total_mib=24_564, max_watts=450.0)


def load(percent: float, *, on: int | None = None, memory_mib: int = 1000) -> Load:
    return Load(1, "1", percent, memory_mib, on)


@pytest.mark.parametrize(
    ("loads", "percent", "memory"),
    [
        ([], 0, 3),
        ([load(85)], 85, 1003),
        ([load(60), load(70)], 100, 2003),
        ([load(60, on=1)], 0, 3),
        ([load(60, on=0)], 60, 1003),
        ([load(1, memory_mib=90_000)], 1, 24_564),
    ],
)
def test_utilisation_and_memory_are_sums_with_a_ceiling(
    loads: list[Load], percent: float, memory: int
) -> None:
    shown = gpu()

    shown.follow(loads, 0.5)

    assert (shown.util_percent, shown.memory_used_mib) == (percent, memory)


def test_temperature_and_power_follow_with_a_lag() -> None:
    shown = gpu()
    readings = []
    for loads, seconds in (([], 1), ([load(100)], 1), ([load(100)], 300), ([], 1), ([], 300)):
        shown.follow(list(loads), seconds)
        readings.append((shown.celsius, shown.watts))

    idle, soon, busy, cooling, cold = readings
    assert idle[0] < soon[0] < busy[0] > cooling[0] > cold[0]
    assert idle[1] < soon[1] < busy[1] <= 450 > cooling[1] > cold[1]
    assert cold == pytest.approx(idle, rel=0.01)


def test_only_the_living_count_and_files_of_the_dead_go(tmp_path: Path) -> None:
    def register(name: str, **fields: object) -> None:
        known = {"pid": os.getpid(), "started": process_mark(os.getpid())}
        row = {**known, "util_percent": 5.0, "memory_mib": 1, "gpu": None, **fields}
        (tmp_path / f"{name}.json").write_text(json.dumps(row))

    register("alive")
    register("recycled", started="1")
    register("dead", pid=2**22 - 1)
    register("odd", extra=1)
    (tmp_path / "broken.json").write_text("{")

    loads = live_loads(tmp_path)

    assert [each.pid for each in loads] == [os.getpid()]
    assert [path.name for path in tmp_path.iterdir()] == ["alive.json"]

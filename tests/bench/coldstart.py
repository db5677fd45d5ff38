"""`python -m tests.bench.coldstart [--runs N]`: what every function takes to start.

Each is started N times in a fresh process from its staged bundle, on the settings of Google's
platform, after one start that compiles; the agent also answers a steady beat beside the Firestore
emulator. Medians; judged by the manifest's `cold_start`. The judged milliseconds are the
processor's: beside them stand those of the clock, which on a busy machine are its neighbours' too,
and those of functions-framework alone, which no function starts without. Exits 1 where one is over;
the last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from infra.local.emulators.running import running
from infra.local.emulators.sources import FIRESTORE
from infra.packaging.manifest import load
from tests.packaging.starts import Start, Starter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.packaging.manifest import Function

RUNS = 7
AGENT = "agent"
Row = dict[str, float | int | bool | None]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.coldstart")
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args(arguments).runs
    rows: dict[str, Row] = {}
    print(f"{'':<24}{'ms':>6}{'of':>6}{'clock':>8}{'MiB':>7}{'of':>5}{'modules':>9}")
    with (
        tempfile.TemporaryDirectory(prefix="dumont-coldstart-") as made,
        running(FIRESTORE, os.environ) as host,
    ):
        folder = Path(made)
        starter = Starter(folder / "build", folder, {"FIRESTORE_EMULATOR_HOST": host})
        for function in load().functions:
            rows[function.name] = measured(starter, function, runs)
            print(_line(function, rows[function.name]), flush=True)
    print(json.dumps({"runs": runs, "cores": os.cpu_count(), "functions": rows}))
    return 0 if all(row["within"] for row in rows.values()) else 1


def measured(starter: Starter, function: Function, runs: int) -> Row:
    request = starter.steady_beat() if function.name == AGENT else None
    starter.start(function, request)
    starts = [starter.start(function, request) for _ in range(runs)]
    row: Row = {
        "ms": _middle([each.cpu_ms for each in starts]),
        "budget_ms": function.cold_start.ms,
        "clock_ms": _middle([each.ms for each in starts]),
        "framework_ms": _middle([each.framework_cpu_ms for each in starts]),
        "mib": _middle([each.mib for each in starts]),
        "budget_mib": function.cold_start.mib,
        "modules": len(starts[0].modules),
    }
    row |= _first_call(starts, function)
    return {**row, "within": _within(row)}


def _first_call(starts: Sequence[Start], function: Function) -> Row:
    calls = [each.first for each in starts if each.first]
    if not calls:
        return {}
    return {
        "first_call_ms": _middle([each.cpu_ms for each in calls]),
        "first_call_mib": _middle([each.mib for each in calls]),
        "budget_first_call_mib": function.cold_start.first_call_mib,
    }


def _within(row: Row) -> bool:
    """Every figure that has a budget is at most that."""
    budgets = {
        name.removeprefix("budget_"): most for name, most in row.items() if "budget_" in name
    }
    return all(row[name] <= most for name, most in budgets.items())


def _middle(samples: Sequence[float]) -> float:
    return round(median(samples), 1)


def _line(function: Function, row: Row) -> str:
    mark = "" if row["within"] else "  OVER"
    return (
        f"{function.name:<24}{row['ms']:>6.0f}{row['budget_ms']:>6}{row['clock_ms']:>8.0f}"
        f"{row['mib']:>7.1f}{row['budget_mib']:>5}{row['modules']:>9}{mark}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.simulation`: live through many seeds, judge each, tell what was found."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING

from tests.simulation.life import live
from tests.simulation.report import Report
from tests.simulation.shrink import shrunk
from tests.simulation.workers import outcomes, prepare

if TYPE_CHECKING:
    from tests.simulation.outcome import Outcome

_TRACED = 3
_LONGEST_TRACE = 400


def main() -> int:
    """Exit status 1 when anything that must be 0 is not."""
    given = _arguments().parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is part of a seed's story.
        again = [sys.executable, "-m", "tests.simulation", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONHASHSEED": "0"})
    if given.trace is not None:
        return _trace(given.trace, given.machines)
    return _soak(given)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300)
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--machines", type=int, default=3, help="instances in each seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trace", type=int, help="tell the whole story of one seed")
    parser.add_argument(
        "--calls", action="store_true", help="tell how often calls are met while faults strike"
    )
    return parser


def _trace(seed: int, machines: int) -> int:
    prepare()
    outcome = live(seed, machines, trace=print)
    _tell(outcome)
    print(json.dumps({"seed": seed, "faults": outcome.faults, **outcome.counts}))
    return int(outcome.failed)


def _soak(given: argparse.Namespace) -> int:
    last = given.start + given.seeds - 1
    print(f"seeds {given.start} to {last}, {given.machines} instances each")
    report, began_s = Report(), time.monotonic()
    for outcome in outcomes(given.start, given.seeds, given.machines, given.workers):
        report.add(outcome)
        if outcome.failed:
            print(
                f"seed {outcome.seed}: {next(iter(outcome.findings), outcome.counts)}", flush=True
            )
    took_s = time.monotonic() - began_s
    if given.calls:
        for call, count in report.calls.most_common():
            print(f"{call} {count / report.seeds:.2f}")
    for line in report.coverage.lines():
        print(line)
    for cell in report.coverage.empty():
        print("empty cell:", *cell)
    prepare()
    for failure in sorted(report.failing, key=lambda each: each.seed)[:_TRACED]:
        _show_shortest(failure, given.machines)
    print(json.dumps(report.figures(took_s)))
    return int(report.bad())


def _show_shortest(failure: Outcome, machines: int) -> None:
    """The story with the fewest faults that still shows it."""
    mask, shown = shrunk(failure.seed, machines, failure)
    lines: list[str] = []
    live(failure.seed, machines, masked=mask, trace=lines.append)
    print(f"--- seed {failure.seed}: {len(failure.strikes)} faults, {len(shown.strikes)} needed")
    for line in lines[:_LONGEST_TRACE]:
        print(line)
    _tell(shown)


def _tell(outcome: Outcome) -> None:
    for fault, call, number in outcome.strikes:
        print(f"fault: {fault}, {call}, number {number}")
    for finding in outcome.findings:
        print("finding:", finding)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m infra.local.clean --data DIR ...`: end what a stack that was killed left running.

Simulated marketplaces with their machines, functions and emulators; only processes that were
recorded, and whose start time is still the recorded one.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from infra.local.emulated import processes, world
from infra.local.settings import SIMULATED
from infra.simulators import clean


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local.clean", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, nargs="+")
    for data in parser.parse_args(arguments).data:
        ended = sum(clean.end_all(data / each) for each in SIMULATED)
        ended += processes.end_recorded(world.states(data))
        ended += world.end(data)
        print(f"ended {ended} process trees of {data}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m infra.simulators.clean --data DIR ...`: end what simulators left behind.

Only processes that were recorded, and whose start time is still the recorded one, are ended.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from infra.simulators import records
from infra.simulators.machines import processes
from infra.simulators.machines.processes import ProcessRecord


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, nargs="+")
    for data in parser.parse_args().data:
        print(f"ended {end_all(data)} process trees of {data}")
    return 0


def end_all(data: Path) -> int:
    """How many there were."""
    return sum(_end(record) for record in recorded(data))


def recorded(data: Path) -> list[ProcessRecord]:
    """The simulator first, so that it starts nothing new, then its machines."""
    simulator = records.read(data)
    found = [simulator.process] if simulator else []
    for path in sorted((data / "machines").glob("*/process.json")):
        saved = json.loads(path.read_text())
        found.append(ProcessRecord(saved["pid"], saved["mark"]))
    return found


def _end(record: ProcessRecord) -> bool:
    if not record.alive:
        return False
    processes.end_tree(record, gently=False, init_pid=None)
    return True


if __name__ == "__main__":
    sys.exit(main())

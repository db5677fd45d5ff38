"""`python -m tests.simulation.mutants`: is each seeded fault found, and after how many seeds?"""

from __future__ import annotations

import argparse
import json
import sys
from statistics import median

from tests.simulation.mutants.catalogue import MUTANTS, named
from tests.simulation.mutants.hunt import as_json, hunt, hunt_all


def main() -> int:
    """Exit status 1 when a mutant survives. The last line is JSON."""
    given = _arguments().parse_args()
    if given.here:
        print(as_json(hunt(named(given.only), given.start, given.seeds, given.machines)))
        return 0
    chosen = [each for each in MUTANTS if given.only in {None, each.name}]
    breaks = {each.name: each.breaks for each in chosen}
    found = []
    for hunted in hunt_all(chosen, given.start, given.seeds, given.machines, given.workers):
        found.append(hunted)
        told = f"after {hunted.seeds}: {hunted.shown}" if hunted.caught else "SURVIVES"
        print(f"{hunted.name} ({breaks[hunted.name]}) {told}", flush=True)
    caught = [each.seeds for each in found if each.caught]
    figures = {
        "mutants": len(found),
        "caught": len(caught),
        "survived": [each.name for each in found if not each.caught],
        "seeds_at_most": given.seeds,
        "seeds_median": median(caught) if caught else None,
        "seeds_max": max(caught, default=None),
    }
    print(json.dumps(figures))
    return int(len(caught) < len(found))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=2000, help="at most so many for each")
    parser.add_argument("--start", type=int, default=1)
    parser.add_argument("--machines", type=int, default=3, help="instances in each seed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", help="the name of one mutant")
    parser.add_argument("--here", action="store_true", help="in this very process")
    return parser


if __name__ == "__main__":
    sys.exit(main())

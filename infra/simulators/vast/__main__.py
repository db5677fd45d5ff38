"""`python -m infra.simulators.vast --port P`: the marketplace as a server with real machines."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from infra.simulators import command, records
from infra.simulators.vast import persist, recorded_offers
from infra.simulators.vast.model import accounts, faults, market, offers
from infra.simulators.vast.model.state import World
from infra.simulators.vast.simulation import Simulation

if TYPE_CHECKING:
    import argparse

    from infra.simulators.running import Paths


def arguments() -> argparse.Namespace:
    parser = command.parser("infra.simulators.vast")
    parser.add_argument("--offers", type=Path, help="folder of recorded searches (*.json.gz)")
    parser.add_argument("--faults", type=Path, help="JSON file of rules, see model/faults.py")
    parser.add_argument("--no-call-intervals", action="store_true", help="never answer 429")
    return parser.parse_args()


def build(wanted: argparse.Namespace, paths: Paths) -> Simulation:
    """A marketplace from its own folder, or a new one stocked with offers."""
    clock = records.clock_for(paths.data, wanted.speed)
    world = World(rng=command.draws(wanted))
    market_file = paths.data / "market.json"
    if paths.state.exists():
        persist.load(paths.state, market_file, world)
    else:
        rows = recorded_offers.read(wanted.offers) if wanted.offers else market.generated(world.rng)
        offers.stock(world, rows, clock.now())
        accounts.open_account(world, "main", wanted.credit, clock.now(), wanted.api_key)
        persist.save_market(market_file, world)
    if wanted.faults:
        faults.set_rules(world, json.loads(wanted.faults.read_text()))
    if wanted.no_call_intervals:
        world.knobs.call_intervals = False
    return Simulation(world, clock, paths, wanted.api_key, isolated=command.isolated(wanted))


if __name__ == "__main__":
    sys.exit(command.serve_until_told(arguments(), "vast", build))

"""`python -m infra.simulators.tensordock --port P`: the marketplace with real machines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infra.simulators import command, records
from infra.simulators.tensordock import persist
from infra.simulators.tensordock.model import market
from infra.simulators.tensordock.model.state import World
from infra.simulators.tensordock.simulation import Simulation

if TYPE_CHECKING:
    import argparse

    from infra.simulators.running import Paths


def arguments() -> argparse.Namespace:
    parser = command.parser("infra.simulators.tensordock")
    parser.add_argument("--mirror-shapes", action="store_true", help="answer as the API's mirror")
    parser.add_argument("--no-call-limit", action="store_true", help="never answer 429")
    return parser.parse_args()


def build(wanted: argparse.Namespace, paths: Paths) -> Simulation:
    """A marketplace from its own folder, or a new one stocked with hosts."""
    clock = records.clock_for(paths.data, wanted.speed)
    world = World(rng=command.draws(wanted))
    if paths.state.exists():
        persist.load(paths.state, world)
    else:
        market.stock(world)
        market.open_account(world, wanted.credit, wanted.api_key)
    world.knobs.mirror_shapes = world.knobs.mirror_shapes or wanted.mirror_shapes
    world.knobs.call_limit = world.knobs.call_limit and not wanted.no_call_limit
    return Simulation(world, clock, paths, wanted.api_key, isolated=command.isolated(wanted))


if __name__ == "__main__":
    sys.exit(command.serve_until_told(arguments(), "tensordock", build))

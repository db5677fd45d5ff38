"""`python -m infra.simulators.vast --port P`: the marketplace as a server with real machines."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import threading
from pathlib import Path

from infra.simulators import records, serve
from infra.simulators.machines.spawn import namespaces_work
from infra.simulators.vast import persist, recorded_offers
from infra.simulators.vast.model import accounts, faults, market, offers
from infra.simulators.vast.simulation import Paths, Simulation, fresh_world


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.simulators.vast", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--offers", type=Path, help="folder of recorded searches (*.json.gz)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--faults", type=Path, help="JSON file of rules, see model/faults.py")
    parser.add_argument("--api-key", default="simulator-key", help="account and side-door key")
    parser.add_argument("--data", type=Path, help="folder of state and machines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--credit", type=float, default=100.0, help="USD of the first account")
    parser.add_argument("--no-call-intervals", action="store_true", help="never answer 429")
    parser.add_argument("--no-namespaces", action="store_true", help="machines share the host")
    return parser.parse_args()


def build(wanted: argparse.Namespace, data: Path) -> Simulation:
    """A marketplace from its own folder, or a new one stocked with offers."""
    paths = Paths(data)
    clock = records.clock_for(data, wanted.speed)
    world = fresh_world(wanted.seed)
    if paths.state.exists():
        persist.load(paths.state, paths.market, world)
    else:
        rows = recorded_offers.read(wanted.offers) if wanted.offers else market.generated(world.rng)
        offers.stock(world, rows, clock.now())
        accounts.open_account(world, "main", wanted.credit, clock.now(), wanted.api_key)
        persist.save_market(paths.market, world)
    if wanted.faults:
        faults.set_rules(world, json.loads(wanted.faults.read_text()))
    if wanted.no_call_intervals:
        world.knobs.call_intervals = False
    isolated = namespaces_work() and not wanted.no_namespaces
    return Simulation(world, clock, paths, wanted.api_key, isolated=isolated)


def main() -> int:
    wanted = arguments()
    data = (wanted.data or Path(tempfile.mkdtemp(prefix="vast-simulator-"))).resolve()
    data.mkdir(parents=True, exist_ok=True)
    earlier = records.read(data)
    if earlier is not None and earlier.process.alive:
        print(f"process {earlier.pid} already serves {data}", file=sys.stderr)
        return 1
    simulation = build(wanted, data)
    server = serve.make_server(simulation, wanted.port)
    records.write(data, server.port, simulation.clock)
    simulation.begin()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving http://127.0.0.1:{server.port} from {data}", flush=True)
    server.serve_forever()
    simulation.finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m infra.simulators.tensordock --port P`: the marketplace with real machines."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import threading
from pathlib import Path

from infra.simulators import records, serve
from infra.simulators.machines.spawn import namespaces_work
from infra.simulators.tensordock import persist
from infra.simulators.tensordock.model import market
from infra.simulators.tensordock.simulation import Paths, Simulation, fresh_world


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.simulators.tensordock")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    parser.add_argument("--api-key", default="simulator-key", help="account and side-door key")
    parser.add_argument("--data", type=Path, help="folder of state and machines")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--credit", type=float, default=100.0, help="USD of the first account")
    parser.add_argument("--mirror-shapes", action="store_true", help="answer as the API's mirror")
    parser.add_argument("--no-call-limit", action="store_true", help="never answer 429")
    parser.add_argument("--no-namespaces", action="store_true", help="machines share the host")
    return parser.parse_args()


def build(wanted: argparse.Namespace, data: Path) -> Simulation:
    """A marketplace from its own folder, or a new one stocked with hosts."""
    paths = Paths(data)
    clock = records.clock_for(data, wanted.speed)
    world = fresh_world(wanted.seed)
    if paths.state.exists():
        persist.load(paths.state, world)
    else:
        market.stock(world)
        market.open_account(world, wanted.credit, wanted.api_key)
    world.knobs.mirror_shapes = world.knobs.mirror_shapes or wanted.mirror_shapes
    world.knobs.call_limit = world.knobs.call_limit and not wanted.no_call_limit
    isolated = namespaces_work() and not wanted.no_namespaces
    return Simulation(world, clock, paths, wanted.api_key, isolated=isolated)


def main() -> int:
    wanted = arguments()
    data = (wanted.data or Path(tempfile.mkdtemp(prefix="tensordock-simulator-"))).resolve()
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

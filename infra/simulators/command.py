"""What the commands of both marketplaces share: their options, and serving until told to end."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from infra.simulators import records, serve
from infra.simulators.machines.spawn import namespaces_work
from infra.simulators.running import Paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from infra.simulators.running import Running


def parser(module: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog=f"python -m {module}")
    made.add_argument("--port", type=int, required=True, help="0 takes a free one")
    made.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second")
    made.add_argument("--api-key", default="simulator-key", help="account and side-door key")
    made.add_argument("--data", type=Path, help="folder of state and machines")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--credit", type=float, default=100.0, help="USD of the first account")
    made.add_argument("--no-namespaces", action="store_true", help="machines share the host")
    return made


def draws(wanted: argparse.Namespace) -> random.Random:
    return random.Random(wanted.seed)  # noqa: S311 - a simulation, not a secret


def isolated(wanted: argparse.Namespace) -> bool:
    return namespaces_work() and not wanted.no_namespaces


def serve_until_told(
    wanted: argparse.Namespace,
    name: str,
    build: Callable[[argparse.Namespace, Paths], Running[Any]],
) -> int:
    """Exit status 1 where another process serves the folder."""
    data = (wanted.data or Path(tempfile.mkdtemp(prefix=f"{name}-simulator-"))).resolve()
    data.mkdir(parents=True, exist_ok=True)
    earlier = records.read(data)
    if earlier is not None and earlier.process.alive:
        print(f"process {earlier.pid} already serves {data}", file=sys.stderr)
        return 1
    running = build(wanted, Paths(data))
    server = serve.make_server(running, wanted.port)
    records.write(data, server.port, running.clock)
    running.begin()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"serving http://127.0.0.1:{server.port} from {data}", flush=True)
    server.serve_forever()
    running.finish()
    return 0

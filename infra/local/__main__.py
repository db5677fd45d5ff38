"""`python -m infra.local [--emulators]`: the whole product on this machine, on one port.

Alone it is two equal processes (one on a single core) on embedded store, bus and blobs. With
`--emulators` every function is a process of its own, served from its bundle, on the genuine
Firestore and Pub/Sub emulators and fake-gcs-server; the default folder is then .data-emulators.

PORT (8080), DUMONT_DATA_DIR (.data), DUMONT_OFFERS_DIR (recorded offers to replay),
DUMONT_SIM_SPEED (10: simulated seconds per second of pull, boot and billing),
DUMONT_VAST_KEY (a real key: the real marketplace instead of the simulated one),
DUMONT_TENSORDOCK (off: `on` adds a second simulated marketplace), DUMONT_TENSORDOCK_KEY.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from infra.local import simulator
from infra.local.emulated import world
from infra.local.serve import Server
from infra.local.settings import (
    DEMO_EMAIL,
    function_environment,
    kept_secret,
    local_of,
    stays_taken,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from infra.local.serve import ServedStack
    from infra.local.settings import Local

MOST_WORKERS = 2  # so that what runs in the background does not hold up every request
EMULATORS_FOLDER = ".data-emulators"
NAMES = {"vast": "VAST", "tensordock": "TensorDock"}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("--emulators", action="store_true", help="as deployed, on emulators")
    parser.add_argument(
        "--build-site", action="store_true", help="build the web app where its sources have changed"
    )
    chosen = parser.parse_args(arguments)
    emulated = chosen.emulators
    folder = {"DUMONT_DATA_DIR": EMULATORS_FOLDER} if emulated else {}
    try:
        local = local_of({**folder, **os.environ}, builds_site=chosen.build_site)
    except ValueError as error:
        print(f"PORT and DUMONT_SIM_SPEED are numbers: {error}", file=sys.stderr)
        return 2
    if stays_taken(local.port):
        print(f"Port {local.port} is in use: stop what runs there, or set PORT.", file=sys.stderr)
        return 1
    sim_key = kept_secret(local.folder, "simulator-key")
    try:
        cloud = world.begin(local, os.environ) if emulated else {}
        urls = simulator.start_or_adopt(local, sim_key)
    except (simulator.SimulatorDown, *world.FAILURES) as error:
        print(error, file=sys.stderr)
        return 1
    os.environ.update(function_environment(local, urls, sim_key) | cloud)
    console = quiet_console(local)
    password = kept_secret(local.folder, "login")

    def tell(text: str) -> None:
        print(text, file=console, flush=True)

    def ready() -> None:
        print(f"Dumont Cloud   {local.url}\nAPI reference  {local.url}/docs", file=console)
        print(f"Demo login     {DEMO_EMAIL}  {password}", file=console)
        for provider, url in urls.items():
            name = NAMES.get(provider, provider)
            key = f"{local.folder}/simulator-key"
            print(f"Simulated {name} {url}  at {local.speed:g} x, key in {key}", file=console)
        print("Ctrl-C stops everything.", file=console, flush=True)

    def ended() -> None:
        simulator.stop(local)
        if emulated:
            world.end(local.folder)

    make, workers = _stack(emulated=emulated)
    Server(local, make, tell, ready, ended, workers).run()
    return 0


def _stack(*, emulated: bool) -> tuple[Callable[[Local], ServedStack], int]:
    """How a worker makes it, and how many workers serve it. Each loads only what it runs on."""
    if emulated:
        from infra.local.emulated.stack import EmulatedStack

        return EmulatedStack, 1
    from infra.local.stack import Stack, parts

    return partial(Stack, parts()), min(MOST_WORKERS, os.cpu_count() or 1)


def quiet_console(local: Local) -> TextIO:
    """Where people read. At a terminal the functions' own JSON lines go to a file instead."""
    if not sys.stdout.isatty():
        return sys.stdout
    path = local.folder / "stack.log"
    console = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    with path.open("ab") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
    print(f"Log            {path}", file=console, flush=True)
    return console


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

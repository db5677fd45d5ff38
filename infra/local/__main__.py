"""`python -m infra.local`: the whole product on this machine, on one port.

PORT (8080), DUMONT_DATA_DIR (.data), DUMONT_OFFERS_DIR (recorded offers to replay),
DUMONT_SIM_SPEED (10: simulated seconds per second of pull, boot and billing),
DUMONT_VAST_KEY (a real key: the real marketplace instead of the simulated one).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from infra.local import simulator
from infra.local.serve import Server
from infra.local.settings import (
    DEMO_EMAIL,
    function_environment,
    kept_secret,
    local_of,
    stays_taken,
)

if TYPE_CHECKING:
    from typing import TextIO

    from infra.local.settings import Local


def main() -> int:
    try:
        local = local_of(dict(os.environ))
    except ValueError as error:
        print(f"PORT and DUMONT_SIM_SPEED are numbers: {error}", file=sys.stderr)
        return 2
    if stays_taken(local.port):
        print(f"Port {local.port} is in use: stop what runs there, or set PORT.", file=sys.stderr)
        return 1
    sim_key = kept_secret(local.folder, "simulator-key")
    url = ""
    if not os.environ.get("DUMONT_VAST_KEY"):
        try:
            url = simulator.start_or_adopt(local, sim_key)
        except simulator.SimulatorDown as error:
            print(error, file=sys.stderr)
            return 1
    os.environ.update(function_environment(local, url, sim_key))
    console = quiet_console(local)
    password = kept_secret(local.folder, "login")

    def ready() -> None:
        print(f"Dumont Cloud   {local.url}\nAPI reference  {local.url}/docs", file=console)
        print(f"Demo login     {DEMO_EMAIL}  {password}", file=console)
        if url:
            key = f"{local.folder}/simulator-key"
            print(f"Simulated VAST {url}  at {local.speed:g} x, key in {key}", file=console)
        print("Ctrl-C stops everything.", file=console, flush=True)

    Server(local, ready, lambda: simulator.stop(local)).run()
    return 0


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
    sys.exit(main())

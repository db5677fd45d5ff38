"""`python3 agent.pyz`: the program on a rented machine. Its settings are environment variables.

Ends with 64 when fenced and 65 when another agent runs here already: the shell loop that started
it then lets it rest. Any other end is an accident, after which it is started again.
"""

from __future__ import annotations

import hashlib
import os
import pkgutil
import platform
import random
import secrets
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infra.agent.control_plane import ControlPlane
from infra.agent.core.agent import AgentCore
from infra.agent.core.desk import Boot
from infra.agent.gpus import open_gpus
from infra.agent.home import Home, HomeBusy, choose_home
from infra.agent.http import Http, Traffic
from infra.agent.loop import Loop, Machine
from infra.agent.notebooks import Notebooks
from infra.agent.proc import ProcessTable
from infra.agent.processes import Freezer
from infra.agent.readings import Readings
from infra.agent.version import VERSION
from infra.agent.wheels import ENV_FOLDER, Source, Wheels
from infra.agent.workspace import OnstartLine
from shared.agent_wire.messages import ENV_API, ENV_TOKEN, HelloRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXIT_FENCED = 64
EXIT_BUSY = 65
EXIT_UNUSABLE = 66


def main() -> int:
    """Run until fenced."""
    environ = dict(os.environ)
    if not environ.get(ENV_API) or not environ.get(ENV_TOKEN):
        say(f"{ENV_API} and {ENV_TOKEN} have to be set")
        return EXIT_UNUSABLE
    try:
        home = Home(choose_home(environ))
        home.lock()
    except HomeBusy:
        say("another agent runs on this machine")
        return EXIT_BUSY
    except OSError as error:
        say(f"no folder for the agent: {error}")
        return EXIT_UNUSABLE
    say(f"agent {VERSION} on Python {platform.python_version()}")
    reason = assemble(home, environ).run()
    say(f"fenced: {reason}")
    return EXIT_FENCED


def assemble(home: Home, environ: Mapping[str, str]) -> Loop:
    """Everything put together for this machine."""
    table = ProcessTable(environ[ENV_TOKEN])
    boot_id = _boot_id(table, environ)
    traffic = Traffic()
    http = Http(traffic)
    boot = Boot(boot_id, secrets.token_hex(8), home.memory(), home.spooled())
    core = AgentCore(time.monotonic(), boot, random.random, time.time)
    gpus = open_gpus(_path(environ, "SIM_GPU_FILE"), time.monotonic)
    notebooks = Notebooks(table, environ)
    machine = Machine(
        core=core,
        control_plane=ControlPlane(http, environ[ENV_API]),
        http=http,
        home=home,
        freezer=Freezer(table, home.folder / "frozen.json"),
        readings=Readings(
            table,
            gpus,
            traffic,
            _path(environ, "SIM_NET_FILE"),
            notebooks,
        ),
        notebooks=notebooks,
        onstart=OnstartLine(home.folder),
        wheels=Wheels(
            _path(environ, ENV_FOLDER) or home.folder / "wheels",
            Source.of(environ, http),
            _listed(),
        ),
        introduce=_introduction(home, environ, boot_id),
        environ=environ,
        user_home=Path(environ.get("HOME") or "/root"),
    )
    return Loop(machine, say)


def _listed() -> bytes:
    """The bundle's list of wheels; b"" where the agent runs from its sources."""
    try:
        return pkgutil.get_data("infra.agent", "wheels.json") or b""
    except OSError:
        return b""


def say(line: str) -> None:
    """To the container's log."""
    print(f"dumont: {line}", file=sys.stderr, flush=True)


def _introduction(
    home: Home, environ: Mapping[str, str], boot_id: str
) -> Callable[[], HelloRequest]:
    key = home.agent_key()
    gpus = open_gpus(_path(environ, "SIM_GPU_FILE"), time.monotonic)

    def introduce() -> HelloRequest:
        return HelloRequest(
            bootstrap_token=environ[ENV_TOKEN],
            agent_key=key,
            boot_id=boot_id,
            agent_version=VERSION,
            python=platform.python_version(),
            clock=time.time(),
            contract_id=environ.get("CONTAINER_ID") or environ.get("VAST_CONTAINERLABEL", ""),
            gpus=tuple(gpu.name for gpu in gpus.read() or ()),
            disk_free_bytes=_disk_free_bytes(home.folder),
        )

    return introduce


def _boot_id(table: ProcessTable, environ: Mapping[str, str]) -> str:
    """Another one for each start of the container, the same when only the agent starts anew."""
    mark = table.boot_mark() or environ.get("DUMONT_BOOT_ID", "")
    return hashlib.sha256(mark.encode()).hexdigest()[:24]


def _disk_free_bytes(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    value = environ.get(name, "")
    return Path(value) if value else None

"""Emulators that run: started in a session of their own, recorded, adopted, ended by record.

They play the cloud, so they outlive a stack that is killed; the next start finds what they hold.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from infra.local.emulators import containers
from infra.local.emulators.sources import Given, InContainer, source_of
from infra.local.settings import free_port
from infra.simulators.machine.load import write_whole
from infra.simulators.machines import processes
from infra.simulators.machines.processes import ProcessRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra.local.emulators.sources import Emulator, Source

START_S = 60.0
POLL_S = 0.05
FILE = "emulator.json"
LOG = "emulator.log"
KEPT = "kept"


class EmulatorDown(RuntimeError):
    """It ended, or did not answer in time; its log says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One that runs: a process, a container, or neither where somebody else runs it."""

    address: str
    pid: int = 0
    mark: str = ""
    container: str = ""

    @property
    def alive(self) -> bool:
        if self.container:
            return containers.is_running(self.container)
        return not self.pid or self.process.alive

    @property
    def process(self) -> ProcessRecord:
        return ProcessRecord(self.pid, self.mark)


def recorded(folder: Path) -> Record | None:
    path = folder / FILE
    return Record(**json.loads(path.read_text())) if path.exists() else None


def begin(
    emulator: Emulator, source: Source, folder: Path, *, port: int = 0, in_memory: bool = False
) -> Record:
    """Start it, without waiting for its answer, and write down what was started.

    `folder` is the emulator's own. A port is chosen unless one is given. Raises ContainerFailed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    kept = None if in_memory else folder / KEPT
    record = _begun(emulator, source, folder, kept, port or free_port())
    write_whole(folder / FILE, json.dumps(asdict(record)))
    return record


def _begun(
    emulator: Emulator, source: Source, folder: Path, kept: Path | None, port: int
) -> Record:
    if isinstance(source, Given):
        return Record(source.address)
    if isinstance(source, InContainer):
        container, port = containers.start(source.image)
        return Record(emulator.address(port), container=container)
    if kept:
        kept.mkdir(exist_ok=True)
    found = ProcessRecord.of(_spawn(source.command(port, kept), folder / LOG))
    return Record(emulator.address(port), found.pid, found.mark)


def _spawn(command: list[str], log: Path) -> int:
    """A session of its own, which nobody here waits for."""
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o600),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    return os.posix_spawnp(command[0], command, os.environ, file_actions=files, setsid=True)


def await_answer(emulator: Emulator, record: Record) -> None:
    """Raises EmulatorDown."""
    deadline = time.monotonic() + START_S
    while not answers(emulator.url(record.address)):
        if record.pid and not record.process.alive:
            raise EmulatorDown(f"the {emulator.name} emulator ended as it began")
        if time.monotonic() > deadline:
            raise EmulatorDown(f"the {emulator.name} emulator does not answer")
        time.sleep(POLL_S)


def answers(url: str) -> bool:
    """Whether anything is said at all: a refusal is an answer."""
    try:
        httpx.get(url, timeout=2.0)
    except httpx.HTTPError:
        return False
    return True


def end(record: Record) -> None:
    """Only what was started here, and is still the one that was recorded."""
    if record.container:
        containers.end(record.container)
    elif record.pid and record.process.alive:
        processes.end_tree(record.process, gently=False, init_pid=None)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(record.pid, 0)  # where it is our own child: no zombie stays


@contextlib.contextmanager
def running(emulator: Emulator, environment: Mapping[str, str]) -> Iterator[str]:
    """The address of one that answers, ended afterwards; nothing is kept.

    Raises EmulatorMissing, EmulatorDown, ContainerFailed.
    """
    source = source_of(emulator, environment)
    if isinstance(source, Given):
        yield source.address
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        record = begin(emulator, source, Path(folder), in_memory=True)
        try:
            await_answer(emulator, record)
            yield record.address
        finally:
            end(record)

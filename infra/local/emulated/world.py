"""What plays the cloud for one data folder: the emulators, and the machines that they know of.

Firestore's emulator keeps everything in its memory. While it lives, a stack that was killed goes
on where it was; when it is gone, so is all that the rest refers to, and a new world begins.
"""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

from infra.local import simulator
from infra.local.emulators import running
from infra.local.emulators.containers import ContainerFailed
from infra.local.emulators.sources import (
    EMULATORS,
    FIRESTORE,
    EmulatorMissing,
    Given,
    source_of,
)
from infra.local.settings import SIMULATED, deployment_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from infra.local.emulators.running import Record
    from infra.local.emulators.sources import Emulator, Source
    from infra.local.settings import Local

BUCKET = "dumont"
EMBEDDED_STORE = "store.sqlite"


class FolderTaken(RuntimeError):
    """The folder holds an embedded stack, whose machines a new world would forget."""


FAILURES = (FolderTaken, EmulatorMissing, ContainerFailed)


def begin(local: Local, environment: Mapping[str, str]) -> dict[str, str]:
    """Start or adopt every emulator; the variables by which functions find them.

    Does not wait for their answers. Raises FolderTaken, EmulatorMissing, ContainerFailed.
    """
    if (local.folder / EMBEDDED_STORE).exists():
        raise FolderTaken(f"{local.folder} belongs to an embedded stack: set DUMONT_DATA_DIR")
    sources = _sources(environment)
    if not isinstance(sources[FIRESTORE.key], Given) and living(local.folder, FIRESTORE) is None:
        _forget(local)
    for each in EMULATORS:
        _begun(local, each, sources[each.key])
    return {
        **variables(local.folder),
        "DUMONT_TRUSTED_HOPS": "1",
        "DUMONT_CALLS_PER_S": environment.get("DUMONT_CALLS_PER_S", "0"),
    }


def variables(data: Path) -> dict[str, str]:
    """Where the emulators of this folder answer, and what is on them."""
    records = {each: running.recorded(folder_of(data, each)) for each in EMULATORS}
    return {
        **{each.variable: record.address for each, record in records.items() if record},
        "DUMONT_PLATFORM": "google",
        "DUMONT_CALLER_PROOF": "signed",
        "DUMONT_SECRETS": "file",
        "DUMONT_BUCKET": BUCKET,
        "GOOGLE_CLOUD_PROJECT": project_of(data),
    }


def await_answers(data: Path) -> None:
    """Raises EmulatorDown."""
    for emulator in EMULATORS:
        record = running.recorded(folder_of(data, emulator))
        if record is not None:
            running.await_answer(emulator, record)


def end(data: Path) -> int:
    """End the emulators that were started here, and say how many those were; whoever runs one
    elsewhere keeps it.
    """
    found = [living(data, emulator) for emulator in EMULATORS]
    started = [record for record in found if record is not None]
    for record in started:
        running.end(record)
    return len(started)


def living(data: Path, emulator: Emulator) -> Record | None:
    """Its record, while it lives and if it was started here."""
    record = running.recorded(folder_of(data, emulator))
    if record is None or not (record.pid or record.container):
        return None
    return record if record.alive else None


def folder_of(data: Path, emulator: Emulator) -> Path:
    return data / "emulators" / emulator.key


def states(data: Path) -> Path:
    """Where the state of each function's process is written down."""
    return data / "functions"


def bundles(data: Path) -> Path:
    return data / "bundles"


def project_of(data: Path) -> str:
    """One project for each data folder, under a name that every emulator takes."""
    digest = hashlib.sha256(deployment_id(data).encode()).hexdigest()
    return f"demo-{digest[:12]}"


def _sources(environment: Mapping[str, str]) -> dict[str, Source]:
    """Of each, or all that is missing at once."""
    found: dict[str, Source] = {}
    missing = []
    for emulator in EMULATORS:
        try:
            found[emulator.key] = source_of(emulator, environment)
        except EmulatorMissing as error:
            missing.append(str(error))
    if missing:
        raise EmulatorMissing("\n".join(missing))
    return found


def _begun(local: Local, emulator: Emulator, source: Source) -> Record:
    found = None if isinstance(source, Given) else living(local.folder, emulator)
    return found or running.begin(emulator, source, folder_of(local.folder, emulator))


def _forget(local: Local) -> None:
    """The old world's emulators and marketplaces end, and their files go."""
    end(local.folder)
    simulator.stop(local)
    for name in ("emulators", *SIMULATED):
        shutil.rmtree(local.folder / name, ignore_errors=True)

"""Which emulators there are, and where each is taken from.

Order: an address in the environment, a program installed here (the jars of a gcloud SDK, the
wheel of fake-gcs-server), a container where a Docker daemon answers; else it is said what is
missing.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra.local.emulators import programs
from infra.local.emulators.containers import Image, image_of
from infra.local.emulators.programs import Command

if TYPE_CHECKING:
    from collections.abc import Mapping

_DOCKER_ANSWERS_WITHIN_S = 10


class EmulatorMissing(RuntimeError):
    """Nothing on this machine can play it; the message names what was looked for."""


@dataclass(frozen=True, slots=True)
class Emulator:
    """`variable` is what Google's own clients read; `component` is gcloud's name for it, where
    it has one. `installed` raises NotInstalled.
    """

    key: str
    name: str
    variable: str
    installed: Callable[[], Command]
    component: str = ""
    is_url: bool = False

    def address(self, port: int) -> str:
        """The variable's value for an emulator of this machine."""
        return f"http://127.0.0.1:{port}" if self.is_url else f"127.0.0.1:{port}"

    def url(self, address: str) -> str:
        return address if self.is_url else f"http://{address}"


FIRESTORE = Emulator(
    key="firestore",
    name="Firestore",
    variable="FIRESTORE_EMULATOR_HOST",
    installed=programs.firestore,
    component="firestore",
)
PUBSUB = Emulator(
    key="pubsub",
    name="Pub/Sub",
    variable="PUBSUB_EMULATOR_HOST",
    installed=programs.pubsub,
    component="pubsub",
)
STORAGE = Emulator(
    key="storage",
    name="Cloud Storage",
    variable="STORAGE_EMULATOR_HOST",
    installed=programs.storage,
    is_url=True,
)
EMULATORS = (FIRESTORE, PUBSUB, STORAGE)


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody runs it already: it is used, and never ended."""

    address: str


@dataclass(frozen=True, slots=True)
class Installed:
    command: Command


@dataclass(frozen=True, slots=True)
class InContainer:
    """To be run by the Docker daemon."""

    image: Image


Source = Given | Installed | InContainer


def source_of(
    emulator: Emulator, environment: Mapping[str, str], docker: Callable[[], bool] | None = None
) -> Source:
    """Raises EmulatorMissing. `docker` says whether a daemon answers; it is asked last."""
    given = environment.get(emulator.variable, "")
    if given:
        return Given(given)
    try:
        return Installed(emulator.installed())
    except programs.NotInstalled as lack:
        lacking = [f"{emulator.variable} is not set", str(lack)]
    if emulator.component:
        if (docker or docker_answers)():
            return InContainer(image_of(emulator.component))
        lacking.append("no Docker daemon answers")
    raise EmulatorMissing(f"the {emulator.name} emulator: {', '.join(lacking)}")


def docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    command = [docker, "version", "--format", "{{.Server.Version}}"]
    try:
        asked = subprocess.run(
            command, capture_output=True, timeout=_DOCKER_ANSWERS_WITHIN_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0

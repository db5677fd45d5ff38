"""An emulator in a container, where there is a Docker daemon and no jar."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

# Google's own image with the emulators of gcloud in it.
IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators"
PORT = 8080  # inside
_CALL_WITHIN_S = 30


class ContainerFailed(RuntimeError):
    """The daemon could not start it; the message is the daemon's."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image, and what starts the emulator in it on PORT and every address."""

    name: str
    command: tuple[str, ...]


def image_of(component: str) -> Image:
    start = ("gcloud", "beta", "emulators", component, "start", f"--host-port=0.0.0.0:{PORT}")
    return Image(IMAGE, start)


def start(image: Image) -> tuple[str, int]:
    """The container's id and its port on 127.0.0.1. It runs on until `end`.

    Raises ContainerFailed.
    """
    from docker.errors import DockerException
    from testcontainers.core.config import testcontainers_config
    from testcontainers.core.container import DockerContainer

    # Its reaper would end the container with this process; a stack that was killed finds it again.
    testcontainers_config.ryuk_disabled = True
    container = DockerContainer(image.name, command=shlex.join(image.command))
    ports: dict[str, Any] = container.ports  # its own methods would bind every address
    ports[f"{PORT}/tcp"] = ("127.0.0.1", None)
    try:
        container.start()
        return container.get_container_id(), int(container.get_exposed_port(PORT))
    except DockerException as error:
        container.stop()
        raise ContainerFailed(f"{image.name}: {error}") from error


def is_running(container_id: str) -> bool:
    asked = _docker("inspect", "--format", "{{.State.Running}}", container_id)
    return asked is not None and asked.strip() == "true"


def end(container_id: str) -> None:
    """One that is gone already stays gone."""
    _docker("rm", "--force", "--volumes", container_id)


def _docker(*arguments: str) -> str | None:
    docker = shutil.which("docker")
    if docker is None:
        return None
    try:
        asked = subprocess.run(
            [docker, *arguments],
            capture_output=True,
            text=True,
            timeout=_CALL_WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return asked.stdout if asked.returncode == 0 else None

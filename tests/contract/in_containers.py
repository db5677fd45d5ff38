"""`python -m tests.contract.in_containers`: the Google adapters' suites on emulators in containers.

Needs Docker: a daemon that answers, or, for root, `dockerd` itself (Debian's docker.io), of which
one is then started in a temporary folder and ended again. The image is Google's where its registry
can be reached, else one made of this machine's own files. Last line JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.emulators import running
from infra.local.emulators.containers import Image, image_of
from infra.local.emulators.sources import FIRESTORE, PUBSUB, InContainer, docker_answers
from tests.contract.local_image import local_image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.local.emulators.running import Record
    from infra.local.emulators.sources import Emulator

DAEMON_S = 30
PULL_S = 300
SUITES = "tests/contract"


@dataclass(frozen=True, slots=True)
class Started:
    address: str
    image: str
    ready_s: float


def main() -> int:
    """The suites' exit status; 2 where no container can be run."""
    with contextlib.ExitStack() as leave:
        if not docker_answers() and not _own_daemon(leave):
            print("no Docker daemon answers, and dockerd cannot be started here (as root, with")
            print("Debian's docker.io)")
            return 2
        started = {each: leave.enter_context(_started(each)) for each in (FIRESTORE, PUBSUB)}
        told = {each.variable: run.address for each, run in started.items()}
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-k", "firestore or pubsub"]
        status = subprocess.run([*command, SUITES], env={**os.environ, **told}, check=False)
    figures = {
        each.key: {"image": run.image, "ready_s": round(run.ready_s, 1)}
        for each, run in started.items()
    }
    print(json.dumps({"ok": status.returncode == 0, **figures}))
    return status.returncode


@contextlib.contextmanager
def _started(emulator: Emulator) -> Iterator[Started]:
    with contextlib.ExitStack() as leave:
        folder = Path(leave.enter_context(tempfile.TemporaryDirectory()))
        image = _genuine(emulator) or leave.enter_context(local_image(emulator.component))
        began_s = time.monotonic()
        record = running.begin(emulator, InContainer(image), folder)
        leave.callback(_gone, record)
        running.await_answer(emulator, record)
        # As a stack that was killed finds it again.
        assert running.recorded(folder) == record
        assert record.alive
        _require_loopback(record.container)
        yield Started(record.address, image.name, time.monotonic() - began_s)


def _gone(record: Record) -> None:
    running.end(record)
    assert not record.alive


def _genuine(emulator: Emulator) -> Image | None:
    """Google's image, if it is here or can be had."""
    image = image_of(emulator.component)
    for attempt in (("image", "inspect"), ("pull", "--quiet")):
        with contextlib.suppress(subprocess.TimeoutExpired):
            asked = subprocess.run(
                ["docker", *attempt, image.name], capture_output=True, timeout=PULL_S, check=False
            )
            if asked.returncode == 0:
                return image
    return None


def _require_loopback(container: str) -> None:
    listed = subprocess.run(
        ["docker", "port", container], capture_output=True, text=True, timeout=30, check=True
    )
    addresses = {line.split(" -> ")[1].rpartition(":")[0] for line in listed.stdout.splitlines()}
    assert addresses == {"127.0.0.1"}, f"the container answers on {addresses}"


def _own_daemon(leave: contextlib.ExitStack) -> bool:
    """A daemon on a socket of its own, named to every Docker client of this process."""
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        return False
    made = tempfile.TemporaryDirectory(prefix="dumont-docker-", ignore_cleanup_errors=True)
    folder = Path(leave.enter_context(made))
    socket = f"unix://{folder}/socket"
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [
                *("dockerd", "--host", socket, "--pidfile", f"{folder}/pid"),
                *("--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec"),
            ],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    leave.callback(_end_daemon, daemon)
    os.environ["DOCKER_HOST"] = socket
    deadline = time.monotonic() + DAEMON_S
    while not docker_answers():
        if daemon.poll() is not None or time.monotonic() > deadline:
            print("\n".join((folder / "log").read_text(errors="replace").splitlines()[-5:]))
            return False
        time.sleep(0.2)
    return True


def _end_daemon(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(DAEMON_S)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.needs [--install]`: what the tests need besides requirements.txt.

Says in one line each what is there and what is not, and which tests are then left out. With
`--install` it first asks apt for what is missing, where that can work without asking anybody.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

from infra.simulators.vast.machines.interpreters import installed
from tests.contract import emulators

APT_S = 600


@dataclass(frozen=True)
class Need:
    """`packages` are apt's names for it; `without` says what is then not tested."""

    name: str
    there: Callable[[], bool]
    packages: tuple[str, ...]
    without: str


def _emulator(variable: str, jar: str) -> Callable[[], bool]:
    def there() -> bool:
        if os.environ.get(variable):
            return True
        jar_runs = emulators.installed_jar(jar) is not None and shutil.which("java") is not None
        return jar_runs or emulators.docker_answers()

    return there


NEEDS = (
    Need(
        "Java",
        lambda: shutil.which("java") is not None,
        ("default-jre-headless",),
        "the emulators can only run in Docker",
    ),
    Need(
        "Firestore emulator",
        _emulator("FIRESTORE_EMULATOR_HOST", emulators.FIRESTORE_JAR),
        ("google-cloud-cli-firestore-emulator",),
        "the Firestore store is not tested",
    ),
    Need(
        "Pub/Sub emulator",
        _emulator("PUBSUB_EMULATOR_HOST", emulators.PUBSUB_JAR),
        ("google-cloud-cli-pubsub-emulator",),
        "the Pub/Sub bus is not tested",
    ),
    Need(
        "fake-gcs-server",
        lambda: emulators.fake_gcs_server() is not None,
        (),
        "the Cloud Storage blobs are not tested",
    ),
    Need(
        "Python 3.10",
        lambda: installed("3.10") is not None,
        (),
        "the agent is tested on this Python only",
    ),
)


def main(arguments: list[str]) -> int:
    """Always 0: what is missing is skipped with its reason, or fails where it is demanded."""
    if "--install" in arguments:
        install(tuple(need for need in NEEDS if not need.there()))
    for need in NEEDS:
        print(f"{need.name}: {'found' if need.there() else f'MISSING, so {need.without}'}")
    return 0


def install(missing: tuple[Need, ...]) -> None:
    """Ask apt, which only root can do, for each missing thing that it knows."""
    if not missing or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    for need in missing:
        for package in need.packages:
            if not _apt("install", "-y", "--no-install-recommends", package):
                print(f"{need.name}: apt could not install {package}", file=sys.stderr)


def _apt(*arguments: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            ["apt-get", "-q", *arguments],
            env=environment, stdin=subprocess.DEVNULL, capture_output=True,
            timeout=APT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

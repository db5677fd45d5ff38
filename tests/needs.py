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

from infra.local.emulators import programs
from infra.local.emulators.sources import (
    FIRESTORE,
    PUBSUB,
    STORAGE,
    Emulator,
    EmulatorMissing,
    source_of,
)
from infra.simulators.machines.interpreters import installed
from tests.terraform import plans

APT_S = 600


@dataclass(frozen=True)
class Need:
    """`packages` are apt's names for it; `without` says what is then not tested."""

    name: str
    there: Callable[[], bool]
    packages: tuple[str, ...]
    without: str


def _found(emulator: Emulator) -> bool:
    try:
        source_of(emulator, os.environ)
    except EmulatorMissing:
        return False
    return True


NEEDS = (
    Need(
        "Java",
        lambda: programs.installed_java() is not None,
        ("default-jre-headless",),
        "the emulators can only run in Docker",
    ),
    Need(
        "Firestore emulator",
        lambda: _found(FIRESTORE),
        ("google-cloud-cli-firestore-emulator",),
        "the Firestore store is not tested",
    ),
    Need(
        "Pub/Sub emulator",
        lambda: _found(PUBSUB),
        ("google-cloud-cli-pubsub-emulator",),
        "the Pub/Sub bus is not tested",
    ),
    Need(
        "fake-gcs-server",
        lambda: _found(STORAGE),
        (),
        "the Cloud Storage blobs are not tested",
    ),
    Need(
        "Chromium",
        lambda: shutil.which("chromium") is not None,
        ("chromium",),
        "the web app is not tried in a browser",
    ),
    Need(
        "Python 3.10",
        lambda: installed("3.10") is not None,
        (),
        "the agent is tested on this Python only",
    ),
    Need(
        "terraform",
        lambda: plans.binary() is not None,
        (),
        "what would be deployed is not planned",
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

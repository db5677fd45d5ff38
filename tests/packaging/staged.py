"""Bundles as `make package` stages them, and processes that can import nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from infra.packaging.bundle import bundle
from infra.packaging.capabilities import CAPABILITY_OF
from infra.packaging.distributions import owners
from infra.packaging.manifest import load
from shared.bootstrap import GoogleServices

if TYPE_CHECKING:
    from infra.packaging.bundle import Bundle
    from infra.packaging.manifest import Function

FUNCTIONS = load().functions
# Nothing listens there: clients are made, not used.
NOWHERE = "127.0.0.1:1"
DEPLOYED = {
    "DUMONT_PLATFORM": "google",
    "GOOGLE_CLOUD_PROJECT": "demo-bundle",
    "DUMONT_BUCKET": "demo-bundle",
    "DUMONT_MASTER_SECRET": "projects/demo-bundle/secrets/master",
    "DUMONT_SCHEDULER_PARENT": "projects/p/locations/us-central1",
    "DUMONT_CALLER_AUDIENCE": "https://bundle.example",
    "DUMONT_CALLER_ACCOUNTS": "caller@demo-bundle.iam.gserviceaccount.com",
    "DUMONT_VAST_KEY": "k" * 32,
    "DUMONT_TENSORDOCK_KEY": "id:token",
    "FIRESTORE_EMULATOR_HOST": NOWHERE,
    "PUBSUB_EMULATOR_HOST": NOWHERE,
    "STORAGE_EMULATOR_HOST": f"http://{NOWHERE}",
}


def function_named(name: str) -> Function:
    (found,) = [each for each in FUNCTIONS if each.name == name]
    return found


@cache
def bundled(function: Function) -> Bundle:
    """The function's bundle, made once for all tests that only look at it."""
    return bundle(function)


def deployed(data: Path, **more: str) -> dict[str, str]:
    """The environment of a function on Google's platform, whose services nobody plays."""
    return {"PATH": os.environ["PATH"], **DEPLOYED, "DUMONT_DATA_DIR": str(data), **more}


def services_of(function: Function) -> list[str]:
    """Those that need no capability or a granted one, and can be had without an account."""
    made = {name for name in dir(GoogleServices) if not name.startswith("_")} - {"marketplace"}
    return sorted(
        name for name in made if CAPABILITY_OF.get(name) in {None, *function.capabilities}
    )


def confined(folder: Path, function: Function, data: Path) -> subprocess.CompletedProcess[str]:
    """What tests/packaging/confined.py says of the bundle in this folder."""
    program = Path(__file__).with_name("confined.py")
    site_packages = sysconfig.get_path("purelib")
    command = [sys.executable, "-S", "-E", str(program), str(folder), site_packages]
    return subprocess.run(
        [*command, function.name, *services_of(function)],
        input=json.dumps(_blocked((folder / "requirements.txt").read_text())),
        env=deployed(data),
        cwd=data,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@cache
def _blocked(requirements: str) -> list[str]:
    required = {line.partition("==")[0] for line in requirements.splitlines()}
    return [module for module, owner in owners().items() if owner not in required]

"""What `make run` is told, and what it tells the functions."""

from __future__ import annotations

import json
import os
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]

# The local marketplace lists a contract at once, so its proofs of absence need no two minutes.
# Everything else keeps the proportions of shared/domain/rentals/timing.py.
LOCAL_TIMING = {
    "listing_lag_s": 10,
    "absence_gap_s": 4,
    "orphan_gap_s": 15,
    "listing_idle_s": 20,
    "listing_rest_s": 120,
    "sweep_s": 4,
    "boot_deadline_s": 300,
}
# A pull that takes minutes takes seconds, and an hour of rent six minutes.
DEFAULT_SPEED = "10"
DEMO_EMAIL = "you@dumont.local"
SIMULATED = ("vast", "tensordock")  # each has a module of this name in infra/simulators
ON = frozenset({"on", "true", "1", "yes"})


@dataclass(frozen=True, slots=True)
class Local:
    """`port` serves everything; `folder` holds everything; `offers` may be replayed.

    `simulated` are the providers whose marketplaces are simulated. `builds_site`: the web app is
    built where its sources have changed, else what was built is served.
    """

    port: int
    folder: Path
    offers: Path | None
    speed: float
    simulated: tuple[str, ...]
    builds_site: bool = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def simulator_folder(self, provider: str) -> Path:
        return self.folder / provider


def local_of(environment: dict[str, str], *, builds_site: bool = False) -> Local:
    """PORT, DUMONT_DATA_DIR, DUMONT_OFFERS_DIR, DUMONT_SIM_SPEED, DUMONT_TENSORDOCK, and the
    real keys. Raises ValueError.
    """
    offers = environment.get("DUMONT_OFFERS_DIR", "")
    return Local(
        port=int(environment.get("PORT", "8080")),
        folder=Path(environment.get("DUMONT_DATA_DIR", ".data")).resolve(),
        offers=Path(offers).resolve() if offers else None,
        speed=float(environment.get("DUMONT_SIM_SPEED", DEFAULT_SPEED)),
        simulated=tuple(each for each in SIMULATED if _is_simulated(each, environment)),
        builds_site=builds_site,
    )


def _is_simulated(provider: str, environment: Mapping[str, str]) -> bool:
    """A real key switches a simulator off; VAST's is the only one that runs without being asked."""
    if environment.get(f"DUMONT_{provider.upper()}_KEY"):
        return False
    default = "on" if provider == "vast" else "off"
    return environment.get(f"DUMONT_{provider.upper()}", default).lower() in ON


def kept_secret(folder: Path, name: str) -> str:
    """A random text that is made once and kept, for its owner only."""
    path = folder / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(18))
    return path.read_text()


def function_environment(
    local: Local, simulators: Mapping[str, str], sim_key: str
) -> dict[str, str]:
    """The variables that shared.bootstrap reads; `simulators` are URLs by provider."""
    market: dict[str, str] = {}
    for provider, url in simulators.items():
        market[f"DUMONT_{provider.upper()}_KEY"] = sim_key
        market[f"DUMONT_{provider.upper()}_URL"] = url
    if simulators:
        market |= {"DUMONT_SIM_KEY": sim_key, "DUMONT_SIM_CREDIT_MICRO_USD": "500000000"}
    return {
        "DUMONT_DATA_DIR": str(local.folder),
        "DUMONT_DEPLOYMENT_ID": deployment_id(local.folder),
        "DUMONT_PUBLIC_URL": local.url,
        "DUMONT_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "DUMONT_REGISTRATION_OPEN": "true",
        # One's own computer needs no protection from oneself.
        "DUMONT_CALLS_PER_S": os.environ.get("DUMONT_CALLS_PER_S", "0"),
        # Two processes serve, each with its own view of what waits for machines; a look at the
        # embedded store costs nothing.
        "DUMONT_INDEX_S": "1",
        "DUMONT_MACHINES_AT_LOOPBACK": "true" if simulators else "false",
        "DUMONT_LEASE_RENEWAL_S": os.environ.get("DUMONT_LEASE_RENEWAL_S", "60"),
        "DUMONT_TIMING": json.dumps(LOCAL_TIMING if "vast" in simulators else {}),
        **market,
    }


def deployment_id(folder: Path) -> str:
    """Each data folder is a deployment of its own: its labels are nobody else's."""
    return "local-" + kept_secret(folder, "deployment")[:8].replace("/", "x")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def stays_taken(port: int, patience_s: float = 3.0) -> bool:
    """Whether somebody listens there, and goes on: a killed stack's worker takes a moment."""
    deadline = time.monotonic() + patience_s
    while _is_taken(port):
        if time.monotonic() >= deadline:
            return True
        time.sleep(0.1)
    return False


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""Functions started from their staged bundles in fresh processes, and what that takes."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.packaging.bundle import stage
from shared.adapters.embedded.secrets import EmbeddedSecrets
from shared.adapters.system import SystemClock
from shared.agent_wire.codec import encode
from shared.agent_wire.messages import PATH_HEARTBEAT, HeartbeatRequest
from shared.domain.ids import InstanceId, RentalId
from shared.domain.machines.tokens import MachineToken, Receipt
from tests.packaging.staged import bundled, deployed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.packaging.manifest import Function

Request = dict[str, Any]
BESIDE_EMULATORS = {"DUMONT_SECRETS": "file", "DUMONT_CALLER_PROOF": "signed"}


@dataclass(frozen=True)
class FirstCall:
    ms: float
    cpu_ms: float
    mib: float
    status: int
    body: str
    modules: frozenset[str]


@dataclass(frozen=True)
class Start:
    """`cpu_ms` is the processor's time: on a machine that others use, `ms` is theirs as well."""

    ms: float
    cpu_ms: float
    framework_cpu_ms: float
    mib: float
    modules: frozenset[str]
    first: FirstCall | None


class Starter:
    """Starts functions that were staged once; `data` is where they find their master key."""

    def __init__(self, build: Path, data: Path, environment: Mapping[str, str]) -> None:
        self._build = build
        self._environment = deployed(data, **BESIDE_EMULATORS, **environment)
        self._secrets = EmbeddedSecrets(data / "master.key")
        self._staged: set[str] = set()

    def start(self, function: Function, request: Request | None = None) -> Start:
        """A fresh process; the second of a function finds its modules compiled."""
        if function.name not in self._staged:
            stage(bundled(function), self._build)
            self._staged.add(function.name)
        program = Path(__file__).with_name("one_start.py")
        site_packages = sysconfig.get_path("purelib")
        command = [sys.executable, "-S", "-E", str(program)]
        done = subprocess.run(
            [*command, str(self._build / function.name), site_packages, function.name],
            input=json.dumps(request),
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return _start(json.loads(done.stdout.splitlines()[-1]))

    def steady_beat(self) -> Request:
        """What a machine says whose receipt is good: nothing new."""
        now = SystemClock().now()
        rental, instance = RentalId("rent_1"), InstanceId("inst_1")
        token = MachineToken(rental, instance, 1, now + timedelta(hours=1))
        receipt = Receipt(rental, 1, now, 7)
        beat = HeartbeatRequest(
            state_seq=7, clock=now.timestamp(), receipt=receipt.text(self._keys("receipt"))
        )
        return {
            "method": "POST",
            "path": PATH_HEARTBEAT,
            "data": encode(beat).decode(),
            "headers": {
                "Authorization": f"Bearer {token.text(self._keys('machine'))}",
                "Content-Type": "application/json",
                "Host": "127.0.0.1:8080",
            },
        }

    def _keys(self, purpose: str) -> list[tuple[str, bytes]]:
        return [(key.kid, key.secret) for key in self._secrets.signing_keys(purpose)]


def _start(told: dict[str, Any]) -> Start:
    first = told.get("first")
    return Start(
        told["ms"],
        told["cpu_ms"],
        told["framework_cpu_ms"],
        told["started"]["mib"],
        frozenset(told["started"]["modules"]),
        FirstCall(**{**first, "modules": frozenset(first["modules"])}) if first else None,
    )

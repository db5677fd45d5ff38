"""A bundle in an environment that holds its requirements and nothing else serves a real request."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from infra.local.settings import free_port
from infra.packaging.bundle import stage
from shared.adapters.embedded.callers import SignedCallers
from shared.adapters.embedded.secrets import EmbeddedSecrets
from shared.adapters.firestore.store import FirestoreStore
from shared.adapters.system import SystemClock
from shared.agent_wire import messages as wire
from shared.agent_wire.codec import decode, encode
from shared.app.background import JOB_RUNS
from shared.app.collections import INSTANCES, LEASES
from shared.contract.events import to_message
from shared.domain.events import InstanceChanged
from shared.domain.instances.model import InstanceState
from shared.domain.machines.tokens import MachineToken
from tests.contract import emulators
from tests.packaging.staged import bundled, deployed, function_named
from tests.packaging.starts import BESIDE_EMULATORS
from tests.unit.instances.samples import ME, an_instance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Two environments of some fifty wheels each, beside whatever else the machine does.
pytestmark = [pytest.mark.emulator, pytest.mark.timeout(600)]
PROJECT = "demo-fresh"
CLOCK = SystemClock()


@pytest.fixture(scope="module")
def firestore() -> Iterator[str]:
    with emulators.firestore_host() as host:
        yield host


@pytest.fixture
def store(firestore: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FirestoreStore]:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore)
    made = FirestoreStore(CLOCK, project=PROJECT)
    yield made
    made.close()


def installed(name: str, folder: Path) -> tuple[Path, Path]:
    """The staged bundle, and the programs of an environment made of its requirements."""
    bundle = stage(bundled(function_named(name)), folder)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    # No resolver: the list itself has to be whole, which `check` then says.
    asked = ["install", "--no-deps", "--no-compile", "-r", str(bundle / "requirements.txt")]
    subprocess.run([*pip, *asked], check=True, capture_output=True)
    subprocess.run([*pip, "check"], check=True, capture_output=True)
    return bundle, python.parent


@contextlib.contextmanager
def serving(name: str, folder: Path, firestore: str) -> Iterator[httpx.Client]:
    """A client of functions-framework, which serves the function from its own environment."""
    bundle, programs = installed(name, folder)
    port = free_port()
    told = {"FIRESTORE_EMULATOR_HOST": firestore, "GOOGLE_CLOUD_PROJECT": PROJECT}
    signature = "cloudevent" if function_named(name).topic else "http"
    command = [
        str(programs / "functions-framework"), "--target", name, "--source",
        str(bundle / "main.py"), "--signature-type", signature,
        "--host", "127.0.0.1", "--port", str(port),
    ]  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    environment = deployed(folder, **(BESIDE_EMULATORS | told | {"DUMONT_PUBLIC_URL": url}))
    process = subprocess.Popen(command, cwd=bundle, env=environment, stdout=subprocess.DEVNULL)
    try:
        transport = httpx.HTTPTransport(retries=8)  # until it listens: half a second, then twice it
        with httpx.Client(base_url=url, transport=transport, timeout=60) as client:
            yield client
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_the_agents_bundle_renews_a_lease(
    store: FirestoreStore, firestore: str, tmp_path: Path
) -> None:
    instance = an_instance(InstanceState.RUNNING)
    store.add(INSTANCES, instance.id, instance)
    keys = EmbeddedSecrets(tmp_path / "master.key").signing_keys("machine")
    token = MachineToken(ME, instance.id, instance.epoch, CLOCK.now() + timedelta(hours=1))
    status = wire.AgentStatus(wire.READY, wire.Idleness(wire.BUSY, 0.0), "boot-1")
    beat = wire.HeartbeatRequest(state_seq=3, clock=CLOCK.now().timestamp(), status=status)

    with serving("agent", tmp_path, firestore) as client:
        answer = client.post(
            wire.PATH_HEARTBEAT,
            content=encode(beat),
            headers={
                "Authorization": f"Bearer {token.text([(key.kid, key.secret) for key in keys])}",
                "Content-Type": "application/json",
            },
        )

    assert answer.status_code == 200, answer.text
    assert decode(wire.HeartbeatAnswer, answer.content).receipt
    lease = store.get(LEASES, ME)
    assert lease
    assert (lease.value.state_seq, lease.value.boot_id) == (3, "boot-1")


def test_an_event_functions_bundle_handles_a_push(
    store: FirestoreStore, firestore: str, tmp_path: Path
) -> None:
    instance = an_instance(InstanceState.DESTROYED)
    event = InstanceChanged(instance.id, "to be looked at")
    store.add(INSTANCES, "inst_gone", instance)
    callers = SignedCallers(EmbeddedSecrets(tmp_path / "master.key"), CLOCK)

    with serving("on_instance_changed", tmp_path, firestore) as client:
        answer = client.post(
            "/projects/demo-fresh/topics/instance-changed",
            json=push(to_message(event, event_id="e1", source="/test", at=CLOCK.now())),
            headers={"Authorization": f"Bearer {callers.proof('on_instance_changed')}"},
        )

    assert answer.status_code == 200, answer.text
    run = store.get(JOB_RUNS, "on_instance_changed")
    assert run
    assert run.value.last_success_at
    assert run.value.failures == 0


def push(message: bytes) -> dict[str, Any]:
    """As the Pub/Sub emulator's push subscriptions send it."""
    body = {"data": base64.b64encode(message).decode(), "messageId": "m1", "attributes": {}}
    subscription = f"projects/{PROJECT}/subscriptions/s"
    return json.loads(json.dumps({"message": body, "subscription": subscription}))

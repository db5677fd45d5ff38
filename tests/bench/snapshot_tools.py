"""Two programs that take snapshots, run as a user would: ours, and restic (Debian's package)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.bench.workspaces import Workspace

ROOT = Path(__file__).resolve().parents[2]
_USABLE = b"usable after"


class Failed(Exception):
    """A program did not do what it was told."""


@dataclass(frozen=True, slots=True)
class Run:
    """Wall and processor seconds of the program and all it started; the largest resident size of
    any one of them; when it said that the hot set was in.
    """

    wall_s: float
    cpu_s: float
    largest_mib: float
    usable_s: float | None
    out: str


class Tool(Protocol):
    name: str
    repo: Path

    def init(self) -> None: ...
    def backup(self, workspace: Workspace) -> Run: ...
    def restore(self, into: Path) -> Run: ...
    def restore_only(self, into: Path, paths: Sequence[str]) -> Run: ...


class Ours:
    name = "ours"

    def __init__(self, repo: Path, key: Path, url: str = "") -> None:
        self.repo = repo
        self._key = key
        self._url = url or f"file://{repo}"
        self.manifest = ""
        self._environment: dict[str, str] = {}

    def over(self, url: str, certificate: Path) -> Ours:
        """The same repository, read from a web server."""
        other = Ours(self.repo, self._key, url)
        other.manifest = self.manifest
        other._environment = {"SSL_CERT_FILE": os.fspath(certificate)}
        return other

    def init(self) -> None:
        self.repo.mkdir(parents=True)

    def backup(self, workspace: Workspace) -> Run:
        run = self._run("backup", os.fspath(workspace.root))
        self.manifest = run.out.split()[0]
        return run

    def restore(self, into: Path) -> Run:
        return self._run("restore", self.manifest, os.fspath(into))

    def restore_only(self, into: Path, paths: Sequence[str]) -> Run:
        included = [f"--include={path}" for path in paths]
        return self._run("restore", self.manifest, os.fspath(into), *included)

    def _run(self, *arguments: str) -> Run:
        command = [sys.executable, "-m", "shared.snapshot", *arguments]
        command += [f"--repo={self._url}", f"--key-file={self._key}"]
        return measured(command, self._environment)


class Restic:
    name = "restic"

    def __init__(self, repo: Path, cache: Path, root: Path) -> None:
        self.repo = repo
        self._root = root
        self._environment = {
            "RESTIC_PASSWORD": "bench",
            "RESTIC_REPOSITORY": os.fspath(repo),
            "RESTIC_CACHE_DIR": os.fspath(cache),
        }

    @staticmethod
    def version() -> str:
        """Raises FileNotFoundError where it is not installed."""
        told = subprocess.run(["restic", "version"], capture_output=True, text=True, check=True)
        return told.stdout.split()[1]

    def init(self) -> None:
        self._run("init", "--repository-version", "2")

    def backup(self, workspace: Workspace) -> Run:
        return self._run("backup", "--pack-size", "32", os.fspath(workspace.root))

    def restore(self, into: Path) -> Run:
        return self._run("restore", "latest", "--target", os.fspath(into))

    def restore_only(self, into: Path, paths: Sequence[str]) -> Run:
        included = [f"--include={self._root / path}" for path in paths]
        return self._run("restore", "latest", "--target", os.fspath(into), *included)

    def _run(self, *arguments: str) -> Run:
        return measured(["restic", "--quiet", *arguments], self._environment)


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run it to its end. Raises Failed."""
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    usable_s = None
    said = b""
    for line in process.stderr:
        said += line
        if line.startswith(_USABLE) and usable_s is None:
            usable_s = time.monotonic() - started
    out = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    process.stderr.close()
    if process.returncode:
        raise Failed(f"{command[:4]}: {process.returncode}: {said.decode()[-500:]}")
    cpu_s = usage.ru_utime + usage.ru_stime
    return Run(wall_s, cpu_s, usage.ru_maxrss / 1024, usable_s, out)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return folder

"""dstack's server, as anybody would start it: installed from PyPI into an environment of its
own, one SQLite file, one project, no network.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psutil

from infra.local.settings import free_port
from tests.bench.callers import Ask

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "dstack[server]"
TOKEN = "bench-token-of-the-peer"
START_S = 120.0
POLL_S = 0.05


class PeerDown(RuntimeError):
    """It could not be installed, or did not become healthy in time."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A running server; `healthy_after_s` counts from the start of its process."""

    url: str
    pid: int
    version: str
    healthy_after_s: float

    @property
    def listing(self) -> Ask:
        """Its authenticated list."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        return Ask("list", "POST", "/api/projects/list", headers, b"{}")

    @property
    def processes(self) -> list[psutil.Process]:
        server = psutil.Process(self.pid)
        return [server, *server.children(recursive=True)]


def cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "dumont-bench" / "dstack"


def installed() -> Path:
    """The folder of its programs. Made at the first call, which downloads. Raises PeerDown."""
    folder = cache_folder()
    programs = folder / "bin"
    if not (programs / "dstack").exists():
        print(f"Installing {PACKAGE} into {folder} ...", file=sys.stderr)
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", PACKAGE]
        for command in ([sys.executable, "-m", "venv", str(folder)], pip):
            if subprocess.run(command, check=False).returncode:
                raise PeerDown(f"{PACKAGE} cannot be installed into {folder}")
    return programs


@contextlib.contextmanager
def running(home: Path) -> Iterator[Peer]:
    """A server whose files are below `home`, ended afterwards. Raises PeerDown."""
    programs = installed()
    port = free_port()
    where = ["--host", "127.0.0.1", "--port", str(port)]
    command = [str(programs / "dstack"), "server", *where, "--token", TOKEN, "-y"]
    environment = {**os.environ, "HOME": str(home), "DSTACK_SERVER_LOG_LEVEL": "ERROR"}
    with (home / "dstack.log").open("ab") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=home, env=environment
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(process, url, home / "dstack.log")
        yield Peer(url, process.pid, _version(programs), time.monotonic() - began)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        process.wait()


@contextlib.contextmanager
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="dumont-peer-", ignore_cleanup_errors=True) as made:
        yield Path(made)


def _wait_until_healthy(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while not _healthy(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise PeerDown(f"dstack did not become healthy\n{log.read_text()[-2000:]}")
        time.sleep(POLL_S)


def _healthy(url: str) -> bool:
    """Asked as our own stack is: the same client, the same pace."""
    try:
        return httpx.get(f"{url}/healthcheck", timeout=2.0).is_success
    except httpx.HTTPError:
        return False


def _version(programs: Path) -> str:
    told = subprocess.run(
        [str(programs / "dstack"), "--version"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip()

"""How many notebook kernels are busy: asked of every Jupyter server of this machine.

A running server leaves its address and token in a file of its runtime folder. What the files say
is the user's: it is read with bounds, and nobody but this machine is ever asked. A server that does
not say what its kernels do, for whatever reason, makes the count unknown; one whose process is gone
does not. Looked at in a thread of its own, since a server may be slow.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import os
import socket
import ssl
import stat as modes
import threading
import time
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.agent.core.kernels import Seen, busy_among, kernels_in, seen_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from infra.agent.proc import Process, ProcessTable

LOOK_EVERY_S = 5.0
STALE_AFTER_S = 30.0  # the longest look at one server, and some
ANSWER_WITHIN_S = 10.0
MOST_SERVERS = 16
MOST_FILES = 256
LARGEST_FILE_BYTES = 64 << 10
LARGEST_ANSWER_BYTES = 2 << 20
_READ_BYTES = 1 << 16
_PROGRAMS = frozenset(
    {"jupyter-lab", "jupyter-notebook", "jupyter-server", "jupyter-labhub", "jupyterhub-singleuser"}
)
_MODULES = frozenset({"jupyterlab", "notebook", "jupyter_server", "jupyterhub.singleuser"})
_HOMES = ("/root", "/home/*")
_BELOW_HOME = Path(".local/share/jupyter/runtime")


@dataclass(frozen=True)
class Server:
    """As its file says, where it could be understood: else `url` is ""."""

    pid: int
    url: str
    token: str
    file_age_s: float


class Notebooks:
    """`busy(now)` is the last look's count. Looks are made by `watch` or `look`, one at a time."""

    def __init__(self, table: ProcessTable, environ: Mapping[str, str]) -> None:
        self._table = table
        self._environ = environ
        self._seen: dict[str, dict[str, Seen]] = {}  # by the server's address
        self._found: tuple[float, int | None] | None = None

    def busy(self, now: float) -> int | None:
        """None while nobody has looked, or not for long, or nobody can say."""
        found = self._found
        return found[1] if found and now - found[0] <= STALE_AFTER_S else None

    def watch(self, ending: threading.Event) -> None:
        """Look until it ends."""
        while not ending.wait(LOOK_EVERY_S if self._found else 0.0):
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        self._found = (now, self._count(now))

    def _count(self, now: float) -> int | None:
        machine = self._table.machine()
        if machine is None:
            return None
        programs = {pid for pid in machine if is_server(self._table.command_line(pid).split())}
        servers = [
            each
            for folder in self._folders(machine, programs)
            for each in servers_in(folder)
            if each.pid in machine
        ]
        counts = [
            self._busy_at(each, now)
            for each in servers[:MOST_SERVERS]
            if each.pid in programs or not self._began_after(each)
        ]
        silent = programs - {each.pid for each in servers}
        if silent or len(servers) > MOST_SERVERS:
            counts.append(None)
        busy = sum(each or 0 for each in counts)
        return None if not busy and None in counts else busy

    def _began_after(self, server: Server) -> bool:
        """The process is younger than the file: another one under a number that was used again,
        as after a restart of the container.
        """
        age_s = self._table.age_s(server.pid)
        return age_s is None or age_s < server.file_age_s - 1.0

    def _busy_at(self, server: Server, now: float) -> int | None:
        kernels = kernels_in(ask(server) or b"")
        if kernels is None:
            return None
        before = self._seen.get(server.url, {})
        seen = seen_of(kernels, before, now)
        self._seen[server.url] = seen
        return busy_among(seen, before, now)

    def _folders(self, machine: Mapping[int, Process], programs: set[int]) -> list[Path]:
        """Where these servers, and any that this user could start, keep their files."""
        found = runtime_folders(lambda name: self._environ.get(name, ""))
        for pid in programs & machine.keys():
            found += runtime_folders(partial(self._table.variable, pid))
        for pattern in _HOMES:
            homes = islice(Path("/").glob(pattern[1:]), MOST_FILES)
            found += [home / _BELOW_HOME for home in homes]
        return list(dict.fromkeys(found))


def is_server(words: list[str]) -> bool:
    """Whether a command line is a Jupyter server's own, not that of what talks about one."""
    if not words:
        return False
    first = words[0].rpartition("/")[2]
    if first in _PROGRAMS:
        return True
    if not first.startswith("python") or len(words) < 2:
        return False
    if words[1] == "-m":
        return len(words) > 2 and words[2] in _MODULES
    return words[1].rpartition("/")[2] in _PROGRAMS


def runtime_folders(variable: Callable[[str], str]) -> list[Path]:
    """By jupyter_core's rules for Linux."""
    if own := variable("JUPYTER_RUNTIME_DIR"):
        return [Path(own)]
    found = []
    if own := variable("JUPYTER_DATA_DIR"):
        found.append(Path(own) / "runtime")
    if shared := variable("XDG_DATA_HOME"):
        found.append(Path(shared) / "jupyter" / "runtime")
    if home := variable("HOME"):
        found.append(Path(home) / _BELOW_HOME)
    return found


def servers_in(folder: Path) -> Iterator[Server]:
    """What the files of a runtime folder say; those that name no process are passed over."""
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in islice(entries, MOST_FILES)]
    except OSError:
        return
    for name in sorted(names):
        if name.startswith(("jpserver-", "nbserver-")) and name.endswith(".json"):
            server = _server(folder / name)
            if server is not None:
                yield server


def _server(path: Path) -> Server | None:
    named = path.stem.partition("-")[2]
    try:
        content, age_s = _content(path)
        told = json.loads(content)
    except (OSError, ValueError, RecursionError):
        told, age_s = {}, 0.0
    if not isinstance(told, dict):
        told = {}
    pid, url, token = told.get("pid"), told.get("url"), told.get("token")
    if type(pid) is not int:
        pid = int(named) if named.isascii() and named.isdigit() and len(named) < 10 else 0
    if pid <= 0:
        return None
    usable = isinstance(url, str) and isinstance(token, str) and len(url) + len(token) < 4096
    return Server(pid, str(url) if usable else "", str(token) if usable else "", age_s)


def _content(path: Path) -> tuple[bytes, float]:
    """The file's bytes and age in seconds. Raises OSError, also for what is no plain file."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(fd, "rb") as file:  # noqa: PTH123 - opened by its number
        facts = os.fstat(fd)
        if not modes.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_FILE_BYTES:
            raise OSError("not a server's file")
        return file.read(LARGEST_FILE_BYTES), max(0.0, time.time() - facts.st_mtime)


def ask(server: Server) -> bytes | None:
    """The server's list of its kernels as it came; None for any other answer, or none in time."""
    try:
        connection, path = _connection(server.url)
    except (OSError, ValueError):
        return None
    end = threading.Timer(ANSWER_WITHIN_S, _cut, (connection,))
    end.daemon = True
    try:
        end.start()
        connection.connect()
        headers = {"Authorization": f"token {server.token}", "Accept": "application/json"}
        connection.request("GET", path, headers=headers)
        return _whole(connection.getresponse())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        end.cancel()
        connection.close()


def _whole(answer: http.client.HTTPResponse) -> bytes | None:
    if answer.status != http.client.OK:
        return None
    parts, size_bytes = [], 0
    while part := answer.read1(_READ_BYTES):
        size_bytes += len(part)
        if size_bytes > LARGEST_ANSWER_BYTES:
            return None
        parts.append(part)
    return None if answer.length else b"".join(parts)  # else it was cut


def _cut(connection: http.client.HTTPConnection) -> None:
    """However slowly it drips: a wait on the wire ends now."""
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


def _connection(url: str) -> tuple[http.client.HTTPConnection, str]:
    """To the server itself, past any proxy. Raises OSError and ValueError for what is not here."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("only http and https are spoken here")
    path = f"{parts.path.rstrip('/')}/api/kernels"
    host = _own_address(parts.hostname or "")
    wait_s = ANSWER_WITHIN_S
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port or 80, timeout=wait_s), path
    # Its certificate is mostly one that it made itself; nobody sits between it and us.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(
        host, parts.port or 443, timeout=wait_s, context=context
    ), path


def _own_address(host: str) -> str:
    """A name is this machine's own, whatever it is: a token goes nowhere else. Raises OSError for
    an address of another's.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "127.0.0.1"
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "::1"
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))  # only an address of this machine's own can be bound
    return host

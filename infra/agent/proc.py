"""What /proc says of the processes on this machine, and which of them are the user's.

In a container that is ours (its init carries our bootstrap token) every process of the pid
namespace is the machine's. Elsewhere - a simulated machine without a namespace of its own -
only those are that carry the token in their environment, or descend from one that does:
nothing else on such a host may be looked at, let alone stopped.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
INIT = 1
STOPPED_STATES = frozenset("TtZXx")


@dataclass(frozen=True)
class Process:
    """One row. `started` with `pid` names a process for good; ticks are 1 / SC_CLK_TCK s."""

    pid: int
    parent: int
    name: str
    state: str
    started: int
    own_ticks: int
    reaped_ticks: int
    session: int = 0

    @property
    def identity(self) -> tuple[int, int]:
        return (self.pid, self.started)


def family(machine: dict[int, Process], pid: int) -> frozenset[int]:
    """The process with those below it that never left its session: the agent and its workers.

    What the agent starts for the user gets a session of its own.
    """
    top = machine.get(pid)
    if top is None:
        return frozenset({pid})
    found = {pid}
    grew = True
    while grew:
        below = {
            row.pid
            for row in machine.values()
            if row.pid not in found and row.parent in found and row.session == top.session
        }
        found |= below
        grew = bool(below)
    return frozenset(found)


class ProcessTable:
    """Reads /proc. `token` is what marks our processes; "" makes every process ours."""

    def __init__(self, token: str, proc: Path = PROC) -> None:
        self._marker = f"DUMONT_BOOTSTRAP_TOKEN={token}".encode() if token else b""
        self._proc = proc
        self._marked: dict[tuple[int, int], bool] = {}
        self._lock = threading.Lock()
        self._whole_namespace = not token or self._carries(INIT)

    def machine(self) -> dict[int, Process] | None:
        """Every process of the machine, the agent included; None where /proc does not tell."""
        everything = self.everything()
        if everything is None or self._whole_namespace:
            return everything
        with self._lock:
            return self._ours(everything)

    def everything(self) -> dict[int, Process] | None:
        try:
            pids = [int(name) for name in os.listdir(self._proc) if name.isdigit()]  # noqa: PTH208
        except OSError:
            return None
        rows = (self._row(pid) for pid in pids)
        return {row.pid: row for row in rows if row is not None} or None

    def command_line(self, pid: int) -> str:
        """Arguments joined by spaces, "" when it is not ours to see or gone."""
        return self._bytes(pid, "cmdline").replace(b"\0", b" ").decode("utf-8", "replace").strip()

    def variable(self, pid: int, name: str) -> str:
        """A variable of the environment that the process was started with, else ""."""
        start = f"{name}=".encode()
        for each in self._bytes(pid, "environ").split(b"\0"):
            if each.startswith(start):
                return each[len(start) :].decode("utf-8", "replace")
        return ""

    def age_s(self, pid: int) -> float | None:
        """Seconds since the process was started; None where it is gone or cannot be told."""
        row = self._row(pid)
        try:
            up_s = float((self._proc / "uptime").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return None if row is None else up_s - row.started / os.sysconf("SC_CLK_TCK")

    def boot_mark(self) -> str:
        """Changes when the container is started anew, not when only the agent is; "" unknown."""
        init = self._row(INIT) if self._whole_namespace else None
        if init is None:
            return ""
        try:
            kernel = (self._proc / "sys/kernel/random/boot_id").read_text().strip()
        except OSError:
            kernel = ""
        namespace = _link(self._proc / "self/ns/pid")
        return f"{kernel}:{namespace}:{init.started}"

    def _ours(self, everything: dict[int, Process]) -> dict[int, Process]:
        alive = {row.identity for row in everything.values()}
        self._marked = {key: value for key, value in self._marked.items() if key in alive}
        ours = {pid: row for pid, row in everything.items() if self._is_marked(row)}
        grew = True
        while grew:
            children = {
                pid: row
                for pid, row in everything.items()
                if pid not in ours and row.parent in ours
            }
            ours.update(children)
            grew = bool(children)
        return ours

    def _is_marked(self, row: Process) -> bool:
        known = self._marked.get(row.identity)
        if known is None:
            known = self._marked[row.identity] = self._carries(row.pid)
        return known

    def _carries(self, pid: int) -> bool:
        return self._marker in self._bytes(pid, "environ").split(b"\0")

    def _row(self, pid: int) -> Process | None:
        text = self._bytes(pid, "stat").decode("utf-8", "replace")
        name, closed, rest = text.partition("(")[2].rpartition(")")
        fields = rest.split()
        if not closed or len(fields) < 20:
            return None
        user, system, reaped_user, reaped_system = (int(field) for field in fields[11:15])
        return Process(
            pid=pid,
            parent=int(fields[1]),
            name=name,
            state=fields[0],
            started=int(fields[19]),
            own_ticks=user + system,
            reaped_ticks=reaped_user + reaped_system,
            session=int(fields[3]),
        )

    def _bytes(self, pid: int, name: str) -> bytes:
        try:
            return (self._proc / str(pid) / name).read_bytes()
        except OSError:
            return b""


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return ""

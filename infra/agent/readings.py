"""One look at the machine each second, as a Sample. What cannot be read is None."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from infra.agent.core.facts import Sample
from infra.agent.proc import INIT, PROC, Process, ProcessTable, family
from shared.agent_wire.messages import Usage

if TYPE_CHECKING:
    from infra.agent.gpus import GpuReader
    from infra.agent.http import Traffic
    from infra.agent.notebooks import Notebooks

KIB = 1024
AHEAD_AT_MOST_S = 10.0
MEMORY_FILES = (
    Path("/sys/fs/cgroup/memory.current"),
    Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)
_SSH_SESSION = re.compile(r"sshd(-session)?: \S+@(pts/\d+|notty)")


class CpuMeter:
    """Percent of one core that everything but the agent used since the last look."""

    def __init__(self, agent_pid: int) -> None:
        self._agent = agent_pid
        self._workers: dict[tuple[int, int], int] = {}  # ticks of the agent's, when last seen
        self._last_total = 0
        self._ticks_per_s = float(os.sysconf("SC_CLK_TCK"))
        self._last: dict[tuple[int, int], Process] | None = None
        self._last_at = 0.0

    def read(self, machine: dict[int, Process] | None, now: float) -> float | None:
        """None at the first look, and where processes cannot be listed."""
        last, since_s = self._last, now - self._last_at
        last_total = self._last_total
        rows = None if machine is None else {row.identity: row for row in machine.values()}
        self._last, self._last_at = rows, now
        if machine is None or rows is None:
            return None
        own = family(machine, self._agent)
        self._workers |= {key: row.own_ticks for key, row in rows.items() if row.pid in own}
        self._last_total = self._total(rows)
        if last is None or since_s <= 0:
            return None
        ticks = max(self._last_total - last_total, self._of_the_living(rows, last))
        return 100.0 * ticks / self._ticks_per_s / since_s

    def _total(self, rows: dict[tuple[int, int], Process]) -> int:
        """A reaped child's ticks move to its parent, so that this sum keeps them. Those of the
        agent's workers are taken off all the same.
        """
        everything = sum(row.own_ticks + row.reaped_ticks for row in rows.values())
        return everything - sum(self._workers.values())

    def _of_the_living(
        self, rows: dict[tuple[int, int], Process], last: dict[tuple[int, int], Process]
    ) -> int:
        """Some children are never waited for: what still lives is then the better measure."""
        before = {identity: self._own(row) for identity, row in last.items()}
        return sum(self._own(row) - before.get(identity, 0) for identity, row in rows.items())

    def _own(self, row: Process) -> int:
        return 0 if row.identity in self._workers else row.own_ticks


class NetworkMeter:
    """KiB/s that are not the agent's.

    Its own count may run ahead of the wire's (buffers, overheads rounded up). Bytes that it
    claims beyond what the wire shows are set off against later ones, for a few seconds only:
    else one large snapshot would hide as much of the user's traffic for ever.
    """

    def __init__(self) -> None:
        self._last: tuple[float, int, float] | None = None
        self._ahead = 0.0
        self._own: deque[tuple[float, float]] = deque()

    def read(self, total_bytes: int | None, agent_bytes: float, now: float) -> float | None:
        """None at the first look, and where the wire's count is missing or began anew."""
        last = self._last
        self._last = None if total_bytes is None else (now, total_bytes, agent_bytes)
        if total_bytes is None or last is None or total_bytes < last[1] or now <= last[0]:
            self._ahead = 0.0
            return None
        own_bytes = agent_bytes - last[2]
        self._own.append((now, own_bytes))
        users_bytes = total_bytes - last[1] - own_bytes - self._claim(now)
        self._ahead = max(0.0, -users_bytes)
        return max(0.0, users_bytes) / KIB / (now - last[0])

    def _claim(self, now: float) -> float:
        while self._own and self._own[0][0] < now - AHEAD_AT_MOST_S:
            self._own.popleft()
        return min(self._ahead, sum(own_bytes for _, own_bytes in self._own))


class Readings:
    """Everything a Sample holds. Not for several threads."""

    def __init__(
        self,
        table: ProcessTable,
        gpus: GpuReader,
        traffic: Traffic,
        sim_net_file: Path | None,
        notebooks: Notebooks,
    ) -> None:
        self._table = table
        self._gpus = gpus
        self._traffic = traffic
        self._sim_net_file = sim_net_file
        self._notebooks = notebooks
        self._cpu = CpuMeter(os.getpid())
        self._network = NetworkMeter()

    def sample(self, workspace: Path, now: float, strangers: int) -> Sample:
        machine = self._table.machine()
        gpus = self._gpus.read()
        moved = self.moved_bytes()
        total = None if moved is None else sum(moved)
        cpu_percent = self._cpu.read(machine, now)
        sessions = None if machine is None else count_ssh_sessions(machine, self._table)
        kernels = self._notebooks.busy(now)
        usage = Usage(
            gpus=gpus or (),
            cpu_percent=cpu_percent,
            memory_used_bytes=_memory_used_bytes(),
            disk_used_bytes=_disk_used_bytes(workspace),
            rx_bytes=moved[0] if moved else None,
            tx_bytes=moved[1] if moved else None,
            ssh_sessions=sessions,
            busy_kernels=kernels,
        )
        return Sample(
            gpus=gpus,
            cpu_percent=cpu_percent,
            network_kib_s=self._network.read(total, self._traffic.total_bytes(), now),
            ssh_sessions=sessions,
            busy_kernels=kernels,
            strangers=strangers,
            usage=usage,
        )

    def moved_bytes(self) -> tuple[int, int] | None:
        """Received and sent by the machine; None is unknown. Any thread may ask."""
        if self._sim_net_file is not None:
            return _told_bytes(self._sim_net_file)
        return interface_bytes(PROC / "net/dev")


def count_ssh_sessions(machine: dict[int, Process], table: ProcessTable) -> int:
    """Open sessions: OpenSSH's session processes, or whoever was started by an ssh server.

    A process left behind by a session that ended (tmux, nohup) was adopted, as was the shell loop
    of the agent, and does not count: it would keep the machine awake for ever.
    """
    loop = machine.get(os.getppid())
    adopters = {INIT, loop.parent if loop else INIT}
    titled = started = 0
    for row in machine.values():
        if row.name.startswith("sshd"):
            titled += bool(_SSH_SESSION.match(table.command_line(row.pid)))
        elif row.parent not in adopters and table.variable(row.pid, "SSH_CONNECTION"):
            started += not table.variable(row.parent, "SSH_CONNECTION")
    return max(titled, started)


def interface_bytes(path: Path) -> tuple[int, int] | None:
    """(received, sent) of all interfaces but the loopback."""
    received = sent = 0
    try:
        rows = path.read_text().splitlines()[2:]
    except OSError:
        return None
    for row in rows:
        name, _, figures = row.partition(":")
        columns = figures.split()
        if name.strip() != "lo" and len(columns) >= 9:
            received += int(columns[0])
            sent += int(columns[8])
    return received, sent


def _told_bytes(path: Path) -> tuple[int, int] | None:
    try:
        told = json.loads(path.read_text())
        return int(told["rx_bytes"]), int(told["tx_bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _memory_used_bytes() -> int | None:
    return next((used for used in map(_whole_number, MEMORY_FILES) if used is not None), None)


def _whole_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _disk_used_bytes(workspace: Path) -> int | None:
    try:
        return shutil.disk_usage(workspace).used
    except OSError:
        return None

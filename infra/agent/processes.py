"""Freeze and thaw the user's processes.

Stopped is everything on the machine but its init, the agent with its workers and the shell loop
that restarts it, and the listening ssh server. A freeze counts only when two looks in a row find
nothing that runs. What the user had stopped himself stays stopped when the rest is thawed: it is
noted on disk before the first signal.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from typing import TYPE_CHECKING

from infra.agent.proc import INIT, STOPPED_STATES, Process, ProcessTable, family

if TYPE_CHECKING:
    import threading
    from pathlib import Path

FREEZE_TIMEOUT_S = 20.0
LOOK_EVERY_S = 0.05
CLEAN_LOOKS = 2


class FreezeFailed(Exception):
    """Something of the user's still runs."""


class Freezer:
    """`note` is the file that exists from before the first signal until the thaw is done."""

    def __init__(self, table: ProcessTable, note: Path) -> None:
        self._table = table
        self._note = note

    @property
    def left_frozen(self) -> bool:
        return self._note.exists()

    def freeze(self, cancelled: threading.Event) -> None:
        """Return when all stand still. Raises FreezeFailed; the caller then thaws."""
        self._take_note()
        give_up_at = time.monotonic() + FREEZE_TIMEOUT_S
        clean = 0
        while clean < CLEAN_LOOKS:
            running = self.running()
            clean = 0 if running else clean + 1
            for process in running:
                _signal(process, signal.SIGSTOP)
            if cancelled.is_set():
                raise FreezeFailed("given up")
            if time.monotonic() > give_up_at:
                names = ", ".join(f"{each.name} ({each.pid})" for each in running[:5])
                raise FreezeFailed(f"could not be stopped: {names}")
            cancelled.wait(LOOK_EVERY_S)

    def running(self) -> list[Process]:
        """The user's processes that do not stand still. Raises FreezeFailed without /proc."""
        users = self._users()
        if users is None:
            raise FreezeFailed("the processes cannot be listed")
        return [process for process in users if process.state not in STOPPED_STATES]

    def strangers(self) -> int:
        """How many processes run in spite of the freeze, beside the ssh server's own."""
        try:
            return sum(1 for each in self.running() if not each.name.startswith("sshd"))
        except FreezeFailed:
            return 0

    def check(self) -> None:
        """Raises FreezeFailed when something ran in spite of the freeze."""
        if self.strangers():
            raise FreezeFailed("processes were started after the freeze")

    def thaw(self) -> None:
        """Let everything run on that we stopped."""
        spared = self._spared()
        for process in self._users() or []:
            if process.identity not in spared:
                _signal(process, signal.SIGCONT)
        with contextlib.suppress(OSError):
            self._note.unlink()

    def _users(self) -> list[Process] | None:
        machine = self._table.machine()
        if machine is None:
            return None
        exempt = {INIT, self._loop(machine), *family(machine, os.getpid())}
        return [
            process
            for process in machine.values()
            if process.pid not in exempt and not self._listens_for_ssh(process)
        ]

    def _loop(self, machine: dict[int, Process]) -> int:
        """The shell that restarts the agent; 0 when something else started us."""
        parent = os.getppid()
        return parent if parent in machine else 0

    def _listens_for_ssh(self, process: Process) -> bool:
        if process.name != "sshd":
            return False
        line = self._table.command_line(process.pid)
        return not line.startswith("sshd: ") or "[listener]" in line

    def _take_note(self) -> None:
        if self.left_frozen:
            return
        stopped = [list(each.identity) for each in self._users() or [] if each.state in "Tt"]
        beside = self._note.with_suffix(".new")
        beside.write_text(json.dumps(stopped))
        beside.replace(self._note)

    def _spared(self) -> set[tuple[int, int]]:
        try:
            return {(int(pid), int(started)) for pid, started in json.loads(self._note.read_text())}
        except (OSError, ValueError, TypeError):
            return set()


def _signal(process: Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(process.pid, number)

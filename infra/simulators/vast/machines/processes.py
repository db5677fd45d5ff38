"""Processes by number *and* start time, so that a recycled number is never touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from infra.simulators.vast.machine.load import process_mark

if TYPE_CHECKING:
    import signal

GRACE_S = 8.0  # a machine's init takes up to 6 s to end everybody


@dataclass(frozen=True, slots=True)
class ProcessRecord:
    pid: int
    mark: str

    @classmethod
    def of(cls, pid: int) -> ProcessRecord:
        return cls(pid, process_mark(pid))

    @property
    def alive(self) -> bool:
        return bool(self.mark) and process_mark(self.pid) == self.mark


def tree(record: ProcessRecord) -> list[psutil.Process]:
    """The living processes below and including the recorded one; empty when it is gone."""
    if not record.alive:
        return []
    try:
        top = psutil.Process(record.pid)
        return [*top.children(recursive=True), top]
    except psutil.NoSuchProcess:
        return []


def signal_tree(record: ProcessRecord, number: signal.Signals) -> None:
    for process in tree(record):
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def end_tree(record: ProcessRecord, *, gently: bool, init_pid: int | None) -> None:
    """Stop the machine: ask its init and wait, or at once; then nothing is left.

    Killing `unshare` ends its namespace's init, and with it everything inside.
    """
    known = tree(record)
    if gently and known:
        asked = psutil.pid_exists(init_pid) if init_pid else False
        target = psutil.Process(init_pid) if asked else known[-1]
        _ask(target)
        psutil.wait_procs([known[-1]], timeout=GRACE_S)
    known = tree(record) or known
    for process in known:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(known, timeout=GRACE_S)


def _ask(process: psutil.Process) -> None:
    try:
        process.resume()
        process.terminate()
    except psutil.NoSuchProcess:
        return


def reap(pid: int) -> None:
    """Collect our own child if it is one, so that no zombie stays."""
    try:
        psutil.Process(pid).wait(timeout=0)
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        return

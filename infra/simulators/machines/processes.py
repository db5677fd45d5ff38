"""Processes by number *and* start time, so that a recycled number is never touched."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

import psutil

from infra.simulators.machine.load import process_mark

POLL_S = 0.02
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
    _signal(tree(record), number)


def _signal(found: list[psutil.Process], number: signal.Signals) -> None:
    for process in found:
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
        _wait([record])
    _kill_from_below(record)


def _kill_from_below(record: ProcessRecord) -> None:
    """Everybody under the outermost process first, again until nobody is left: while it stands
    still it takes in orphans, so none slips away.
    """
    until = time.monotonic() + GRACE_S
    _signal(tree(record)[-1:], signal.SIGSTOP)
    while (below := _below(record)) and time.monotonic() < until:
        _signal(below, signal.SIGKILL)
        _wait([ProcessRecord.of(process.pid) for process in below])
    _signal(tree(record), signal.SIGKILL)
    _wait([record])


def _below(record: ProcessRecord) -> list[psutil.Process]:
    """A zombie waits for a parent that stands still: it is dead already."""
    return [process for process in tree(record)[:-1] if process_mark(process.pid)]


def _ask(process: psutil.Process) -> None:
    try:
        process.resume()
        process.terminate()
    except psutil.NoSuchProcess:
        return


def _wait(records: list[ProcessRecord]) -> None:
    """Until all are gone; another's zombie counts as gone, our own are collected."""
    until = time.monotonic() + GRACE_S
    while time.monotonic() < until:
        for record in records:
            reap(record.pid)
        if not any(record.alive for record in records):
            return
        time.sleep(POLL_S)


def reap(pid: int) -> None:
    """Collect our own child if it is one, so that no zombie stays."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return

"""Freezing real processes: children of these tests that carry a token of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from infra.agent.proc import ProcessTable
from infra.agent.processes import FreezeFailed, Freezer
from tests.unit.agent.machine import eventually, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Starter = Callable[[str], subprocess.Popen[bytes]]

SLEEPER = "import time; time.sleep(1000)"
FORKER = """
import os, time
while True:
    if os.fork() == 0:
        time.sleep(0.2)
        os._exit(0)
    os.waitpid(-1, os.WNOHANG)
    time.sleep(0.01)
"""


@pytest.fixture
def token(tmp_path: Path) -> str:
    return f"processes-{os.getpid()}-{tmp_path.name}"


@pytest.fixture
def start(token: str) -> Iterator[Starter]:
    started: list[subprocess.Popen[bytes]] = []

    def run(script: str) -> subprocess.Popen[bytes]:
        environ = {"PATH": os.environ["PATH"], "DUMONT_BOOTSTRAP_TOKEN": token}
        process = subprocess.Popen(
            [sys.executable, "-c", script], env=environ, start_new_session=True
        )
        started.append(process)
        eventually(
            lambda: ProcessTable(token).variable(process.pid, "DUMONT_BOOTSTRAP_TOKEN"), "it"
        )
        return process

    yield run
    for process in started:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def freezer(token: str, tmp_path: Path) -> Freezer:
    return Freezer(ProcessTable(token), tmp_path / "frozen.json")


def test_everything_of_the_machine_stands_still_and_runs_on(
    freezer: Freezer, start: Starter
) -> None:
    users = [start(SLEEPER), start(SLEEPER)]

    freezer.freeze(threading.Event())
    frozen = [state_of(user.pid) for user in users]
    freezer.thaw()

    assert frozen == ["T", "T"]
    eventually(lambda: all(state_of(user.pid) != "T" for user in users), "they run on")
    assert not freezer.left_frozen


def test_a_process_that_forks_all_the_time_is_frozen_with_all_its_children(
    freezer: Freezer, start: Starter
) -> None:
    start(FORKER)

    freezer.freeze(threading.Event())

    assert freezer.running() == []
    freezer.check()
    freezer.thaw()


def test_nothing_outside_of_the_machine_is_touched(freezer: Freezer, start: Starter) -> None:
    start(SLEEPER)
    stranger = subprocess.Popen([sys.executable, "-c", SLEEPER])
    try:
        freezer.freeze(threading.Event())

        assert state_of(stranger.pid) != "T"
        freezer.thaw()
    finally:
        stranger.kill()
        stranger.wait()


def test_what_the_user_had_stopped_himself_stays_stopped(freezer: Freezer, start: Starter) -> None:
    stopped, running = start(SLEEPER), start(SLEEPER)
    os.kill(stopped.pid, signal.SIGSTOP)
    eventually(lambda: state_of(stopped.pid) == "T", "it is stopped")

    freezer.freeze(threading.Event())
    freezer.freeze(threading.Event())
    freezer.thaw()

    eventually(lambda: state_of(running.pid) != "T", "the other runs on")
    assert state_of(stopped.pid) == "T"


def test_the_next_agent_can_thaw_what_the_last_one_froze(
    freezer: Freezer, start: Starter, token: str, tmp_path: Path
) -> None:
    user = start(SLEEPER)
    freezer.freeze(threading.Event())

    later = Freezer(ProcessTable(token), tmp_path / "frozen.json")
    assert later.left_frozen
    later.thaw()

    eventually(lambda: state_of(user.pid) != "T", "it runs on")


def test_who_comes_after_the_freeze_is_noticed(freezer: Freezer, start: Starter) -> None:
    start(SLEEPER)
    freezer.freeze(threading.Event())

    start(SLEEPER)

    assert freezer.strangers() == 1
    with pytest.raises(FreezeFailed):
        freezer.check()
    freezer.thaw()


def test_a_freeze_that_is_given_up_says_so(freezer: Freezer, start: Starter) -> None:
    start(SLEEPER)
    cancelled = threading.Event()
    cancelled.set()

    with pytest.raises(FreezeFailed, match="given up"):
        freezer.freeze(cancelled)

    freezer.thaw()


def test_where_processes_cannot_be_listed_nothing_counts_as_frozen(tmp_path: Path) -> None:
    blind = Freezer(ProcessTable("t", tmp_path / "no proc"), tmp_path / "frozen.json")

    with pytest.raises(FreezeFailed):
        blind.freeze(threading.Event())

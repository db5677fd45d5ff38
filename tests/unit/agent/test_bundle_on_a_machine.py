"""The real bundle as a process against a fake control plane."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from shared.agent_wire.messages import (
    DRAIN,
    DRAINING,
    EVENT_LOG,
    EVENT_RESTORED,
    EVENT_SNAPSHOT_DONE,
    EVENT_SNAPSHOT_FAILED,
    FENCED,
    NOT_YET,
    OK,
    PATH_EVENTS,
    PATH_HEARTBEAT,
    READY,
    SNAPSHOT,
    THAW,
    Command,
    HeartbeatRequest,
)
from tests.unit.agent.jupyter import Jupyter, a_jupyter, kernel, reply, server_file
from tests.unit.agent.machine import Machine, eventually, pythons, state_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.agent.fake_control_plane import FakeControlPlane


@pytest.fixture
def jupyter() -> Iterator[Jupyter]:
    with a_jupyter() as made:
        yield made


WRITER = """
import itertools, time
with open("progress", "a") as file:
    for n in itertools.count():
        print(n, file=file, flush=True)
        time.sleep(0.01)
"""


def ready(plane: FakeControlPlane) -> bool:
    return any(beat.status and beat.status.phase == READY for beat in plane.beats)


def draining(beats: list[HeartbeatRequest]) -> bool:
    return any(beat.status and beat.status.phase == DRAINING for beat in beats)


def drain(number: int, parent: str = "") -> Command:
    return Command(
        id=f"cmd_{number}",
        kind=DRAIN,
        snapshot_id=f"snap_{number}",
        drain_id=f"drain_{number}",
        parent_manifest_key=parent,
    )


@pytest.mark.parametrize("machine", pythons(), ids=os.path.basename, indirect=True)
def test_a_machine_says_hello_becomes_ready_and_then_beats_with_receipts(
    machine: Machine, plane: FakeControlPlane
) -> None:
    machine.boot()

    eventually(lambda: ready(plane), "the workspace is ready")
    eventually(lambda: plane.beats[-1].receipt, "a steady beat")

    steady = plane.beats[-1]
    assert steady.receipt == f"receipt-{steady.state_seq}"
    hello = plane.hellos[0]
    assert hello.bootstrap_token == machine.environ["DUMONT_BOOTSTRAP_TOKEN"]
    assert len(hello.agent_key) >= 32
    keys = machine.folder / "home/.ssh/authorized_keys"
    assert plane.plan.ssh_public_key in keys.read_text()
    assert (machine.folder / "agent/agent.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("machine", pythons(), ids=os.path.basename, indirect=True)
def test_a_drain_freezes_everything_and_a_thaw_lets_it_run_on(
    machine: Machine, plane: FakeControlPlane
) -> None:
    (machine.workspace / "model.bin").write_bytes(os.urandom(300_000))
    user = machine.run(WRITER)
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    progress = machine.workspace / "progress"
    eventually(lambda: progress.exists() and progress.read_text(), "the user's work has begun")

    plane.order(drain(1))
    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_DONE), "the drain's snapshot")

    done = plane.events_of(EVENT_SNAPSHOT_DONE)[0].snapshot
    assert done is not None
    assert done.drain_id == "drain_1"
    assert done.manifest_key in plane.objects
    assert done.files == 2
    assert state_of(user.pid) == "T"
    eventually(lambda: draining(plane.beats), "a beat says so")

    plane.order(Command(id="cmd_thaw", kind=THAW))
    eventually(lambda: state_of(user.pid) != "T", "the user's process runs on")
    eventually(lambda: "cmd_thaw" in plane.acks, "the thaw is acknowledged")


def test_a_snapshot_is_restored_on_another_machine_and_the_next_one_is_a_delta(
    machine: Machine, plane: FakeControlPlane, bundle: Path, tmp_path: Path
) -> None:
    content = os.urandom(2_000_000)
    (machine.workspace / "weights").mkdir()
    (machine.workspace / "weights/model.bin").write_bytes(content)
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    plane.order(Command(id="cmd_1", kind=SNAPSHOT, snapshot_id="snap_1"))
    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_DONE), "the snapshot")
    first = plane.events_of(EVENT_SNAPSHOT_DONE)[0].snapshot
    assert first is not None

    plane.order(drain(2, parent=first.manifest_key))
    eventually(lambda: len(plane.events_of(EVENT_SNAPSHOT_DONE)) == 2, "the delta")
    second = plane.events_of(EVENT_SNAPSHOT_DONE)[1].snapshot
    assert second is not None
    machine.clean()
    plane.waiting.clear()
    plane.restore_from(second.manifest_key, "snap_2")
    other = Machine(tmp_path / "other", bundle, plane, sys.executable, "boot-other")
    try:
        other.boot()
        eventually(lambda: plane.events_of(EVENT_RESTORED), "the workspace is restored")
    finally:
        other.clean()

    assert (other.workspace / "weights/model.bin").read_bytes() == content
    assert second.new_bytes < first.new_bytes / 10


def test_a_killed_agent_starts_again_with_its_key_and_does_not_run_the_users_line_twice(
    machine: Machine, plane: FakeControlPlane
) -> None:
    plane.plan = replace(plane.plan, onstart="echo once >> started; echo said aloud")
    agent = machine.boot()
    eventually(lambda: plane.events_of(EVENT_LOG), "the log of the user's line")
    (machine.workspace / "work").write_text("kept")

    agent.send_signal(signal.SIGKILL)
    agent.wait()
    beats = len(plane.beats)
    machine.boot()

    eventually(lambda: len(plane.hellos) == 2, "a second hello")
    eventually(lambda: len(plane.beats) > beats and ready(plane), "beats again")
    assert plane.hellos[0].agent_key == plane.hellos[1].agent_key
    assert plane.events_of(EVENT_LOG)[0].lines == ("said aloud",)
    assert (machine.workspace / "started").read_text() == "once\n"
    assert (machine.workspace / "work").read_text() == "kept"
    assert plane.beats[-1].state_seq > plane.beats[beats - 1].state_seq


def test_an_agent_killed_in_the_middle_of_a_drain_thaws_and_reports_the_failure(
    machine: Machine, plane: FakeControlPlane
) -> None:
    (machine.workspace / "data").write_bytes(os.urandom(100_000))
    user = machine.run(WRITER)
    agent = machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    plane.fault = lambda path: (503, b"") if path == "PUT" else None
    plane.order(drain(1))
    eventually(lambda: state_of(user.pid) == "T", "the user's process is frozen")

    agent.send_signal(signal.SIGKILL)
    agent.wait()
    machine.boot()

    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_FAILED), "the failure is told")
    eventually(lambda: state_of(user.pid) != "T", "the user's process runs on")
    assert plane.events_of(EVENT_SNAPSHOT_DONE) == []


def test_an_agent_killed_after_a_drain_keeps_everything_frozen(
    machine: Machine, plane: FakeControlPlane
) -> None:
    user = machine.run(WRITER)
    agent = machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    plane.order(drain(1))
    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_DONE), "the drain's snapshot")

    agent.send_signal(signal.SIGKILL)
    agent.wait()
    seen = len(plane.beats)
    machine.boot()

    eventually(lambda: draining(plane.beats[seen:]), "it says again that it is draining")
    assert state_of(user.pid) == "T"


def test_a_control_plane_that_goes_away_finds_the_events_of_the_meantime(
    machine: Machine, plane: FakeControlPlane
) -> None:
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    plane.fault = lambda path: (503, b"<html>") if path == PATH_EVENTS else None
    plane.order(Command(id="cmd_1", kind=SNAPSHOT, snapshot_id="snap_1"))
    spool = machine.folder / "agent/events"
    eventually(lambda: any("cmd_1" in p.read_text() for p in spool.glob("*.json")), "a spool")

    plane.stop()
    machine.agents[0].send_signal(signal.SIGKILL)
    machine.agents[0].wait()
    machine.boot()
    eventually(lambda: "hello was not answered" in machine.log(), "an unanswered hello")
    plane.fault = lambda _: None
    plane.start()

    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_DONE), "the snapshot is told at last")
    eventually(lambda: not list(spool.glob("*.json")), "the spool is empty")


NONSENSE = {
    "a fault": (500, b"oops"),
    "too many calls": (429, b""),
    "a page": (200, b"<html>"),
    "another type": (200, b'{"status": 7}'),
    "bytes": (200, bytes(range(128, 256))),
    "a redirect": (302, b""),
}


def test_nonsense_instead_of_answers_is_survived(machine: Machine, plane: FakeControlPlane) -> None:
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    left = list(NONSENSE.values())

    def fault(path: str) -> tuple[int, bytes] | None:
        return left.pop() if path == PATH_HEARTBEAT and left else None

    plane.fault = fault
    eventually(lambda: not left, "beats answered with nonsense")
    beats = len(plane.beats)

    eventually(lambda: len(plane.beats) > beats, "the next beat")
    assert len(plane.hellos) == 1


def test_an_expired_token_makes_it_say_hello_again(
    machine: Machine, plane: FakeControlPlane
) -> None:
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")

    with plane.lock:
        plane.token = "token-2"
        beats = len(plane.beats)

    eventually(lambda: len(plane.hellos) == 2, "a second hello")
    eventually(lambda: len(plane.beats) > beats, "a beat under the new token")


def test_a_command_delivered_twice_is_done_once(machine: Machine, plane: FakeControlPlane) -> None:
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    plane.deliver_again = 3

    plane.order(Command(id="cmd_1", kind=SNAPSHOT, snapshot_id="snap_1"))
    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_DONE), "the snapshot")
    eventually(lambda: not plane.waiting, "the command is no longer delivered")

    assert plane.deliveries.count("cmd_1.end") == 1
    assert plane.events_of(EVENT_SNAPSHOT_FAILED) == []


def test_a_fenced_machine_stops_the_user_and_itself(
    machine: Machine, plane: FakeControlPlane
) -> None:
    user = machine.run(WRITER)
    agent = machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")

    plane.status = FENCED
    eventually(lambda: agent.poll() is not None, "the agent ends")

    assert agent.returncode == 64
    assert state_of(user.pid) == "T"


def test_a_machine_that_is_not_known_yet_asks_again(
    machine: Machine, plane: FakeControlPlane
) -> None:
    plane.status = NOT_YET
    machine.boot()
    eventually(lambda: len(plane.hellos) >= 2, "a second hello")
    assert plane.beats == []

    plane.status = OK

    eventually(lambda: ready(plane), "the workspace is ready")


def test_only_one_agent_runs_on_a_machine(machine: Machine, plane: FakeControlPlane) -> None:
    machine.boot()
    eventually(lambda: plane.hellos, "the first agent's hello")

    second = machine.boot()
    eventually(lambda: second.poll() is not None, "the second ends")

    assert second.returncode == 65
    assert machine.agents[0].poll() is None


def test_a_grant_is_renewed_before_its_end_whatever_the_servers_clock_says(
    machine: Machine, plane: FakeControlPlane
) -> None:
    (machine.workspace / "data").write_bytes(os.urandom(40_000_000))
    plane.server_time = lambda: time.time() - 300
    plane.grant_s = 0.2
    plane.blob_delay_s = 0.2
    machine.boot()
    eventually(lambda: ready(plane), "the workspace is ready")
    uploads: list[str] = []
    plane.fault = lambda path: uploads.append(path) if path.endswith("uploads") else None

    plane.order(Command(id="cmd_1", kind=SNAPSHOT, snapshot_id="snap_1"))
    eventually(lambda: plane.events_of(EVENT_SNAPSHOT_DONE), "the snapshot")

    assert len(uploads) > 1


def test_a_busy_notebook_kernel_is_told_and_keeps_the_machine_awake_until_it_rests(
    machine: Machine, plane: FakeControlPlane, jupyter: Jupyter
) -> None:
    server = machine.run("import time; time.sleep(1000)")
    runtime = machine.folder / "home/.local/share/jupyter/runtime"
    server_file(runtime, server.pid, jupyter.url)
    jupyter.kernels = [kernel("busy")]
    machine.boot()

    def told(reason: str, busy: int | None) -> bool:
        machine.show_gpu(0.0)  # or it is too old to be believed
        return any(
            beat.status
            and reason in beat.status.idle.reasons
            and beat.usage
            and beat.usage.busy_kernels == busy
            for beat in plane.beats
        )

    eventually(lambda: told("a notebook kernel is busy", 1), "the kernel is told")
    jupyter.misbehave = lambda call: reply(call, 500, b"")
    unknown = "a notebook server does not say what its kernels do"
    eventually(lambda: told(unknown, None), "it is told that nobody knows")
    jupyter.kernels, jupyter.misbehave = [kernel("idle")], None
    plane.beats.clear()
    eventually(lambda: told("quiet, but not yet for the whole window", 0), "it rests")

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from infra.agent.gpus import STALE_AFTER_S, FileGpus, NoGpus, open_gpus
from infra.agent.http import Traffic
from infra.agent.notebooks import Notebooks
from infra.agent.proc import Process, ProcessTable
from infra.agent.readings import (
    CpuMeter,
    NetworkMeter,
    Readings,
    count_ssh_sessions,
    interface_bytes,
)

if TYPE_CHECKING:
    from pathlib import Path

AGENT = 50
MIB = 1 << 20


def process(pid: int, own: int = 0, reaped: int = 0, parent: int = 1) -> Process:
    return Process(pid, parent, "python3", "S", 1000 + pid, own, reaped)


def table_of(*rows: Process) -> dict[int, Process]:
    return {row.pid: row for row in rows}


def add_process(
    proc: Path,
    pid: int,
    parent: int = 1,
    name: str = "sh",
    line: str = "sh",
    environ: str = "",
    state: str = "S",
) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    rest = " ".join(["0"] * 9 + ["7", "3", "2", "1"] + ["0"] * 4 + [str(pid * 10)] + ["0"] * 10)
    (folder / "stat").write_text(f"{pid} ({name}) {state} {parent} {rest}\n")
    (folder / "cmdline").write_bytes(line.replace(" ", "\0").encode())
    (folder / "environ").write_bytes(environ.replace(" ", "\0").encode())


# --- CPU --------------------------------------------------------------------------------------


def test_the_first_look_knows_no_load() -> None:
    assert CpuMeter(AGENT).read(table_of(process(2, own=500)), 0.0) is None


@pytest.mark.parametrize(
    ("before", "after", "percent"),
    [
        ([process(2, own=100)], [process(2, own=150)], 50.0),
        ([process(AGENT, own=0)], [process(AGENT, own=90)], 0.0),
        ([process(2)], [process(2), process(3, own=30)], 30.0),
        ([process(2), process(3, own=30)], [process(2, reaped=40)], 10.0),
        ([process(2), process(3, own=30)], [process(2, own=20)], 20.0),
        ([process(2, own=900)], [replace(process(2, own=10), started=7)], 10.0),
        ([process(AGENT)], [process(AGENT, reaped=25)], 25.0),
    ],
    ids=[
        "work is counted",
        "the agent's is not",
        "a new process is",
        "a reaped child's moves to its parent",
        "a child that nobody reaps does not hide the rest",
        "a pid may come again",
        "what the agent started for the user is the user's",
    ],
)
def test_cpu_is_counted_for_all_but_the_agent(
    before: list[Process], after: list[Process], percent: float
) -> None:
    meter = CpuMeter(AGENT)
    meter.read(table_of(*before), 10.0)

    assert meter.read(table_of(*after), 11.0) == pytest.approx(percent)


def test_a_look_that_failed_makes_the_next_one_a_first() -> None:
    meter = CpuMeter(AGENT)
    meter.read(table_of(process(2)), 0.0)

    assert meter.read(None, 1.0) is None
    assert meter.read(table_of(process(2, own=90)), 2.0) is None


# --- network ----------------------------------------------------------------------------------


def test_the_agents_own_bytes_are_no_traffic() -> None:
    meter = NetworkMeter()
    meter.read(1000, 0.0, 0.0)

    assert meter.read(1000 + 5 * MIB, 5.4 * MIB, 1.0) == 0.0
    assert meter.read(1000 + 6 * MIB, 5.4 * MIB, 2.0) == pytest.approx(0.6 * 1024)


def test_a_large_upload_hides_the_users_traffic_for_seconds_only() -> None:
    meter = NetworkMeter()
    meter.read(0, 0.0, 0.0)
    meter.read(0, 1000.0 * MIB, 1.0)
    for second in range(2, 13):
        meter.read(0, 1000.0 * MIB, float(second))

    assert meter.read(MIB, 1000.0 * MIB, 13.0) == pytest.approx(1024.0)


def test_an_interface_that_was_made_anew_is_unknown_once() -> None:
    meter = NetworkMeter()
    meter.read(5000, 0.0, 0.0)

    assert meter.read(10, 0.0, 1.0) is None
    assert meter.read(10 + 2048, 0.0, 2.0) == 2.0


def test_the_loopback_is_not_the_network(tmp_path: Path) -> None:
    table = tmp_path / "dev"
    table.write_text(
        "Inter-|   Receive                            |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes\n"
        "    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n"
        "  eth0: 100 1 0 0 0 0 0 0 30 1 0 0 0 0 0 0\n"
        "  eth1:5 1 0 0 0 0 0 0 7 1 0 0 0 0 0 0\n"
    )

    assert interface_bytes(table) == (105, 37)
    assert interface_bytes(tmp_path / "none") is None


# --- processes and sessions -------------------------------------------------------------------


def test_in_a_container_of_ours_every_process_is_the_machines(tmp_path: Path) -> None:
    add_process(tmp_path, 1, parent=0, environ="DUMONT_BOOTSTRAP_TOKEN=t1")
    add_process(tmp_path, 7, environ="A=b")

    machine = ProcessTable("t1", tmp_path).machine()

    assert machine is not None
    assert sorted(machine) == [1, 7]


def test_elsewhere_only_what_carries_the_token_or_descends_from_it_is_the_machines(
    tmp_path: Path,
) -> None:
    add_process(tmp_path, 1, parent=0)
    add_process(tmp_path, 7, environ="A=b DUMONT_BOOTSTRAP_TOKEN=t1")
    add_process(tmp_path, 8, parent=7, environ="A=b")
    add_process(tmp_path, 9, parent=8)
    add_process(tmp_path, 10, environ="DUMONT_BOOTSTRAP_TOKEN=t12")

    machine = ProcessTable("t1", tmp_path).machine()

    assert machine is not None
    assert sorted(machine) == [7, 8, 9]


def test_without_proc_nothing_is_known(tmp_path: Path) -> None:
    assert ProcessTable("t1", tmp_path / "none").machine() is None


def test_a_name_may_hold_brackets_and_spaces(tmp_path: Path) -> None:
    add_process(tmp_path, 5, name="a) S (b", state="T")

    everything = ProcessTable("", tmp_path).everything()

    assert everything is not None
    assert (everything[5].name, everything[5].state, everything[5].started) == ("a) S (b", "T", 50)


@pytest.mark.parametrize(
    ("rows", "sessions"),
    [
        ([(5, 1, "sshd", "sshd: /usr/sbin/sshd -D [listener]", "")], 0),
        ([(5, 1, "sshd", "sshd: root@pts/0", "")], 1),
        ([(5, 1, "sshd-session", "sshd-session: root@notty", "")], 1),
        ([(5, 1, "sshd", "sshd: root [priv]", "")], 0),
        ([(5, 4, "bash", "bash", "SSH_CONNECTION=1"), (6, 5, "vi", "vi", "SSH_CONNECTION=1")], 1),
        ([(5, 1, "tmux", "tmux", "SSH_CONNECTION=1")], 0),
        ([(5, 4, "bash", "bash", "")], 0),
    ],
    ids=["listener", "pty", "no pty", "login", "shell and child", "left behind", "local"],
)
def test_open_sessions_are_counted(
    tmp_path: Path, rows: list[tuple[int, int, str, str, str]], sessions: int
) -> None:
    add_process(tmp_path, 1, parent=0, name="init")
    add_process(tmp_path, 4, name="server")
    for pid, parent, name, line, environ in rows:
        add_process(tmp_path, pid, parent, name, line, environ)
    table = ProcessTable("", tmp_path)

    assert count_ssh_sessions(table.machine() or {}, table) == sessions


def test_without_a_pid_namespace_whoever_adopted_our_loop_adopts_what_a_session_left_behind(
    tmp_path: Path,
) -> None:
    adopter = 30
    add_process(tmp_path, os.getppid(), parent=adopter)
    add_process(tmp_path, adopter, name="init")
    add_process(tmp_path, 40, parent=adopter, environ="SSH_CONNECTION=1")
    table = ProcessTable("", tmp_path)

    assert count_ssh_sessions(table.machine() or {}, table) == 0


# --- GPUs -------------------------------------------------------------------------------------


def write_gpus(path: Path, as_of: float, util_percent: object = 7) -> None:
    path.write_text(
        json.dumps({"as_of": as_of, "gpus": [{"index": 0, "util_percent": util_percent}]})
    )


def test_a_file_that_stands_still_is_believed_for_some_seconds_only(tmp_path: Path) -> None:
    now = [0.0]
    gpus = FileGpus(tmp_path / "gpu.json", lambda: now[0])
    write_gpus(tmp_path / "gpu.json", as_of=1.0)

    fresh = gpus.read()
    now[0] = STALE_AFTER_S + 0.1
    stale = gpus.read()
    write_gpus(tmp_path / "gpu.json", as_of=2.0)

    assert fresh is not None
    assert fresh[0].util_percent == 7.0
    assert fresh[0].power_w is None
    assert stale is None
    assert gpus.read() is not None


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"as_of": 1}', '{"as_of": 1, "gpus": [3]}', "\x00"]
)
def test_a_file_of_nonsense_is_no_reading(tmp_path: Path, content: str) -> None:
    (tmp_path / "gpu.json").write_text(content)

    assert FileGpus(tmp_path / "gpu.json", lambda: 0.0).read() is None


@pytest.mark.parametrize("util_percent", [None, "7", True])
def test_a_load_that_is_no_number_is_unknown_and_not_zero(
    tmp_path: Path, util_percent: object
) -> None:
    write_gpus(tmp_path / "gpu.json", 1.0, util_percent)

    read = FileGpus(tmp_path / "gpu.json", lambda: 0.0).read()

    assert read is not None
    assert read[0].util_percent is None


def test_without_a_driver_nothing_is_known_of_any_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)

    reader = open_gpus(None, lambda: 0.0)

    assert isinstance(reader, NoGpus)
    assert reader.read() is None


def test_a_sample_says_unknown_for_each_thing_that_cannot_be_read(tmp_path: Path) -> None:
    table = ProcessTable("t1", tmp_path / "none")
    notebooks = Notebooks(table, {})
    notebooks.look(1.0)
    readings = Readings(table, NoGpus(), Traffic(), tmp_path / "no net", notebooks)

    sample = readings.sample(tmp_path / "no workspace", 1.0, 0)

    assert (sample.gpus, sample.cpu_percent, sample.network_kib_s) == (None, None, None)
    assert sample.ssh_sessions is None
    assert sample.busy_kernels is None
    assert sample.usage.rx_bytes is None
    assert sample.usage.disk_used_bytes is None

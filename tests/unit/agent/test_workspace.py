from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from infra.agent.workspace import LARGEST_LOG_BYTES, OnstartLine, let_in, workspace_of
from tests.unit.agent.core_world import PLAN
from tests.unit.agent.machine import eventually

KEY = "ssh-ed25519 AAAA somebody"


@pytest.mark.parametrize(
    ("environ", "planned", "path"),
    [
        ({"WORKSPACE": "/here"}, "/there", "/here"),
        ({}, "/there", "/there"),
        ({"WORKSPACE": ""}, "", "/workspace"),
    ],
)
def test_the_machine_names_the_workspace_before_the_plan_does(
    environ: dict[str, str], planned: str, path: str
) -> None:
    assert workspace_of(replace(PLAN, workspace=planned), environ) == Path(path)


def test_a_key_is_added_once_and_others_stay(tmp_path: Path) -> None:
    keys = tmp_path / ".ssh/authorized_keys"
    keys.parent.mkdir()
    keys.write_text("ssh-rsa the providers own")

    let_in(KEY, tmp_path)
    let_in(f"{KEY}\n", tmp_path)

    assert keys.read_text() == f"ssh-rsa the providers own\n{KEY}\n"


@pytest.mark.parametrize("key", ["", "  ", f"{KEY}\ncommand=evil ssh-rsa B"])
def test_what_is_not_one_key_is_not_let_in(tmp_path: Path, key: str) -> None:
    let_in(key, tmp_path)

    assert not (tmp_path / ".ssh").exists()


def test_a_new_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    let_in(KEY, tmp_path)

    assert (tmp_path / ".ssh").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / ".ssh/authorized_keys").stat().st_mode & 0o777 == 0o600


def test_the_users_line_runs_in_the_workspace_with_his_environment(tmp_path: Path) -> None:
    line = OnstartLine(tmp_path)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    plan = replace(
        PLAN, onstart='echo "$GREETING from $(pwd)"; echo oops >&2', env={"GREETING": "hi"}
    )

    line.run(plan, workspace, dict(os.environ))
    eventually(lambda: line.reap() == 0, "the line has ended")

    assert line.new_lines() == (f"hi from {workspace}", "oops")


def test_lines_are_shipped_once_and_half_a_line_waits(tmp_path: Path) -> None:
    log = tmp_path / "onstart.log"
    log.write_text("one\ntwo\nthr")
    line = OnstartLine(tmp_path)

    first = line.new_lines()
    again = line.new_lines()
    line.shipped()
    log.write_text("one\ntwo\nthree\n")

    assert first == again == ("one", "two")
    assert OnstartLine(tmp_path).new_lines() == ("three",)


def test_a_log_that_grew_long_starts_anew_once_it_is_shipped(tmp_path: Path) -> None:
    log = tmp_path / "onstart.log"
    log.write_bytes(b"x" * LARGEST_LOG_BYTES + b"\nlast\n")
    (tmp_path / "onstart.shipped").write_text(str(LARGEST_LOG_BYTES + 1))
    line = OnstartLine(tmp_path)

    assert line.new_lines() == ("last",)
    line.shipped()

    assert log.stat().st_size == 0
    log.write_text("new\n")
    assert line.new_lines() == ("new",)


def test_no_line_is_no_process(tmp_path: Path) -> None:
    OnstartLine(tmp_path).run(PLAN, tmp_path, {})

    assert not (tmp_path / "onstart.log").exists()

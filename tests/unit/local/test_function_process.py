"""A function's process: served from its bundle alone, recorded, and ended by its record."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from infra.local.emulated.processes import FunctionProcess, end_recorded, recorded
from infra.packaging.manifest import load
from infra.simulators.machines.processes import ProcessRecord
from tests.e2e.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FUNCTION = replace(load().functions[0], name="probe", concurrency=2, max_instances=3)
MAIN = """\
import json, os
import functions_framework
import shared

@functions_framework.http
def probe(request):
    return json.dumps({"shared": shared.__file__, "environment": dict(os.environ)})
"""


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FunctionProcess]:
    bundle = tmp_path / "bundle"
    (bundle / "shared").mkdir(parents=True)
    (bundle / "shared/__init__.py").touch()
    (bundle / "main.py").write_text(MAIN)
    monkeypatch.setenv("SOME_SECRET_OF_THE_PERSON", "x")
    made = FunctionProcess(FUNCTION, bundle, tmp_path / "states", {"DUMONT_DEPLOYMENT_ID": "d"})
    made.start()
    until("the function to listen", lambda: made.listening)
    yield made
    made.ask_to_end()
    made.end(5)


def test_it_serves_its_bundles_own_code_and_is_told_only_what_it_should_know(
    process: FunctionProcess, tmp_path: Path
) -> None:
    told = httpx.get(f"http://127.0.0.1:{process.port}/", timeout=10).json()

    assert told["shared"] == str(tmp_path / "bundle/shared/__init__.py")
    assert told["environment"]["DUMONT_DEPLOYMENT_ID"] == "d"
    assert told["environment"]["K_SERVICE"] == "probe"
    assert told["environment"]["THREADS"] == "6"
    assert "SOME_SECRET_OF_THE_PERSON" not in told["environment"]


def test_its_state_is_written_down_and_follows_a_kill_and_a_start(
    process: FunctionProcess, tmp_path: Path
) -> None:
    (first,) = recorded(tmp_path / "states")

    os.kill(first.pid, signal.SIGKILL)
    until("the killed process to be seen as ended", lambda: not process.running)
    process.start()
    until("the function to listen", lambda: process.listening)
    (second,) = recorded(tmp_path / "states")

    assert (first.function, first.starts, second.starts) == ("probe", 1, 2)
    assert second.pid != first.pid
    assert second.port == process.port


def test_a_later_stack_ends_what_an_earlier_one_left_and_nothing_else(
    process: FunctionProcess, tmp_path: Path
) -> None:
    (left,) = recorded(tmp_path / "states")

    ended = end_recorded(tmp_path / "states")

    assert ended == 1
    until("its end", lambda: not ProcessRecord(left.pid, left.mark).alive)
    assert recorded(tmp_path / "states") == []
    assert end_recorded(tmp_path / "states") == 0

"""What was started is written down, found again by a later stack, and ended by its record."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from infra.local.emulators import running
from infra.local.emulators.running import EmulatorDown, Record
from infra.local.emulators.sources import Emulator, Given, Installed

if TYPE_CHECKING:
    from pathlib import Path

    from infra.local.emulators.programs import Command


def _web_server(port: int, _kept: Path | None) -> list[str]:
    return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]


def _broken(_port: int, _kept: Path | None) -> list[str]:
    return [sys.executable, "-c", "raise SystemExit('no')"]


def _found() -> Command:
    return _web_server


PLAYED = Emulator("played", "Played", "PLAYED_HOST", _found)


def test_a_started_one_answers_is_found_by_its_folder_and_ends_by_its_record(
    tmp_path: Path,
) -> None:
    begun = running.begin(PLAYED, Installed(_web_server), tmp_path)
    running.await_answer(PLAYED, begun)
    found = running.recorded(tmp_path)

    assert found == begun
    assert found.alive
    running.end(found)
    assert not found.alive
    assert not running.answers(f"http://{found.address}")


def test_one_that_ends_as_it_begins_is_told_at_once(tmp_path: Path) -> None:
    begun = running.begin(PLAYED, Installed(_broken), tmp_path)

    with pytest.raises(EmulatorDown, match="Played emulator ended"):
        running.await_answer(PLAYED, begun)
    running.end(begun)


def test_a_process_that_only_has_the_number_of_ours_is_left_alone(tmp_path: Path) -> None:
    theirs = running.begin(PLAYED, Installed(_web_server), tmp_path)
    stale = Record(theirs.address, theirs.pid, mark="an earlier start")

    running.end(stale)

    assert not stale.alive
    assert theirs.alive
    running.end(theirs)


def test_one_that_somebody_else_runs_is_used_and_never_ended(tmp_path: Path) -> None:
    theirs = running.begin(PLAYED, Installed(_web_server), tmp_path / "theirs")
    running.await_answer(PLAYED, theirs)
    given = running.begin(PLAYED, Given(theirs.address), tmp_path / "given")

    running.end(given)

    assert given.alive
    assert theirs.alive
    running.end(theirs)

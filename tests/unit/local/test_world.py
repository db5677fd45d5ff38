"""What plays the cloud outlives a stack; without Firestore's memory everything begins anew."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from infra.local.emulated import world
from infra.local.emulated.world import FolderTaken
from infra.local.emulators import running
from infra.local.emulators.programs import NotInstalled
from infra.local.emulators.sources import Emulator, EmulatorMissing
from infra.local.settings import Local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.local.emulators.programs import Command


def _web_server(port: int, _kept: Path | None) -> list[str]:
    return [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]


def _installed() -> Command:
    return _web_server


def _lacking() -> Command:
    raise NotInstalled("no program of it")


MEMORY = Emulator("memory", "Memory", "MEMORY_HOST", _installed)
OTHER = Emulator("other", "Other", "OTHER_HOST", _installed, is_url=True)


@pytest.fixture
def local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Local]:
    monkeypatch.setattr(world, "EMULATORS", (MEMORY, OTHER))
    monkeypatch.setattr(world, "FIRESTORE", MEMORY)
    yield Local(1, tmp_path, None, 10.0, ("vast",))
    world.end(tmp_path)


def pids(local: Local) -> list[int]:
    found = [world.living(local.folder, each) for each in (MEMORY, OTHER)]
    return [record.pid for record in found if record is not None]


def test_functions_are_told_where_each_emulator_is(local: Local) -> None:
    told = world.begin(local, {"MEMORY_HOST": "10.0.0.7:1"})

    assert told["MEMORY_HOST"] == "10.0.0.7:1"
    assert told["OTHER_HOST"].startswith("http://127.0.0.1:")
    assert told["DUMONT_PLATFORM"] == "google"
    assert told["GOOGLE_CLOUD_PROJECT"] == world.project_of(local.folder)


def test_the_next_start_goes_on_with_what_still_runs(local: Local) -> None:
    first = world.begin(local, {})
    before = pids(local)
    machines = local.simulator_folder("vast")
    machines.mkdir()

    again = world.begin(local, {})

    assert again == first
    assert pids(local) == before
    assert machines.exists()


def test_when_the_memory_is_gone_the_rest_is_forgotten_too(local: Local) -> None:
    world.begin(local, {})
    memory, other = pids(local)
    machines = local.simulator_folder("vast")
    machines.mkdir()
    lost = world.living(local.folder, MEMORY)
    assert lost is not None
    running.end(lost)

    world.begin(local, {})

    assert not {memory, other} & set(pids(local))
    assert len(pids(local)) == 2
    assert not machines.exists()


def test_a_folder_of_the_embedded_stack_is_left_alone(local: Local) -> None:
    machines = local.simulator_folder("vast")
    machines.mkdir()
    (local.folder / world.EMBEDDED_STORE).touch()

    with pytest.raises(FolderTaken, match="DUMONT_DATA_DIR"):
        world.begin(local, {})

    assert machines.exists()
    assert pids(local) == []


def test_all_that_is_missing_is_said_at_once_and_nothing_is_started(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (Emulator(each, each.upper(), f"{each}_HOST", _lacking) for each in ("one", "two"))
    monkeypatch.setattr(world, "EMULATORS", (MEMORY, one, two))

    with pytest.raises(EmulatorMissing) as missing:
        world.begin(local, {})

    assert str(missing.value).splitlines() == [
        "the ONE emulator: one_HOST is not set, no program of it",
        "the TWO emulator: two_HOST is not set, no program of it",
    ]
    assert pids(local) == []

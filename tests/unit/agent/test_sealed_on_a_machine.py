"""Sealed snapshots by the real bundle as a process: with its own wheels and its own workers."""

from __future__ import annotations

import base64
import itertools
import os
import sys
from typing import TYPE_CHECKING

import pytest

from shared.agent_wire.messages import (
    DRAIN,
    EVENT_ENGINE,
    EVENT_FAILED,
    EVENT_RESTORED,
    EVENT_SNAPSHOT_DONE,
    EVENT_USABLE,
    READY,
    SNAPSHOT,
    USABLE,
    Command,
    DataKey,
)
from shared.snapshot.compare import compare
from shared.snapshot.proof import references
from tests.unit.agent.fake_control_plane import PREFIX
from tests.unit.agent.machine import Machine, eventually, pythons, state_of
from tests.unit.snapshot.stores import MemoryBlobs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from shared.agent_wire.messages import SnapshotDone
    from tests.unit.agent.fake_control_plane import FakeControlPlane

KEY = DataKey(PREFIX, base64.b64encode(bytes(range(32))).decode(), "s1.sealed-for-the-tests")
SECRET_WORDS = b"the secret of this workspace, in plain words"
LATER_NS = 4_000_000_000_000_000_000  # read after it was made, whatever the disk notes of that
SLEEPER = "import time; time.sleep(600)"


@pytest.fixture(autouse=True)
def _keyed(plane: FakeControlPlane) -> None:
    plane.keys = (KEY,)


def showed(plane: FakeControlPlane, phase: str) -> bool:
    return any(beat.status and beat.status.phase == phase for beat in plane.beats)


def fill(workspace: Path) -> None:
    (workspace / "weights").mkdir()
    (workspace / "weights/model.safetensors").write_bytes(os.urandom(6 << 20))
    (workspace / "notes").write_bytes(SECRET_WORDS)
    for number in range(40):
        path = workspace / f"module_{number}.py"
        path.write_text(f"value = {number}\n" * 20)
        os.utime(path, ns=(LATER_NS, path.stat().st_mtime_ns))


def snapshots(plane: FakeControlPlane) -> list[SnapshotDone]:
    done = [event.snapshot for event in plane.events_of(EVENT_SNAPSHOT_DONE)]
    return [each for each in done if each]


def take(plane: FakeControlPlane, number: int, kind: str = SNAPSHOT, parent: str = "") -> None:
    drain_id = f"drain_{number}" if kind == DRAIN else ""
    order = Command(f"cmd_{number}", kind, f"snap_{number}", drain_id, parent)
    plane.order(order)
    eventually(lambda: len(snapshots(plane)) == number, f"snapshot {number}")


def first_pack_alone() -> Callable[[str], bool]:
    """Of a pack one stretch is given, which holds what was in use: the store then goes away."""
    asked = itertools.count()
    return lambda key: "/packs/" in key and next(asked) > 0


def stored(plane: FakeControlPlane) -> MemoryBlobs:
    blobs = MemoryBlobs()
    blobs.objects.update(plane.objects)
    return blobs


@pytest.mark.parametrize("machine", pythons(), ids=os.path.basename, indirect=True)
def test_what_a_machine_stores_is_sealed_and_comes_back_on_another(
    machine: Machine, plane: FakeControlPlane, bundle: Path, tmp_path: Path
) -> None:
    fill(machine.workspace)
    user = machine.run(SLEEPER)
    machine.boot()
    eventually(lambda: showed(plane, READY), "the workspace is ready")

    take(plane, 1)
    (machine.workspace / "notes").write_bytes(SECRET_WORDS + b", changed")
    take(plane, 2, DRAIN, parent=snapshots(plane)[0].manifest_key)

    first, second = snapshots(plane)
    assert state_of(user.pid) == "T"
    assert second.new_bytes < first.new_bytes / 10
    found = references(stored(plane), second.manifest_key)
    assert found.format == 2
    assert found.wrapped_keys == ((KEY.prefix, KEY.wrapped.encode()),)
    written = [content for key, content in plane.objects.items() if key.startswith(PREFIX)]
    assert not any(SECRET_WORDS in content for content in written)

    plane.waiting.clear()
    plane.restore_from(second.manifest_key, "snap_2")
    other = Machine(tmp_path / "other", bundle, plane, sys.executable, "boot-sealed")
    try:
        other.boot()
        eventually(lambda: plane.events_of(EVENT_RESTORED), "the workspace is restored")
        assert compare(machine.workspace, other.workspace) == ()
    finally:
        other.clean()
    assert plane.events_of(EVENT_ENGINE) == []


def test_the_user_is_let_in_when_what_he_uses_is_back(
    machine: Machine, plane: FakeControlPlane, bundle: Path, tmp_path: Path
) -> None:
    fill(machine.workspace)
    machine.boot()
    eventually(lambda: showed(plane, READY), "the workspace is ready")
    take(plane, 1)
    machine.clean()
    plane.beats.clear()
    plane.restore_from(snapshots(plane)[0].manifest_key, "snap_1")
    other = Machine(tmp_path / "other", bundle, plane, sys.executable, "boot-usable")
    big = other.workspace / "weights/model.safetensors"
    seen: list[bool] = []
    plane.fault_get = first_pack_alone()

    try:
        other.boot()
        eventually(lambda: showed(plane, USABLE), "a beat says that it can be used")
        seen += [(other.workspace / "module_7.py").exists(), big.exists()]
        plane.fault_get = lambda _: False
        eventually(lambda: showed(plane, READY), "and then that all of it is there")
    finally:
        other.clean()

    assert seen == [True, False]
    (usable,) = plane.events_of(EVENT_USABLE)
    (restored,) = plane.events_of(EVENT_RESTORED)
    assert (usable.snapshot_id, restored.snapshot_id) == ("snap_1", "snap_1")
    assert usable.files is not None
    assert restored.files is not None
    assert 0 < usable.files < restored.files
    assert compare(machine.workspace, other.workspace) == ()


def test_an_agent_killed_while_the_rest_is_on_its_way_says_so_and_replaces_nothing(
    machine: Machine, plane: FakeControlPlane, bundle: Path, tmp_path: Path
) -> None:
    fill(machine.workspace)
    machine.boot()
    eventually(lambda: showed(plane, READY), "the workspace is ready")
    take(plane, 1)
    machine.clean()
    plane.beats.clear()
    plane.restore_from(snapshots(plane)[0].manifest_key, "snap_1")
    other = Machine(tmp_path / "other", bundle, plane, sys.executable, "boot-cut")
    plane.fault_get = first_pack_alone()

    try:
        agent = other.boot()
        eventually(lambda: showed(plane, USABLE), "a beat says that it can be used")
        (other.workspace / "module_7.py").write_text("the user's own")
        agent.kill()
        agent.wait()
        plane.fault_get = lambda _: False
        other.boot()
        eventually(lambda: plane.events_of(EVENT_FAILED), "the failure is told")
    finally:
        other.clean()

    assert "restarted while the rest" in plane.events_of(EVENT_FAILED)[0].message
    assert plane.events_of(EVENT_RESTORED) == []
    assert (other.workspace / "module_7.py").read_text() == "the user's own"


def test_without_wheels_it_writes_on_with_the_older_engine_and_says_why(
    machine: Machine, plane: FakeControlPlane
) -> None:
    machine.environ.update(DUMONT_AGENT_WHEELS="", DUMONT_BUNDLE="")
    fill(machine.workspace)
    machine.boot()
    eventually(lambda: showed(plane, READY), "the workspace is ready")

    take(plane, 1)

    assert references(stored(plane), snapshots(plane)[0].manifest_key).format == 1
    assert len(plane.events_of(EVENT_ENGINE)) == 1

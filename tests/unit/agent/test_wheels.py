"""What the snapshot engine needs, on machines that cannot be trusted to be kind."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.agent.core.facts import UNREACHABLE, Failure
from infra.agent.http import Http, Reply
from infra.agent.wheels import MODULES, PIECE_BYTES, NoWheels, Source, Wheels, pack_for, this_python
from shared.agent_wire.messages import EVENT_ENGINE
from tests.unit.agent.machine import Machine, eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.packaging.agent_bundle import AgentBundle
    from tests.unit.agent.fake_control_plane import FakeControlPlane

MODULE = "a_wheel_of_these_tests"


def archive(size_bytes: int = 0, module: str = "here = __file__\n") -> bytes:
    """A pack with one module, and as much beside it as is wanted."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr(f"{MODULE}.py", module)
        packed.writestr("weight", b"\0" * size_bytes)
    return made.getvalue()


def listing(content: bytes, **changes: object) -> bytes:
    told = {
        "missing": "",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "unpacked_bytes": len(content),
        **changes,
    }
    return json.dumps({this_python(): told}).encode()


@dataclass
class Storage(Http):
    """Serves one archive by ranges; `fault` may answer the n-th call, from 1, in its stead."""

    content: bytes
    fault: Callable[[int], Reply | Failure | None] = lambda _: None

    def __post_init__(self) -> None:
        self.asked: list[str] = []

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        timeout_s: float,
        limit_bytes: int = 0,
    ) -> Reply | Failure:
        assert (method, content) == ("GET", None)
        assert url.startswith("http://storage/agent/")
        assert headers["Authorization"] == "Bearer good"
        self.asked.append(headers["Range"])
        fault = self.fault(len(self.asked))
        if fault is not None:
            return fault
        start, _, end = headers["Range"].removeprefix("bytes=").partition("-")
        return Reply(206, {}, self.content[int(start) : int(end) + 1])


class Disk:
    """A folder with an agent's wheels in it, and what it may import taken back at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wheels(self, storage: Storage, listed: bytes) -> Wheels:
        source = Source("http://storage/agent", "good", storage, pause=lambda _: None)
        return Wheels(self.folder, source, listed, modules=(MODULE,))

    def names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    return Disk(tmp_path / "wheels")


def imported_from() -> Path:
    return Path(sys.modules[MODULE].here).parent


def test_a_pack_is_fetched_in_pieces_checked_unpacked_and_imported(disk: Disk) -> None:
    content = archive(PIECE_BYTES)
    storage = Storage(content)

    disk.wheels(storage, listing(content)).load()

    assert len(storage.asked) == 2
    assert imported_from() == disk.folder / hashlib.sha256(content).hexdigest()
    assert disk.names() == {imported_from().name, "lock"}


def test_what_is_unpacked_is_fetched_no_second_time(disk: Disk) -> None:
    content = archive()
    disk.wheels(Storage(content), listing(content)).load()
    later = Storage(content)

    disk.wheels(later, listing(content)).load()

    assert later.asked == []


def test_a_fetch_that_was_cut_goes_on_where_it_ended(disk: Disk) -> None:
    content = archive(2 * PIECE_BYTES)
    cut = Storage(content, lambda n: None if n == 1 else Failure(UNREACHABLE, "no route"))
    with pytest.raises(NoWheels, match="no route"):
        disk.wheels(cut, listing(content)).load()
    later = Storage(content)

    disk.wheels(later, listing(content)).load()

    assert later.asked[0] == f"bytes={PIECE_BYTES}-{2 * PIECE_BYTES - 1}"
    assert imported_from().is_dir()


def test_an_unpacking_that_was_killed_is_done_anew(disk: Disk) -> None:
    content = archive()
    left = disk.folder / f"{hashlib.sha256(content).hexdigest()}.unpacking-dead"
    left.mkdir(parents=True)
    (left / f"{MODULE}.py").write_text("half of a fi")

    disk.wheels(Storage(content), listing(content)).load()

    assert imported_from().is_dir()
    assert not left.exists()


def test_bytes_with_another_checksum_are_never_unpacked(disk: Disk) -> None:
    content = archive()
    forged = content.replace(b"here = ", b"evil = ")
    assert len(forged) == len(content)
    assert forged != content

    with pytest.raises(NoWheels, match="another checksum"):
        disk.wheels(Storage(forged), listing(content)).load()

    assert disk.names() == {"lock"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Reply(403, {}, b"no"), "the storage answered 403"),
        (Reply(206, {}, b""), "the storage answered 206"),
        (Failure(UNREACHABLE, "timed out"), "timed out"),
    ],
)
def test_a_storage_that_refuses_is_asked_again_and_then_named(
    disk: Disk, fault: Reply | Failure, said: str
) -> None:
    content = archive()
    storage = Storage(content, lambda _: fault)

    with pytest.raises(NoWheels, match=said):
        disk.wheels(storage, listing(content)).load()

    assert len(storage.asked) == 5


def test_a_storage_that_recovers_is_enough(disk: Disk) -> None:
    content = archive()
    storage = Storage(content, lambda n: Reply(503, {}, b"") if n < 3 else None)

    disk.wheels(storage, listing(content)).load()

    assert imported_from().is_dir()


def test_a_server_that_knows_no_ranges_is_understood(disk: Disk) -> None:
    content = archive()

    disk.wheels(Storage(content, lambda _: Reply(200, {}, content)), listing(content)).load()

    assert imported_from().is_dir()


def test_a_disk_without_room_is_named_before_anything_is_fetched(disk: Disk) -> None:
    content = archive()
    storage = Storage(content)

    with pytest.raises(NoWheels, match=r"the disk is full: its wheels take \d+ MiB below .*free"):
        disk.wheels(storage, listing(content, unpacked_bytes=1 << 60)).load()

    assert storage.asked == []


def test_a_disk_that_fills_up_meanwhile_is_named_and_tried_again_later(disk: Disk) -> None:
    content = archive()
    part = disk.folder / f"{hashlib.sha256(content).hexdigest()}.part"
    disk.folder.mkdir()
    part.symlink_to("/dev/full")  # whose every write ends with ENOSPC
    wheels = disk.wheels(Storage(content), listing(content))
    with pytest.raises(NoWheels, match="the disk is full") as caught:
        wheels.load()
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    part.unlink()

    wheels.load()

    assert imported_from().is_dir()


def test_of_two_agents_on_one_disk_one_fetches(disk: Disk) -> None:
    content = archive(PIECE_BYTES)
    storage = Storage(content)
    both = [threading.Thread(target=disk.wheels(storage, listing(content)).load) for _ in range(2)]

    for each in both:
        each.start()
    for each in both:
        each.join()

    assert len(storage.asked) == 2  # the two pieces of one archive
    assert imported_from().is_dir()


def test_a_module_that_does_not_load_is_named(disk: Disk) -> None:
    content = archive(module="raise OSError")

    with pytest.raises(NoWheels, match=f"{MODULE} does not load: OSError"):
        disk.wheels(Storage(content), listing(content)).load()


@pytest.mark.parametrize(
    ("listed", "python", "machine", "said"),
    [
        (b"", "cp311", "", "does not run from a bundle"),
        (b"{}", "cp311", "", "no wheels for this Python, cp311: only for none"),
        (b'{"cp310": {}}', "cp314", "", "cp314: only for cp310"),
        (b'{"cp311": {"missing": "no wheel of x"}}', "cp311", "", "no wheel of x"),
        (b'{"cp311": {"missing": ""}}', "cp311", "", "unreadable"),
        (b"[]", "cp311", "", "no wheels for this Python"),
        (b"x", "cp311", "", "unreadable"),
        (b'{"cp311": {}}', "cp311", "Linux on aarch64", "no wheels for Linux on aarch64"),
    ],
)
def test_why_there_are_none_is_said(listed: bytes, python: str, machine: str, said: str) -> None:
    with pytest.raises(NoWheels, match=said):
        pack_for(listed, python, machine)


def test_an_agent_that_nobody_told_where_they_lie_says_so(disk: Disk) -> None:
    content = archive()
    source = Source.of({}, Storage(content))

    with pytest.raises(NoWheels, match="nobody told"):
        Wheels(disk.folder, source, listing(content)).load()


def test_a_machine_unpacks_the_real_wheels_and_they_load(
    machine: Machine, plane: FakeControlPlane, built: AgentBundle
) -> None:
    own = machine.folder / "agent/wheels"
    machine.environ["DUMONT_AGENT_WHEELS"] = ""

    machine.boot()

    eventually(lambda: any((own / name).is_dir() for name in built.packs), "they are unpacked")
    (place,) = (own / name for name in built.packs if (own / name).is_dir())
    loads = "".join(f"import {each}; " for each in MODULES)
    where = "import os, zstandard; print(os.path.dirname(zstandard.__file__))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", loads + where],
        env={"PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(place / "zstandard")
    assert plane.events_of(EVENT_ENGINE) == []


def test_a_machine_that_cannot_have_them_works_on_and_says_why_once(
    machine: Machine, plane: FakeControlPlane
) -> None:
    machine.environ.update(DUMONT_AGENT_WHEELS="", DUMONT_BUNDLE="")
    agent = machine.boot()
    eventually(lambda: plane.events_of(EVENT_ENGINE), "the reason is told")

    agent.kill()
    agent.wait()
    machine.boot()
    eventually(lambda: machine.log().count("cannot run here") == 2, "the next life says it too")

    eventually(lambda: len(plane.hellos) == 2, "it works on")
    (told,) = plane.events_of(EVENT_ENGINE)
    assert "nobody told this agent where its wheels lie" in told.message


def test_a_pack_takes_less_than_a_second_of_a_100_mbit_line(built: AgentBundle) -> None:
    assert all(len(content) * 8 < 100_000_000 for content in built.packs.values())

"""The onstart line, run by a real sh with nothing but the named programs to be found."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.agent.proc import ProcessTable
from shared.agent_wire.onstart import MAX_CHARACTERS, NO_PYTHON, onstart_line
from tests.unit.agent.machine import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.agent.fake_control_plane import FakeControlPlane
    from tests.unit.agent.machine import Machine

ALWAYS = ("sh", "mkdir", "cat", "date", "id", "mv", "rm", "sleep")
FETCHERS = [name for name in ("curl", "wget") if shutil.which(name)]


class Container:
    """What a provider makes of an image: its programs, its environment, its onstart line."""

    def __init__(self, machine: Machine, plane: FakeControlPlane, bundle: Path) -> None:
        self.bin = machine.folder / "bin"
        self.bin.mkdir()
        self.bundle = bundle.read_bytes()
        self.token = machine.environ["DUMONT_BOOTSTRAP_TOKEN"]
        self.environ = {**machine.environ, "PATH": str(self.bin)}
        self.log = machine.folder / "container.log"
        self._url = f"{plane.url}/blobs/agent.pyz"
        plane.objects["agent.pyz"] = self.bundle
        self.add(*ALWAYS)

    def add(self, *names: str) -> None:
        for name in names:
            found = shutil.which(name)
            assert found is not None, name
            (self.bin / name).symlink_to(found)

    def add_python(self) -> None:
        script = self.bin / "python3"
        script.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        script.chmod(0o755)

    def start(self, sha256: str = "") -> int:
        """The status of the line itself, which a provider sees."""
        line = onstart_line(
            self._url, sha256 or hashlib.sha256(self.bundle).hexdigest(), "grant-token"
        )
        with self.log.open("ab") as log:
            return subprocess.run(
                ["/bin/sh", "-c", line], env=self.environ, stdout=log, stderr=log, check=False
            ).returncode

    def agents(self) -> list[int]:
        """Pids of the running agent, the newest last."""
        table = ProcessTable(self.token)
        pids = sorted(table.machine() or {})
        return [pid for pid in pids if table.command_line(pid).endswith(" agent.pyz")]

    def clean(self) -> None:
        while left := ProcessTable(self.token).machine():
            living = [row for row in left.values() if row.state != "Z"]
            for row in living:
                with suppress(ProcessLookupError):
                    os.kill(row.pid, signal.SIGKILL)
            if not living:
                return


@pytest.fixture
def container(machine: Machine, plane: FakeControlPlane, bundle: Path) -> Iterator[Container]:
    container = Container(machine, plane, bundle)
    yield container
    container.clean()


@pytest.mark.parametrize("fetcher", [*FETCHERS, "python"])
def test_one_program_that_can_fetch_is_enough(
    container: Container, plane: FakeControlPlane, fetcher: str
) -> None:
    container.add_python()
    if fetcher != "python":
        container.add(fetcher)

    status = container.start()

    eventually(lambda: plane.hellos, "hello")
    assert status == 0


def test_a_killed_agent_is_started_again_and_a_second_line_starts_no_second_one(
    container: Container, plane: FakeControlPlane
) -> None:
    container.add_python()
    container.start()
    eventually(lambda: len(plane.beats) > 1, "beats")

    os.kill(container.agents()[-1], signal.SIGKILL)
    eventually(lambda: len(plane.hellos) == 2, "hello from the next agent")
    container.start()
    own_log = Path(container.environ["DUMONT_AGENT_HOME"], "agent.log")
    eventually(lambda: "another agent runs" in own_log.read_text(), "the second line's agent ends")

    eventually(lambda: len(container.agents()) == 1, "one agent is left")
    assert len(plane.hellos) == 2


@pytest.mark.parametrize("fetcher", FETCHERS)
def test_an_image_without_python_says_so_in_its_log_and_to_the_control_plane(
    container: Container, plane: FakeControlPlane, fetcher: str
) -> None:
    container.add(fetcher)

    status = container.start()

    eventually(lambda: plane.boot_failures, "the reason is told")
    assert plane.boot_failures[0].message == NO_PYTHON
    assert plane.boot_failures[0].bootstrap_token == container.token
    assert f"dumont: {NO_PYTHON}" in container.log.read_text()
    assert status == 0


def test_a_python_that_is_too_old_counts_as_none(
    container: Container, plane: FakeControlPlane
) -> None:
    old = container.bin / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    container.start()

    eventually(lambda: NO_PYTHON in container.log.read_text(), "the reason in the log")
    assert plane.hellos == []


def test_where_the_image_has_a_program_for_checksums_python_is_started_for_the_agent_alone(
    container: Container, plane: FakeControlPlane
) -> None:
    container.add("sha256sum", *FETCHERS[:1])
    container.add_python()
    starts = container.bin.parent / "starts"
    script = container.bin / "python3"
    script.write_text(script.read_text().replace("exec", f'echo "$1" >>{starts}\nexec', 1))

    container.start()

    eventually(lambda: plane.hellos, "hello")
    assert starts.read_text().split() == ["-Sc", "agent.pyz"]


@pytest.mark.parametrize("has_sha256sum", [False, True])
def test_a_bundle_with_another_checksum_is_never_run(
    container: Container,
    plane: FakeControlPlane,
    has_sha256sum: bool,
) -> None:
    container.add_python()
    container.add(*["sha256sum"] * has_sha256sum)

    container.start(sha256="0" * 64)

    said = "the agent could not be fetched whole"
    eventually(lambda: said in container.log.read_text(), "the reason in the log")
    assert plane.hellos == []
    assert container.agents() == []


def test_a_long_address_and_a_token_still_fit() -> None:
    line = onstart_line("https://storage.example/" + "x" * 150, "a" * 64, "t" * 120)

    assert len(line) <= MAX_CHARACTERS


def test_text_that_would_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="characters"):
        onstart_line("https://storage.example/" + "x" * 900, "a" * 64, "")


@pytest.mark.parametrize("checksum", ["", "a" * 63, "A" * 64, "$(reboot)" + "a" * 55])
def test_what_is_no_checksum_is_refused(checksum: str) -> None:
    with pytest.raises(ValueError, match="sha256"):
        onstart_line("https://storage.example/agent.pyz", checksum, "")


def test_an_address_cannot_break_out_of_its_quotes() -> None:
    line = onstart_line("https://x/'; touch /tmp/owned; '", "a" * 64, "")

    assert "u='https://x/'\"'\"'; touch" in line

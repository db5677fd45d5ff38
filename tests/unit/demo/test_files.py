"""The two scripts that run on the machine, run here as they run there: from standard input."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.local.demo.sleeping import differences

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra.local.demo.stage import Facts

SCRIPTS = Path("infra/local/demo/on_machine").resolve()


def run_script(name: str, workspace: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-"],
        input=(SCRIPTS / name).read_bytes(),
        env={"WORKSPACE": str(workspace), "LANG": "C.UTF-8"},
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode()


def facts_of(workspace: Path) -> Facts:
    found: Facts = json.loads(run_script("facts.py", workspace))
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    run_script("make_files.py", workspace)
    return workspace


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """A faithful copy: what a good snapshot would restore."""
    subprocess.run(["cp", "-a", "--sparse=always", f"{made}/.", tmp_path], check=True, timeout=60)
    return tmp_path


def test_files_of_every_kind_are_made(made: Path) -> None:
    facts = facts_of(made)

    kinds = {each["kind"] for each in facts.values()}
    assert kinds == {0o040000, 0o100000, 0o120000}
    assert len(facts) > 250
    assert sum("same_file_as" in each for each in facts.values()) == 2
    assert facts[repr(b"sparse.bin")]["has_holes"] is True
    assert facts[repr(b"modes/4755")]["mode"] == "0o4755"
    assert facts[repr(b"weights.bin")]["size"] == 20 << 20
    assert any("\\xff" in path for path in facts)


def test_a_faithful_copy_has_no_differences(made: Path, copy: Path) -> None:
    assert differences(facts_of(made), facts_of(copy)) == []


def flip_a_byte(top: Path) -> None:
    path = top / "weights.bin"
    times = path.stat()
    with path.open("r+b") as file:
        file.seek(12_345_678)
        byte = file.read(1)
        file.seek(12_345_678)
        file.write(bytes([byte[0] ^ 1]))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def break_hard_link(top: Path) -> None:
    path = top / "links" / "second name"
    folder = path.parent.stat()
    shutil.copy2(path, top / "aside")
    (top / "aside").replace(path)
    os.utime(path.parent, ns=(folder.st_atime_ns, folder.st_mtime_ns))


def one_nanosecond(top: Path) -> None:
    path = top / "train.py"
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))


def repoint(top: Path) -> None:
    path = top / "links" / "to file"
    path.unlink()
    path.symlink_to("second name")


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (flip_a_byte, "weights.bin': sha256 was"),
        (break_hard_link, "second name': same_file_as was"),
        (one_nanosecond, "train.py': mtime_ns was"),
        (repoint, "to file': target was"),
        (lambda top: (top / "modes" / "640").chmod(0o600), "modes/640': mode was"),
        (lambda top: (top / "empty folder").rmdir(), "empty folder' is missing"),
        (lambda top: (top / "new").touch(), "new' is new"),
    ],
)
def test_every_small_harm_is_named(
    made: Path, copy: Path, harm: Callable[[Path], None], said: str
) -> None:
    harm(copy / "dumont-demo")

    found = differences(facts_of(made), facts_of(copy))

    assert any(said in line for line in found), found

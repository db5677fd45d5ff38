"""What the tests themselves stand on."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_socket import SocketConnectBlockedError

ROOT = Path(__file__).parents[3]
A_SKIP = "import pytest\n\ndef test_nothing() -> None:\n    pytest.skip('left out')\n"
MARKED = re.compile(r"\bpytest\.mark\.(emulator|e2e|browser|terraform)\b")
SUITE = re.compile(r"-m (\w+)((?: tests/\S+)+)")
OUTSIDE = ("192.0.2.1", 80)  # reserved for documentation


def test_no_test_reaches_beyond_this_computer() -> None:
    # The warning comes first, and warnings are errors.
    refused = pytest.raises((SocketConnectBlockedError, UserWarning), match="A test tried to use")
    with socket.socket() as door, refused:
        door.connect(OUTSIDE)


@pytest.mark.parametrize(
    ("demanded", "status"),
    [({}, 0), ({"CI": "true"}, 1), ({"DUMONT_REQUIRE_EMULATORS": "1"}, 1)],
)
def test_a_skipped_test_fails_the_session_where_everything_is_demanded(
    tmp_path: Path, demanded: dict[str, str], status: int
) -> None:
    (tmp_path / "test_skipping.py").write_text(A_SKIP)
    free = {"CI", "DUMONT_REQUIRE_EMULATORS"}
    environment = {name: value for name, value in os.environ.items() if name not in free}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
    ]

    ran = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-c", os.devnull, str(tmp_path)],
        cwd=ROOT,
        env={**environment, **demanded},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == status, ran.stdout + ran.stderr


def test_what_make_runs_by_its_mark_lies_in_the_folders_where_make_looks_for_it() -> None:
    suites = {mark: set(told.split()) for mark, told in SUITE.findall(_makefile())}
    marked = {
        (mark, "/".join(path.relative_to(ROOT).parts[:2]))
        for path in (ROOT / "tests").rglob("*.py")
        for mark in MARKED.findall(path.read_text())
    }

    assert marked == {(mark, folder) for mark, folders in suites.items() for folder in folders}


def _makefile() -> str:
    return (ROOT / "Makefile").read_text()

"""One of several equal processes is on duty."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from infra.local.duty import Duty
from infra.local.settings import ROOT

if TYPE_CHECKING:
    from pathlib import Path

HOLDER = """
import sys
from pathlib import Path
from infra.local.duty import Duty
print(Duty(Path(sys.argv[1])).take(), flush=True)
sys.stdin.read()
"""


def test_one_has_it_until_it_leaves(tmp_path: Path) -> None:
    one, other = Duty(tmp_path / "lock"), Duty(tmp_path / "lock")

    assert (one.take(), other.take(), one.take()) == (True, False, True)

    one.leave()
    assert (other.take(), one.take()) == (True, False)


def test_it_falls_to_the_next_when_its_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdin
    assert holder.stdout.readline() == "True\n"
    mine = Duty(path)
    assert not mine.take()

    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()

    assert mine.take()
    mine.leave()

"""Documents as text, read by many threads."""

from __future__ import annotations

import subprocess
import sys

from infra.local.settings import ROOT


def test_threads_that_meet_a_class_at_the_same_moment_all_live() -> None:
    """A process that dies of it has no chance to fail a test: it is another's."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.adapters.meet_at_once"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()[-1000:]

"""The engine is carried to machines that have Python 3.10 and nothing else."""

from __future__ import annotations

import ast
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.snapshot.trees import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MODULES = sorted((ROOT / "shared" / "snapshot").glob("*.py"))
BORDERS = {"shared", "shared.domain", "shared.domain.errors", "shared.ports", "shared.ports.blobs"}

_IMPORT_ALL = """
import sys
for name in sys.argv[1:]:
    __import__(name)
print(*sorted(name for name in sys.modules if name.split(".")[0] == "shared"))
"""


def test_it_imports_without_any_installed_package_and_little_of_ours() -> None:
    names = [f"shared.snapshot.{path.stem}" for path in MODULES if path.stem != "__init__"]
    without_packages = [sys.executable, "-S", "-c", _IMPORT_ALL, *names]

    done = subprocess.run(
        without_packages, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )

    imported = {name for name in done.stdout.split() if not name.startswith("shared.snapshot")}
    assert imported <= BORDERS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_it_is_written_in_the_oldest_language_that_a_machine_has(path: Path) -> None:
    assert ast.parse(path.read_text(), feature_version=(3, 10)) is not None

"""Every mutant still changes the code of today; what it costs is found by `-m ...mutants`."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.simulation.mutants.catalogue import MUTANTS
from tests.simulation.mutants.loader import infect
from tests.simulation.mutants.mutant import Mutant, StaleMutant

ENOUGH = 20


def source_of(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_a_mutant_is_a_change_that_compiles(mutant: Mutant) -> None:
    faulty = mutant.mutated(source_of(mutant.module))

    compile(faulty, mutant.module, "exec")


def test_there_are_enough_of_them_and_each_has_its_own_name() -> None:
    assert len({each.name for each in MUTANTS}) == len(MUTANTS) >= ENOUGH


def test_a_text_that_has_moved_is_told_of() -> None:
    gone = Mutant("gone", "nothing", "shared.domain.ids", "no such text", "")

    with pytest.raises(StaleMutant, match="0 times"):
        gone.mutated(source_of(gone.module))


def test_a_module_that_is_imported_already_cannot_be_infected() -> None:
    with pytest.raises(RuntimeError, match="before its fault"):
        infect(Mutant("late", "nothing", Mutant.__module__, "", ""))


def test_an_infected_process_runs_the_faulty_code() -> None:
    program = (
        "from tests.simulation.mutants.loader import infect\n"
        "from tests.simulation.mutants.mutant import Mutant\n"
        "infect(Mutant('x', '', 'shared.domain.market.strays', 'ALWAYS_ALLOWED = 2', "
        "'ALWAYS_ALLOWED = 99'))\n"
        "from shared.domain.market.strays import too_many\n"
        "print(too_many(50, 60))\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout.strip() == "False"

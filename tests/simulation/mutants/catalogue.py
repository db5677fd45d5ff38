"""The faults that the simulation has to find, by what they lose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.mutants.creating import CREATING
from tests.simulation.mutants.knowing import KNOWING
from tests.simulation.mutants.leading import LEADING
from tests.simulation.mutants.letting_go import LETTING_GO
from tests.simulation.mutants.losing import LOSING

if TYPE_CHECKING:
    from tests.simulation.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (*CREATING, *KNOWING, *LEADING, *LETTING_GO, *LOSING)


def named(name: str) -> Mutant:
    """Raises StopIteration for a name that is not in the catalogue."""
    return next(each for each in MUTANTS if each.name == name)

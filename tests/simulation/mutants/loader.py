"""Imports one module with a mutant's fault in it; the file on the disk stays as it is."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, ModuleType

    from tests.simulation.mutants.mutant import Mutant


class MutatedLoader(SourceFileLoader):
    """Compiles the changed text itself: neither reads nor writes byte code."""

    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        source = self._mutant.mutated(self.get_data(self.path).decode())
        return compile(source, self.path, "exec", dont_inherit=True)


class Mutating(MetaPathFinder):
    """Finds the mutant's module before anybody else does."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            return None
        spec.loader = MutatedLoader(fullname, spec.origin, self._mutant)
        return spec


def infect(mutant: Mutant) -> None:
    """From now on this process runs the faulty code. Raises RuntimeError when it is too late."""
    if mutant.module in sys.modules:
        raise RuntimeError(f"{mutant.module} was imported before its fault")
    sys.meta_path.insert(0, Mutating(mutant))
